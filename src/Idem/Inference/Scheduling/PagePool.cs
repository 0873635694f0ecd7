// Who holds which page, and what lies in it. Pages are numbers here; their memory is the model's matter. Pages that hold positions from
// a sequence's beginning form a tree: a page's parent is the page before it, so that a path from the root spells the ids of a prefix,
// and a page is found again by its ids themselves, never by a hash of them. Pages that nobody holds keep their place in the tree until
// their memory is needed: the one released first goes first, and since sequences release their last page first, a page goes before
// its parent. Nothing depends on time, hashing or chance.

namespace Idem.Inference.Scheduling;

/// <summary>A fixed number of pages of keys and values.</summary>
internal sealed class PagePool
{
    private const int Root = -1;

    private readonly Page[] _pages;
    private readonly Stack<int> _free = new();
    private readonly List<int> _first = []; // pages at the beginning of a sequence
    private readonly LinkedList<int> _unheld = []; // with content, oldest first
    private readonly int _unheldMax;

    /// <param name="count">Pages.</param>
    /// <param name="pageLength">Positions of a page.</param>
    /// <param name="unheldMax">Pages that may keep their content while nobody holds them.</param>
    public PagePool(int count, int pageLength, int unheldMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageLength, 1);
        PageLength = pageLength;
        _unheldMax = unheldMax;
        _pages = new Page[count];
        for (int i = count - 1; i >= 0; i--)
        {
            _free.Push(i);
        }
    }

    /// <summary>Positions of a page.</summary>
    public int PageLength { get; }

    /// <summary>All pages.</summary>
    public int Count => _pages.Length;

    /// <summary>Pages that can be taken: those without content and those that nobody holds.</summary>
    public int Available => _free.Count + _unheld.Count;

    /// <summary>Pages that nobody holds and whose content is kept.</summary>
    public int Cached => _unheld.Count;

    /// <summary>Pages that sequences hold.</summary>
    public int InUse => Count - Available;

    /// <summary>How many pages some positions take.</summary>
    public int PagesFor(int positions) => (int)(((long)positions + PageLength - 1) / PageLength);

    /// <summary>How many sequences hold a page.</summary>
    public int Holders(int page) => _pages[page]?.Holders ?? 0;

    /// <summary>A page without content, held once.</summary>
    /// <exception cref="InvalidOperationException">None is available.</exception>
    public int Take()
    {
        if (_free.Count == 0)
        {
            Forget((_unheld.First ?? throw new InvalidOperationException("no page is available")).Value);
        }

        int number = _free.Pop();
        (_pages[number] ??= new Page(number)).Holders = 1;
        return number;
    }

    /// <summary>Holds a page once more.</summary>
    public void Hold(int number)
    {
        Page page = _pages[number];
        if (page.Holders++ == 0)
        {
            _unheld.Remove(page.Node);
        }
    }

    /// <summary>Lets go of a page once.</summary>
    public void Release(int number)
    {
        Page page = _pages[number];
        if (page.Holders < 1)
        {
            throw new InvalidOperationException($"page {number} is released more often than it is held");
        }

        if (--page.Holders > 0)
        {
            return;
        }

        if (!page.IsInTree)
        {
            _free.Push(number);
            return;
        }

        _unheld.AddLast(page.Node);
        if (page.Length < PageLength && Siblings(page).Exists(other => other != number && Begins(page, _pages[other])))
        {
            Forget(number); // another page has all of it
        }

        while (_unheld.Count > _unheldMax)
        {
            Forget(_unheld.First!.Value);
        }
    }

    /// <summary>Lets go of a sequence's pages, the last first.</summary>
    public void Release(List<int> pages)
    {
        for (int i = pages.Count - 1; i >= 0; i--)
        {
            Release(pages[i]);
        }

        pages.Clear();
    }

    /// <summary>The pages that hold the first of some ids.</summary>
    /// <param name="ids">The ids of a sequence.</param>
    /// <param name="pages">Receives the full pages, not yet held.</param>
    /// <param name="partial">A page that begins with the ids after those, -1 for none.</param>
    /// <returns>How many ids the partial page has in common.</returns>
    public int Match(ReadOnlySpan<int> ids, List<int> pages, out int partial)
    {
        List<int> children = _first;
        while (true)
        {
            int next = FullChild(children, ids);
            if (next < 0)
            {
                break;
            }

            pages.Add(next);
            ids = ids[PageLength..];
            children = _pages[next].Children;
        }

        partial = -1;
        int best = 0;
        foreach (int child in children)
        {
            int common = ids.CommonPrefixLength(_pages[child].Content);
            if (common > best)
            {
                (best, partial) = (common, child);
            }
        }

        return best;
    }

    /// <summary>Says what a page holds, as far as it has been computed.</summary>
    /// <param name="number">A page that its caller alone writes to; more of it may be there than the last time.</param>
    /// <param name="parent">The page before it, -1 at the beginning.</param>
    /// <param name="ids">The ids of its positions.</param>
    /// <returns>The page to hold: another one where that holds the same ids, all of a page; the given one is released then.</returns>
    public int Publish(int number, int parent, ReadOnlySpan<int> ids)
    {
        Page page = _pages[number];
        List<int> siblings = parent == Root ? _first : _pages[parent].Children;
        if (ids.Length == PageLength && FullChild(siblings, ids) is >= 0 and int same && same != number)
        {
            Hold(same);
            Leave(page);
            Release(number);
            return same;
        }

        if (!page.IsInTree)
        {
            page.Parent = parent;
            page.IsInTree = true;
            page.Ids ??= new int[PageLength];
            siblings.Add(number);
        }

        ids[page.Length..].CopyTo(page.Ids.AsSpan(page.Length));
        page.Length = ids.Length;
        if (page.Length == PageLength && siblings.FindIndex(other => other != number && _pages[other].Holders == 0 && Begins(_pages[other], page)) is >= 0 and int covered)
        {
            Forget(siblings[covered]);
        }

        return number;
    }

    /// <summary>Throws unless all is as it must be; for tests.</summary>
    /// <param name="held">The pages of all sequences, each as often as it is held.</param>
    public void Verify(IEnumerable<int> held)
    {
        int[] holders = new int[Count];
        foreach (int number in held)
        {
            holders[number]++;
        }

        HashSet<int> free = [.. _free], unheld = [.. _unheld];
        Require(free.Count == _free.Count && unheld.Count <= _unheldMax, "a page is free twice, or too many are kept");
        for (int number = 0; number < Count; number++)
        {
            Page? page = _pages[number];
            Require((page?.Holders ?? 0) == holders[number], $"page {number} is held {page?.Holders} times, not {holders[number]}");
            Require(free.Contains(number) == (page is null || (page.Holders == 0 && !page.IsInTree)), $"page {number} is lost, or free while it is used");
            Require(unheld.Contains(number) == (page is { Holders: 0, IsInTree: true }), $"page {number} is lost, or kept while it is used");
            Require(page is not { IsInTree: true } || Siblings(page).Contains(number), $"page {number} is not where its parent looks for it");
            Require(page is not { IsInTree: true, Parent: >= 0 } || _pages[page.Parent].IsInTree, $"the parent of page {number} was forgotten before it");
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    private List<int> Siblings(Page page) => page.Parent == Root ? _first : _pages[page.Parent].Children;

    private int FullChild(List<int> children, ReadOnlySpan<int> ids)
    {
        foreach (int child in children)
        {
            if (_pages[child].Length == PageLength && ids.StartsWith(_pages[child].Content))
            {
                return child;
            }
        }

        return -1;
    }

    private static bool Begins(Page part, Page whole) => whole.Content.StartsWith(part.Content);

    // A page that nobody holds loses its content.
    private void Forget(int number)
    {
        Page page = _pages[number];
        if (page.Children.Count > 0)
        {
            throw new InvalidOperationException($"page {number} would be forgotten before those after it");
        }

        _unheld.Remove(page.Node);
        Leave(page);
        _free.Push(number);
    }

    private void Leave(Page page)
    {
        if (page.IsInTree)
        {
            Siblings(page).Remove(page.Number);
            page.IsInTree = false;
            page.Length = 0;
        }
    }

    private sealed class Page(int number)
    {
        public int Number { get; } = number;

        public int Holders { get; set; }

        public bool IsInTree { get; set; }

        public int Parent { get; set; }

        public List<int> Children { get; } = [];

        public int[]? Ids { get; set; }

        /// <summary>How many ids are known.</summary>
        public int Length { get; set; }

        public LinkedListNode<int> Node { get; } = new(number);

        public ReadOnlySpan<int> Content => Ids.AsSpan(0, Length);
    }
}
