// Runs a graph backwards: nodes in descending order of recording, each calling its entry of Gradients.cs. A gradient that several
// operations contribute to is stored at the first contribution and added to at the later ones.
// What may never change: that order (arithmetic.md#automatic-differentiation).

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

/// <summary>The state of one Backward; each tape has one and reuses it.</summary>
internal sealed class Backpropagation
{
    private static long s_visits;

    private readonly Stack<Node> _pending = new();
    private readonly Dictionary<Tensor, int> _leafIndices = new(ReferenceEqualityComparer.Instance);
    private Leaf[] _leaves = new Leaf[64];
    private float[] _zeros = [];
    private Node[] _nodes = new Node[256];
    private long[] _order = new long[256];
    private int _leafCount;
    private int _nodeCount;
    private GradientBuffers? _sink;
    private Storage? _current;

    public Compute Compute { get; private set; } = Compute.Current;

    /// <summary>Gradients of sum_i seed * loss_i, to the leaves or to the sink.</summary>
    public void Run(Tensor loss, float seed, GradientBuffers? sink)
    {
        if (!loss.RequiresGrad)
        {
            throw new InvalidOperationException($"Backward: {loss.Describe()} does not depend on anything that requires a gradient, or was computed inside NoGrad.");
        }

        _ = loss.Memory; // a recycled tensor explains itself
        Compute = Compute.Current;
        Collect(loss.Node);
        Span<Node> nodes = _nodes.AsSpan(0, _nodeCount);
        try
        {
            _sink = sink;
            sink?.Begin();
            using (Contribution first = To(loss))
            {
                first.Span.Fill(seed);
            }

            for (int i = nodes.Length - 1; i >= 0; i--)
            {
                Visit(nodes[i]);
            }

            for (int i = 0; i < _leafCount; i++)
            {
                if (_leaves[i].Sum is not null)
                {
                    Deliver(in _leaves[i]);
                }
            }

            sink?.End();
        }
        finally
        {
            Tape.Current.Finish(nodes);
            Clear(nodes);
        }
    }

    /// <summary>True if this input's gradient is part of the result.</summary>
    public static bool Wants(Tensor? input) => input is { RequiresGrad: true };

    /// <summary>Where to write a contribution to the gradient of an input; it counts when disposed. Scratch if it is not wanted.</summary>
    public Contribution To(Tensor? input)
    {
        if (input is null)
        {
            return default;
        }

        Storage? storage = null;
        if (input is { RequiresGrad: true, Node: null })
        {
            storage = ClaimDestination(ref LeafOf(input));
        }

        storage ??= StoragePool.Rent(input.Length);
        return new Contribution(this, input, storage, storage.Span(0, input.Length));
    }

    /// <summary>
    /// What a contribution to a leaf adds to each of its rows of <paramref name="width"/> so that later contributions which are +0 in
    /// most rows, those of embeddings, need not be added there: +0, once (x + 0 + 0 is x + 0). Empty if there are none to come.
    /// </summary>
    public ReadOnlySpan<float> ZerosForAbsent(Tensor input, int width)
    {
        if (input is not { RequiresGrad: true, Node: null })
        {
            return default;
        }

        ref Leaf leaf = ref LeafOf(input);
        if (leaf.Lookups == 0 || leaf.Lookups != leaf.Uses - 1)
        {
            return default;
        }

        leaf.HasAbsent = true;
        if (_zeros.Length < width)
        {
            _zeros = new float[width];
        }

        return _zeros.AsSpan(0, width);
    }

    /// <summary>The sum of a leaf's contributions, to which a lookup adds the rows that it has; empty if it must add all.</summary>
    public Span<float> SumWithoutAbsent(Tensor input)
    {
        if (input is not { RequiresGrad: true, Node: null })
        {
            return default;
        }

        ref Leaf leaf = ref LeafOf(input);
        return leaf is { HasAbsent: true, Sum: { IsExclusive: true } sum } ? sum.Span(0, input.Length) : default;
    }

    /// <summary>The sum of contributions to an operation's result so far, which the next may be added to in place; empty if it may not.</summary>
    public static Span<float> SumToAddTo(Tensor input) =>
        input.Node is { Sum: { IsExclusive: true } sum } ? sum.Span(0, input.Length) : default;

    /// <summary>Contributes the gradient of the current node's output itself, without a copy.</summary>
    public void Pass(Tensor? input)
    {
        if (Wants(input))
        {
            ref Storage? sum = ref SumOf(input!, out _);
            if (sum is null)
            {
                sum = _current!.Retain();
            }
            else
            {
                Accumulate(ref sum, _current!, input!.Length);
            }
        }
    }

    internal void Commit(Tensor input, Storage contribution)
    {
        if (!input.RequiresGrad)
        {
            contribution.Release();
            return;
        }

        ref Storage? sum = ref SumOf(input, out Storage? destination);
        if (sum is null)
        {
            sum = contribution;
            return;
        }

        Accumulate(ref sum, contribution, input.Length);
        if (contribution != destination)
        {
            contribution.Release();
        }
    }

    // sum = sum + contribution, in place unless another gradient shares the memory.
    private void Accumulate(ref Storage sum, Storage contribution, int length)
    {
        if (sum.IsExclusive)
        {
            Reduce.AddInPlace(Compute, sum.Span(0, length), contribution.Span(0, length));
            return;
        }

        Storage result = StoragePool.Rent(length);
        Elementwise.Binary(Compute, BinaryOp.Add, sum.Span(0, length), contribution.Span(0, length), result.Span(0, length));
        sum.Release();
        sum = result;
    }

    private void Visit(Node node)
    {
        if (node.Sum is { } gradient)
        {
            _current = gradient;
            Gradients.Backward(node, gradient.Span(0, node.Output.Length), this);
            _current = null;
            if (Tape.Current.Observer is { } observer)
            {
                Observe(observer, node);
            }

            node.Sum = null;
            gradient.Release();
        }
    }

