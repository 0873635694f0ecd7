// A row-major, contiguous float32 tensor. Reshape and leading slices share memory; everything else that rearranges copies.
// What this deliberately is not: strided, typed, or disposable. Memory of recorded intermediate results goes back to the pool when
// the step after their Backward() begins (Tape.cs); everything else is the garbage collector's.

using System.Globalization;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

/// <summary>A float32 tensor that remembers how it was computed when a gradient is wanted.</summary>
public partial class Tensor
{
    private int _offset;
    private Storage? _storage;
    private Op _recycledOp;
    private Tensor? _grad;
    private bool _hasGrad;

    private protected Tensor(Shape shape, Storage? storage, int offset, bool requiresGrad, string? name)
    {
        Shape = shape;
        _storage = storage;
        _offset = offset;
        RequiresGrad = requiresGrad;
        Name = name;
    }

    /// <summary>The dimensions, outermost first.</summary>
    public Shape Shape { get; private set; }

    /// <summary>Number of dimensions.</summary>
    public int Rank => Shape.Rank;

    /// <summary>Number of elements.</summary>
    public int Length => Shape.Length;

    /// <summary>
    /// The elements in row-major order, without a copy. Do not keep the span beyond the next step of a training loop.
    /// </summary>
    /// <exception cref="InvalidOperationException">The tensor was an intermediate result of a finished step.</exception>
    public Span<float> Data => Memory.Span(_offset, Length);

    /// <summary>True if <c>Backward</c> computes a gradient for it: parameters, and everything computed from them.</summary>
    public bool RequiresGrad { get; private set; }

    /// <summary>
    /// The gradient that <c>Backward</c> accumulated, null before the first; for leaves only. One tensor for the leaf's life:
    /// the next <c>Backward</c> overwrites or adds to it, so <see cref="Clone"/> what you want to keep.
    /// </summary>
    public Tensor? Grad => _hasGrad ? _grad : null;

    /// <summary>What error messages call it.</summary>
    public string? Name { get; set; }

    /// <summary>The operation that made it, while it is part of a graph.</summary>
    internal Node? Node { get; set; }

    internal Storage Memory => _storage ?? Interlocked.CompareExchange(ref _storage, Absent(), null) ?? _storage;

    /// <summary>The values where they are held as the right operand of products, and nowhere else: weights of inference.</summary>
    internal PackedWeights? Packed { get; private set; }

    internal bool IsRecycled { get; private set; }

    /// <summary>A tensor filled with +0.</summary>
    public static Tensor Zeros(Shape shape) => new(shape, StoragePool.Own(shape.Length), 0, false, null);

    /// <summary>A tensor filled with one value.</summary>
    public static Tensor Full(Shape shape, float value)
    {
        Tensor tensor = Zeros(shape);
        tensor.Data.Fill(value);
        return tensor;
    }

    /// <summary>A tensor with a copy of the values, row-major.</summary>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape)
    {
        if (values.Length != shape.Length)
        {
            throw new ShapeException($"From: {values.Length} values do not fill shape {shape}, which takes {shape.Length}.");
        }

        Tensor tensor = Zeros(shape);
        values.CopyTo(tensor.Data);
        return tensor;
    }

    /// <summary>A one-dimensional tensor with a copy of the values.</summary>
    public static Tensor From(params ReadOnlySpan<float> values) => From(values, [values.Length]);

    /// <summary>A scalar.</summary>
    public static Tensor Scalar(float value) => Full([], value);

    /// <summary>The only element.</summary>
    /// <exception cref="ShapeException">There is not exactly one.</exception>
    public float Item() => Length == 1
        ? Data[0]
        : throw ShapeException.One("Item", Shape, "it reads tensors of one element: index Data, or reduce with Sum or Mean first");

    /// <summary>A copy of the elements, row-major.</summary>
    public float[] ToArray() => Data.ToArray();

    /// <summary>The same memory as a leaf without gradient, which stays readable for as long as you keep it.</summary>
    public Tensor Detach() => new(Shape, Memory.Retain(), _offset, false, Name);

    /// <summary>A copy as a leaf without gradient (unlike PyTorch's, it is not recorded).</summary>
    public Tensor Clone() => From(Data, Shape);

