// The tokens of a vocabulary by their bytes, as a tree laid out in the order of a walk through it: whoever cannot go on at a node
// skips all that lies below it.

namespace Idem.Inference.Constraints;

/// <summary>Immutable, and shared by all constraints of a model.</summary>
internal sealed class TokenTree
{
    /// <summary>A byte after those of the nodes above it.</summary>
    /// <param name="Value">The byte.</param>
    /// <param name="Depth">1 for the first byte of a token.</param>
    /// <param name="FirstId">Where the tokens that end here begin among all; they end where the next node's begin.</param>
    /// <param name="End">The first node that is not below this one.</param>
    public readonly record struct Node(byte Value, int Depth, int FirstId, int End);

    private readonly Node[] _nodes;
    private readonly int[] _ids;

    /// <summary>Makes the tree.</summary>
    /// <param name="bytesOf">The bytes of each token; tokens without any are left out.</param>
    public TokenTree(IReadOnlyList<byte[]> bytesOf)
    {
        BytesOf = bytesOf;
        _ids = [.. Enumerable.Range(0, bytesOf.Count).Where(id => bytesOf[id].Length > 0)];
        Array.Sort(_ids, (a, b) => bytesOf[a].AsSpan().SequenceCompareTo(bytesOf[b]) is not 0 and int sign ? sign : a.CompareTo(b));
        List<Node> nodes = [];
        Stack<int> path = [];
        byte[] last = [];
        for (int i = 0; i < _ids.Length; i++)
        {
            byte[] bytes = bytesOf[_ids[i]];
            int common = bytes.AsSpan().CommonPrefixLength(last);
            Close(path, common);
            for (int depth = common; depth < bytes.Length; depth++)
            {
                path.Push(nodes.Count);
                nodes.Add(new Node(bytes[depth], depth + 1, i, 0));
            }

            DepthMax = Math.Max(DepthMax, bytes.Length);
            last = bytes;
        }

        Close(path, 0);
        _nodes = [.. nodes, new Node(0, 0, _ids.Length, nodes.Count)];

        void Close(Stack<int> open, int depth)
        {
            while (open.Count > depth)
            {
                int node = open.Pop();
                nodes[node] = nodes[node] with { End = nodes.Count };
            }
        }
    }

    /// <summary>The bytes of each token.</summary>
    public IReadOnlyList<byte[]> BytesOf { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int DepthMax { get; }

    /// <summary>How many nodes there are.</summary>
    public int Count => _nodes.Length - 1;

    /// <summary>A node; each comes before those below it.</summary>
    public ref readonly Node this[int index] => ref _nodes[index];

    /// <summary>Whether bytes, at least one, are a token.</summary>
    public bool Has(ReadOnlySpan<byte> bytes)
    {
        int at = 0, end = Count;
        for (int depth = 0; ; depth++)
        {
            while (at < end && _nodes[at].Value != bytes[depth])
            {
                at = _nodes[at].End;
            }

            if (at == end || depth == bytes.Length - 1)
            {
                return at < end && IdsAt(at).Length > 0;
            }

            end = _nodes[at++].End;
        }
    }

    /// <summary>The tokens that end at a node.</summary>
    public ReadOnlySpan<int> IdsAt(int index) => _ids.AsSpan(_nodes[index].FirstId.._nodes[index + 1].FirstId);
}
