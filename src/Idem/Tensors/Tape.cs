// What a thread remembers between operations: whether it records, the graphs whose Backward is done but whose values may still be
// read, and nodes for reuse. The next recorded operation begins the next step: then the finished graphs' memory goes back.

namespace Idem.Tensors;

internal sealed class Tape
{
    [ThreadStatic] private static Tape? t_current;
    private static long s_sequence;

    private readonly Stack<Node> _free = new();
    private readonly List<Node> _finished = [];
    private int _noGradDepth;
    private readonly List<Tensor> _scratch = [];
    private bool _isScratch;

    public static Tape Current => t_current ??= new Tape();

    public bool IsRecording => _noGradDepth == 0;

    /// <summary>State of the Backward that runs on this thread, if one does.</summary>
    public Backpropagation Backpropagation { get; } = new();

    /// <summary>
    /// The tape if an operation on these inputs is to be recorded, else null. Every operation asks before it rents memory, since this
    /// is where the memory of the finished step returns.
    /// </summary>
    public static Tape? For(Tensor a, Tensor? b = null, Tensor? c = null)
    {
        bool wanted = a.RequiresGrad || b is { RequiresGrad: true } || c is { RequiresGrad: true };
        return wanted && Current is { IsRecording: true } tape ? tape.Begin(a, b, c) : null;
    }

    /// <summary>A tensor for an operation's result, contents undefined.</summary>
    public static Tensor NewResult(Shape shape) => Track(Tensor.Uninitialized(shape));

    /// <summary>A result that shares memory with its input.</summary>
    public static Tensor NewView(Tensor input, Shape shape, int offset = 0) => Track(input.View(shape, offset));

    public Node Record(Op op, Tensor output, Tensor a, Tensor? b = null, Tensor? c = null)
    {
        if (!_free.TryPop(out Node? node))
        {
            node = new Node();
        }

        node.Sequence = Interlocked.Increment(ref s_sequence);
        node.Op = op;
        node.Output = output;
        node.A = a;
        node.B = b;
        node.C = c;
        output.Attach(node);
        return node;
    }

    /// <summary>Marks nodes as done; the next recorded operation recycles them.</summary>
    public void Finish(ReadOnlySpan<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            node.IsFinished = true;
            _finished.Add(node);
        }
    }

    public void EnterNoGrad() => _noGradDepth++;

    public void ExitNoGrad() => _noGradDepth--;

    /// <summary>
    /// Until disposed, nothing is recorded, and then the memory of every result made meanwhile returns: for inference, whose
    /// results no graph owns.
    /// </summary>
    public static ResultScope RecycleResults()
    {
        Tape tape = Current;
        tape.EnterNoGrad();
        bool isOutermost = !tape._isScratch;
        tape._isScratch = true;
        return new ResultScope(tape, isOutermost);
    }

    public void Exempt(Tensor result) => _scratch.Remove(result);

    public void ExitScratch(bool isOutermost)
    {
        ExitNoGrad();
        if (isOutermost)
        {
            _isScratch = false;
            foreach (Tensor tensor in _scratch)
            {
                tensor.Recycle();
            }

            _scratch.Clear();
        }
    }

    private static Tensor Track(Tensor tensor)
    {
        if (t_current is { _isScratch: true } tape)
        {
            tape._scratch.Add(tensor);
        }

        return tensor;
    }

    private Tape Begin(Tensor a, Tensor? b, Tensor? c)
    {
        CheckUsable(a);
        CheckUsable(b);
        CheckUsable(c);
        if (_finished.Count > 0)
        {
            foreach (Node node in _finished)
            {
                node.Recycle();
                _free.Push(node);
            }

            _finished.Clear();
        }

        return this;
    }

    private static void CheckUsable(Tensor? tensor)
    {
        if (tensor is { Node.IsFinished: true })
        {
            throw new InvalidOperationException(
                $"{tensor.Describe()} belongs to a graph whose Backward() has run, so no gradient can flow through it again. "
                + "Detach() it to compute with its values, or compute inside Autograd.NoGrad().");
        }
    }
}

/// <summary>While it lives, results belong to it; see <see cref="Tape.RecycleResults"/>.</summary>
internal readonly ref struct ResultScope
{
    private readonly Tape _tape;
    private readonly bool _isOutermost;

    public ResultScope(Tape tape, bool isOutermost)
    {
        _tape = tape;
        _isOutermost = isOutermost;
    }

    /// <summary>Exempts a result, which lives on as if made outside; returns it.</summary>
    public Tensor Keep(Tensor result)
    {
        if (_isOutermost)
        {
            _tape.Exempt(result);
        }

        return result;
    }

    public void Dispose() => _tape.ExitScratch(_isOutermost);
}
