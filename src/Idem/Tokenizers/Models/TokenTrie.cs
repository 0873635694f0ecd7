// A prefix tree over tokens, one step per UTF-16 unit: finds every token that begins at a place in one walk.

namespace Idem.Tokenizers;

internal sealed class TokenTrie
{
    public const int Root = 0, None = -1;

    private readonly Dictionary<ulong, int> _next = [];
    private readonly List<int> _idOfNode = [None];

    public void Add(ReadOnlySpan<char> token, int id)
    {
        int node = Root;
        foreach (char c in token)
        {
            ulong edge = Edge(node, c);
            if (!_next.TryGetValue(edge, out int child))
            {
                child = _idOfNode.Count;
                _idOfNode.Add(None);
                _next.Add(edge, child);
            }

            node = child;
        }

        _idOfNode[node] = id;
    }

    /// <summary>The node one unit further, or <see cref="None"/>.</summary>
    public int Step(int node, char c) => _next.TryGetValue(Edge(node, c), out int child) ? child : None;

    /// <summary>The node at the end of a text, or <see cref="None"/>.</summary>
    public int Walk(ReadOnlySpan<char> text)
    {
        int node = Root;
        for (int i = 0; i < text.Length && node != None; i++)
        {
            node = Step(node, text[i]);
        }

        return node;
    }

    /// <summary>The id of the token that ends here, or <see cref="None"/>.</summary>
    public int IdAt(int node) => _idOfNode[node];

    private static ulong Edge(int node, char c) => ((ulong)(uint)node << 16) | c;
}
