// What a thread remembers between operations: whether it records, the graphs whose Backward is done but whose values may still be
// read, and nodes and tensors for reuse. The next recorded operation begins the next step: then the finished graphs' memory goes
// back. Tensor objects are reused only where no caller can hold them (ResultScope), so that a stale one never shows other values.

using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal sealed class Tape
{
    [ThreadStatic] private static Tape? t_current;
    private static long s_sequence;

    private readonly Stack<Node> _free = new();
    private readonly List<Node> _finished = [];
    private readonly Stack<Tensor> _freeTensors = new();
    private readonly List<Tensor> _scratch = [];
    private int _noGradDepth;
    private int _scopeDepth;
    private bool _isScratch;

    public static Tape Current => t_current ??= new Tape();

    public bool IsRecording => _noGradDepth == 0;

    /// <summary>Who watches this thread's operations, if somebody does.</summary>
    public OperationObserver? Observer { get; private set; }

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
    public static Tensor NewResult(Shape shape) => Current.Create(shape, StoragePool.Rent(shape.Length), 0);

    /// <summary>A result that shares memory with its input.</summary>
    public static Tensor NewView(Tensor input, Shape shape, int offset = 0) =>
        Current.Create(shape, input.Memory.Retain(), input.Offset + offset);

    /// <summary>Whether somebody watches this thread: then fused operations are done one by one, to the same bits, so that each is seen.</summary>
    public static bool IsObserved => Current.Observer is not null;

    /// <summary>Tells the thread's observer, if there is one, what an operation gave. Every operation ends with it, but fused ones.</summary>
    public static Tensor Observe(Op op, Tensor output, UnaryOp unary = default)
    {
        Current.Observer?.Forward(OperationNames.Of(op, unary), output);
        return output;
    }

    /// <summary>Until disposed, an observer, or none, watches this thread's operations.</summary>
    public static ObserverScope Watch(OperationObserver? observer) => new(Current, observer);

    /// <summary>Until disposed, this thread's operations belong to a module.</summary>
    public static ModuleScope EnterModule(string path) => new(Current.Observer, path);

    public void SetObserver(OperationObserver? observer) => Observer = observer;

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
        node.Module = Observer?.Module;
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
    /// Until disposed, results are the library's own: none reaches a caller, except those that are kept. Their objects are reused
    /// with their memory, which returns when their graph is finished, or at once where nothing is recorded.
    /// </summary>
    public static ResultScope OwnResults()
    {
        Tape tape = Current;
        return new ResultScope(tape, beginsScratch: !tape.IsRecording && !tape._isScratch, isNoGrad: false);
    }

    /// <summary>As <see cref="OwnResults"/>, and nothing is recorded meanwhile: for inference.</summary>
    public static ResultScope OwnResultsNoGrad()
    {
        Tape tape = Current;
        tape.EnterNoGrad();
        return new ResultScope(tape, beginsScratch: !tape._isScratch, isNoGrad: true);
    }

    public void EnterScope(bool beginsScratch)
    {
        _scopeDepth++;
        _isScratch |= beginsScratch;
    }

    /// <summary>Leaves the innermost scope, whose result goes to its caller: to the library's if there is another scope.</summary>
    public void Keep(Tensor result, bool beginsScratch)
    {
        if (_scopeDepth == 1)
        {
            result.IsInternal = false;
        }

        if (beginsScratch)
        {
            _scratch.Remove(result);
        }
    }

    public void ExitScope(bool beginsScratch)
    {
        _scopeDepth--;
        if (!beginsScratch)
        {
            return;
        }

        _isScratch = false;
        foreach (Tensor tensor in _scratch)
        {
            Recycle(tensor);
        }

        _scratch.Clear();
    }

    private Tensor Create(Shape shape, Storage storage, int offset)
    {
        if (_scopeDepth == 0)
        {
            return Tensor.Over(shape, storage, offset);
        }

        if (_freeTensors.TryPop(out Tensor? tensor))
        {
            tensor.Reuse(shape, storage, offset);
        }
        else
        {
            tensor = Tensor.Over(shape, storage, offset);
            tensor.IsInternal = true;
        }

        if (_isScratch)
        {
            _scratch.Add(tensor);
        }

        return tensor;
    }

    private void Recycle(Tensor tensor)
    {
        if (tensor.Recycle() && tensor.IsInternal)
        {
            _freeTensors.Push(tensor);
        }
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
                Recycle(node.Output);
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

/// <summary>While it lives, its thread's operations are watched.</summary>
internal readonly ref struct ObserverScope
{
    private readonly Tape _tape;

    public ObserverScope(Tape tape, OperationObserver? observer)
    {
        _tape = tape;
        _tape.SetObserver(observer);
    }

    public void Dispose() => _tape.SetObserver(null);
}

/// <summary>While it lives, results are the library's own; see <see cref="Tape.OwnResults"/>.</summary>
internal readonly ref struct ResultScope
{
    private readonly Tape _tape;
    private readonly bool _beginsScratch;
    private readonly bool _isNoGrad;

    public ResultScope(Tape tape, bool beginsScratch, bool isNoGrad)
    {
        _tape = tape;
        _beginsScratch = beginsScratch;
        _isNoGrad = isNoGrad;
        tape.EnterScope(beginsScratch);
    }

    /// <summary>Exempts a result, which goes to the caller; returns it.</summary>
    public Tensor Keep(Tensor result)
    {
        _tape.Keep(result, _beginsScratch);
        return result;
    }

    public void Dispose()
    {
        _tape.ExitScope(_beginsScratch);
        if (_isNoGrad)
        {
            _tape.ExitNoGrad();
        }
    }
}
