// What bytes a text may have, as rules that call each other: a recursive transition network. A rule is a graph of nodes from its start to
// its end; an edge takes a byte, nothing, or what another rule takes. Rules may call themselves, but not before taking a byte.

namespace Idem.Inference.Constraints;

/// <summary>A rule's two ends.</summary>
internal readonly record struct GrammarRule(int Start, int End);

/// <summary>The network, built node by node, then <see cref="Seal"/>ed.</summary>
/// <param name="spells">Whether bytes are a token of the vocabulary that will write texts.</param>
internal sealed class Grammar(SpellsBytes spells)
{
    private readonly List<Node> _nodes = [];
    private bool[] _canEnd = [], _live = [];

    /// <summary>Nodes so far.</summary>
    public int Count => _nodes.Count;

    /// <summary>What a whole text is.</summary>
    public GrammarRule Root { get; set; }

    /// <summary>For each byte, which of the classes it is in: bytes of a class are alike everywhere in the network.</summary>
    public byte[] ClassOf { get; private set; } = [];

    /// <summary>How many classes there are.</summary>
    public int Classes { get; private set; }

    public int AddNode()
    {
        _nodes.Add(new Node());
        return _nodes.Count - 1;
    }

    public GrammarRule AddRule() => new(AddNode(), AddNode());

    /// <summary>An edge that takes a byte of a range.</summary>
    public void AddBytes(int from, byte first, byte last, int to) => _nodes[from].Bytes.Add(new ByteEdge(first, last, to));

    /// <summary>An edge that takes nothing.</summary>
    public void AddSkip(int from, int to) => _nodes[from].Skips.Add(to);

    /// <summary>An edge that takes what a rule takes.</summary>
    public void AddCall(int from, GrammarRule rule, int to) => _nodes[from].Calls.Add(new CallEdge(rule, to));

    /// <summary>Edges that take the bytes of a text, which is not empty, one after another.</summary>
    public void AddText(int from, ReadOnlySpan<byte> text, int to)
    {
        int[] path = new int[text.Length + 1];
        path[0] = from;
        for (int i = 0; i < text.Length; i++)
        {
            path[i + 1] = i == text.Length - 1 ? to : AddNode();
            AddBytes(path[i], text[i], text[i], path[i + 1]);
        }

        AddCharacters(path, text);
    }

    /// <summary>Tells of characters of several bytes along a path that the vocabulary may lack bytes of, but has as a whole.</summary>
    /// <param name="path">The nodes before, between and after the bytes.</param>
    /// <param name="text">Well-formed UTF-8.</param>
    public void AddCharacters(ReadOnlySpan<int> path, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] >= 0xC0)
            {
                int end = i + (text[i] >= 0xF0 ? 4 : text[i] >= 0xE0 ? 3 : 2);
                if (spells(text[i..end]))
                {
                    _nodes[path[i]].Characters.Add(path[end]);
                }
            }
        }
    }

    public IReadOnlyList<ByteEdge> BytesOf(int node) => _nodes[node].Bytes;

    public IReadOnlyList<int> SkipsOf(int node) => _nodes[node].Skips;

    public IReadOnlyList<CallEdge> CallsOf(int node) => _nodes[node].Calls;

    /// <summary>Whether a node is the end of its rule.</summary>
    public bool IsEnd(int node) => _nodes[node].IsEnd;

    /// <summary>Whether its rule's end can be reached from a node.</summary>
    public bool CanEnd(int node) => _canEnd[node];

    /// <summary>The same with bytes only that are tokens, and characters of the grammar's fixed texts that are.</summary>
    public bool IsLive(int node) => _live[node];

    /// <summary>Whether nothing can happen at a node but the return from its rule.</summary>
    public bool OnlyReturns(int node) => _nodes[node] is { IsEnd: true, Bytes.Count: 0, Skips.Count: 0, Calls.Count: 0 };

    /// <summary>Ends the building.</summary>
    /// <param name="rules">All rules.</param>
    public void Seal(IEnumerable<GrammarRule> rules)
    {
        foreach (GrammarRule rule in rules)
        {
            _nodes[rule.End].IsEnd = true;
        }

        _canEnd = FindLive(_ => true);
        bool[] single = [.. Enumerable.Range(0, 256).Select(value => spells([(byte)value]))];
        _live = FindLive(value => single[value]);
        Classify();
    }

    // Backward from the ends of rules. A call's edge is passable once its rule's start is live.
    private bool[] FindLive(Func<byte, bool> spelled)
    {
        List<int>[] before = new List<int>[Count]; // nodes with a passable edge to it
        Dictionary<int, List<(int From, int To)>> waiting = []; // by the start of the rule that is called
        for (int node = 0; node < Count; node++)
        {
            foreach (ByteEdge edge in _nodes[node].Bytes.Where(edge => Enumerable.Range(edge.First, edge.Last - edge.First + 1).Any(value => spelled((byte)value))))
            {
                (before[edge.To] ??= []).Add(node);
            }

            foreach (int to in _nodes[node].Skips.Concat(_nodes[node].Characters))
            {
                (before[to] ??= []).Add(node);
            }

            foreach (CallEdge call in _nodes[node].Calls)
            {
                if (!waiting.TryGetValue(call.Rule.Start, out List<(int, int)>? calls))
                {
                    waiting[call.Rule.Start] = calls = [];
                }

                calls.Add((node, call.To));
            }
        }

        bool[] live = new bool[Count];
        Stack<int> found = new(Enumerable.Range(0, Count).Where(IsEnd));
        while (found.TryPop(out int node))
        {
            if (live[node])
            {
                continue;
            }

            live[node] = true;
            before[node]?.ForEach(found.Push);
            foreach ((int from, int to) in waiting.GetValueOrDefault(node) ?? [])
            {
                (before[to] ??= []).Add(from);
                if (live[to])
                {
                    found.Push(from);
                }
            }
        }

        return live;
    }

    private void Classify()
    {
        bool[] begins = new bool[257];
        begins[0] = true;
        foreach (ByteEdge edge in _nodes.SelectMany(node => node.Bytes))
        {
            begins[edge.First] = begins[edge.Last + 1] = true;
        }

        ClassOf = new byte[256];
        Classes = 0;
        for (int value = 0; value < 256; value++)
        {
            Classes += begins[value] ? 1 : 0;
            ClassOf[value] = (byte)(Classes - 1);
        }
    }

    private sealed class Node
    {
        public List<ByteEdge> Bytes { get; } = [];

        public List<int> Skips { get; } = [];

        public List<CallEdge> Calls { get; } = [];

        /// <summary>Where a character of several bytes leads that is a token; its bytes have edges too.</summary>
        public List<int> Characters { get; } = [];

        public bool IsEnd { get; set; }
    }
}

/// <summary>Whether a vocabulary has a token of these bytes.</summary>
internal delegate bool SpellsBytes(ReadOnlySpan<byte> bytes);

/// <summary>Takes a byte from <paramref name="First"/> to <paramref name="Last"/>.</summary>
internal readonly record struct ByteEdge(byte First, byte Last, int To);

/// <summary>Takes what a rule takes.</summary>
internal readonly record struct CallEdge(GrammarRule Rule, int To);