    /// <summary>Marks a leaf as wanting a gradient, or not; returns the tensor.</summary>
    /// <exception cref="InvalidOperationException">The tensor is the result of a recorded operation.</exception>
    public Tensor RequireGrad(bool value = true)
    {
        if (Node is not null)
        {
            throw new InvalidOperationException($"RequireGrad: {Describe()} is the result of {Node.Op}; only leaves can be changed. Detach() it first.");
        }

        RequiresGrad = value;
        return this;
    }

    /// <summary>Forgets the gradient: <see cref="Grad"/> is null until the next <c>Backward</c>.</summary>
    public void ZeroGrad() => _hasGrad = false;

    /// <summary>
    /// Computes the gradients of this scalar with respect to every leaf that requires one, and adds them to
    /// <see cref="Grad"/>. Order: <c>arithmetic.md#automatic-differentiation</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">Not a scalar, no gradient is required, or it was done before.</exception>
    public void Backward() => Autograd.Backward(this);

    /// <summary>Name, operation and shape, for messages.</summary>
    internal string Describe() =>
        (Name is null ? "a tensor" : $"tensor '{Name}'") + $" of shape {Shape}" + (Node is { } node ? $" ({node.Op})" : "");

    /// <inheritdoc/>
    public override string ToString()
    {
        if (IsRecycled)
        {
            return $"{Describe()}, recycled";
        }

        if (Packed is not null)
        {
            return $"{Describe()}, held as {Packed.Dtype} for inference";
        }

        ReadOnlySpan<float> data = Data;
        var text = new System.Text.StringBuilder(Describe()).Append(": ");
        for (int i = 0; i < Math.Min(8, data.Length); i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(data[i].ToString("R", CultureInfo.InvariantCulture));
        }

        return text.Append(data.Length > 8 ? ", ..." : "").ToString();
    }

    /// <summary>Holds the values packed from here on: the memory of float32 is given up, and no gradient is computed.</summary>
    internal void HoldPacked(PackedWeights packed)
    {
        RequiresGrad = false;
        Packed = packed;
        _storage = null;
    }

    /// <summary>The memory of a tensor that has none: an explanation why, unless it gets some when it is first touched.</summary>
    private protected virtual Storage Absent() => throw Recycled();

    /// <summary>True while no caller of the library can hold it, so that it may be another tensor once it is recycled.</summary>
    internal bool IsInternal { get; set; }

    /// <summary>A tensor over memory that it takes a reference of.</summary>
    internal static Tensor Over(Shape shape, Storage storage, int offset) => new(shape, storage, offset, false, null);

    /// <summary>Where this tensor's elements begin in <see cref="Memory"/>.</summary>
    internal int Offset => _offset;

    /// <summary>Makes a recycled tensor another one.</summary>
    internal void Reuse(Shape shape, Storage storage, int offset)
    {
        Shape = shape;
        _storage = storage;
        IsRecycled = false;
        _offset = offset;
        _grad = null;
        _hasGrad = false;
        RequiresGrad = false;
        Name = null;
    }

    /// <summary>Makes this the result of a recorded operation.</summary>
    internal void Attach(Node node)
    {
        Node = node;
        RequiresGrad = true;
    }

    /// <summary>Gives the memory back; from here on the tensor only explains itself. False if that was done before.</summary>
    internal bool Recycle()
    {
        if (_storage is not { } storage)
        {
            return false;
        }

        _recycledOp = Node?.Op ?? Op.None;
        Node = null;
        _storage = null;
        IsRecycled = true;
        storage.Release();
        return true;
    }

    /// <summary>The gradient's memory while there is none to add to: where Backward may write it without a copy.</summary>
    internal Storage? GradMemoryToOverwrite => _hasGrad ? null : (_grad ??= Zeros(Shape)).Memory;

    /// <summary>The gradient is what was written to <see cref="GradMemoryToOverwrite"/>.</summary>
    internal void SetGrad() => _hasGrad = true;

    private InvalidOperationException Recycled() => new(
        $"{Describe()} was an intermediate result ({_recycledOp}) of a step that is over: its memory was reused when the operations of "
        + "the next step began. Read it before (Item(), ToArray()), or keep it with Detach() or Clone().");
}