    private void Observe(OperationObserver observer, Node node)
    {
        string operation = OperationNames.Of(node.Op, node.Unary);
        Observe(observer, node, operation, node.A, "input");
        Observe(observer, node, operation, node.B, "other");
        Observe(observer, node, operation, node.C, "third");
    }

    private void Observe(OperationObserver observer, Node node, string operation, Tensor? input, string place)
    {
        if (Wants(input) && SumOf(input!, out _) is { } sum)
        {
            observer.Backward(operation, node.Module ?? "", input!.Name ?? place, input.Shape, sum.Span(0, input.Length));
        }
    }

    private ref Storage? SumOf(Tensor input, out Storage? destination)
    {
        destination = null;
        if (input.Node is { } node)
        {
            return ref node.Sum;
        }

        ref Leaf leaf = ref LeafOf(input);
        destination = leaf.Destination;
        return ref leaf.Sum;
    }

    private ref Leaf LeafOf(Tensor tensor)
    {
        if (!_leafIndices.TryGetValue(tensor, out int index))
        {
            index = _leafCount++;
            if (index == _leaves.Length)
            {
                Array.Resize(ref _leaves, 2 * index);
            }

            _leafIndices.Add(tensor, index);
            _leaves[index] = new Leaf { Tensor = tensor };
        }

        return ref _leaves[index];
    }

    // The leaf's final memory, once, while nothing has to be added to what it holds.
    private Storage? ClaimDestination(ref Leaf leaf)
    {
        if (leaf.Sum is not null || leaf.Destination is not null)
        {
            return null;
        }

        return leaf.Destination = _sink is null ? leaf.Tensor.GradMemoryToOverwrite : _sink.Claim(leaf.Tensor);
    }

    private void Deliver(ref readonly Leaf leaf)
    {
        Tensor tensor = leaf.Tensor;
        Storage? destination = leaf.Destination ?? (_sink is null ? tensor.GradMemoryToOverwrite : _sink.Claim(tensor));
        ReadOnlySpan<float> sum = leaf.Sum!.Span(0, tensor.Length);
        if (destination is null)
        {
            Reduce.AddInPlace(Compute, tensor.Grad!.Data, sum);
        }
        else if (destination != leaf.Sum)
        {
            sum.CopyTo(destination.Span(0, tensor.Length));
        }

        if (destination != leaf.Sum)
        {
            leaf.Sum.Release();
        }

        if (_sink is null)
        {
            tensor.SetGrad();
        }
    }

    // All nodes that the loss depends on, in ascending order of recording.
    private void Collect(Node? root)
    {
        long visit = Interlocked.Increment(ref s_visits);
        _nodeCount = 0;
        Reach(root, visit);
        while (_pending.TryPop(out Node? node))
        {
            if (_nodeCount == _nodes.Length)
            {
                Array.Resize(ref _nodes, 2 * _nodeCount);
                Array.Resize(ref _order, 2 * _nodeCount);
            }

            _order[_nodeCount] = node.Sequence;
            _nodes[_nodeCount++] = node;
            ReachInput(node.A, visit, isLookup: node.Op == Op.Embedding);
            ReachInput(node.B, visit, isLookup: false);
            ReachInput(node.C, visit, isLookup: false);
        }

        Array.Sort(_order, _nodes, 0, _nodeCount);
    }

    private void ReachInput(Tensor? input, long visit, bool isLookup)
    {
        if (input is { RequiresGrad: true })
        {
            if (input.IsRecycled)
            {
                _pending.Clear();
                throw Twice();
            }

            if (input.Node is null)
            {
                ref Leaf leaf = ref LeafOf(input);
                leaf.Uses++;
                leaf.Lookups += isLookup ? 1 : 0;
            }

            Reach(input.Node, visit);
        }
    }

    private void Reach(Node? node, long visit)
    {
        if (node is null || node.Visit == visit)
        {
            return;
        }

        if (node.IsFinished)
        {
            _pending.Clear();
            throw Twice();
        }

        node.Visit = visit;
        _pending.Push(node);
    }

    private void Clear(Span<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            node.Sum = null;
        }

        nodes.Clear();
        _leaves.AsSpan(0, _leafCount).Clear();
        _leafIndices.Clear();
        _leafCount = 0;
        _nodeCount = 0;
        _sink = null;
        _current = null;
    }

    private static InvalidOperationException Twice() => new(
        "Backward: trying to backward through a graph a second time. Its intermediate results are gone after the first Backward(): "
        + "run the forward again, or add the losses and call Backward() once.");

    private struct Leaf
    {
        public Tensor Tensor;

        /// <summary>Where the sum may be written and will end, if nothing has to be added to what is there.</summary>
        public Storage? Destination;

        public Storage? Sum;

        /// <summary>Operations that it is an input of, and how many of those are embeddings.</summary>
        public int Uses, Lookups;

        /// <summary>What embeddings add to the rows they do not have is in the sum already.</summary>
        public bool HasAbsent;
    }
}

/// <summary>A place for one contribution to an input's gradient.</summary>
internal readonly ref struct Contribution
{
    private readonly Backpropagation _owner;
    private readonly Tensor? _input;
    private readonly Storage? _storage;

    internal Contribution(Backpropagation owner, Tensor input, Storage storage, Span<float> span)
    {
        _owner = owner;
        _input = input;
        _storage = storage;
        Span = span;
    }

    /// <summary>To be written completely; empty if there is no such input.</summary>
    public Span<float> Span { get; }

    public void Dispose()
    {
        if (_input is not null)
        {
            _owner.Commit(_input, _storage!);
        }
    }
}
