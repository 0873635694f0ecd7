// A caller's place for gradients: one flat, aligned run of float32 with a slice per parameter, so that shards of a batch can run
// on several threads and be joined by adding whole buffers.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

/// <summary>Gradients of a list of parameters, in memory of their own.</summary>
public sealed class GradientBuffers
{
    private const int AlignmentFloats = 16;
    private readonly Dictionary<Tensor, int> _indices;
    private readonly int[] _offsets;
    private readonly Storage _memory;
    private readonly Storage[] _slices;
    private readonly bool[] _written;

    /// <summary>Buffers filled with +0.</summary>
    /// <param name="parameters">The leaves whose gradients are wanted; the order of <see cref="Flat"/>.</param>
    public GradientBuffers(IReadOnlyList<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = [.. parameters];
        _indices = new Dictionary<Tensor, int>(Parameters.Count, ReferenceEqualityComparer.Instance);
        _offsets = new int[Parameters.Count];
        int total = 0;
        for (int i = 0; i < Parameters.Count; i++)
        {
            _indices.Add(Parameters[i], i);
            _offsets[i] = total;
            total = checked(total + ((Parameters[i].Length + AlignmentFloats - 1) / AlignmentFloats * AlignmentFloats));
        }

        _memory = StoragePool.Own(total);
        _slices = new Storage[Parameters.Count];
        _written = new bool[Parameters.Count];
        for (int i = 0; i < _slices.Length; i++)
        {
            _slices[i] = _memory.Part(_offsets[i], Parameters[i].Length);
        }
    }

    /// <summary>The leaves, in order.</summary>
    public IReadOnlyList<Tensor> Parameters { get; }

    /// <summary>All gradients one after another, each on a 64-byte boundary; what lies between them is +0.</summary>
    public Span<float> Flat => _memory.Span(0, _memory.Capacity);

    /// <summary>The gradient of the parameter at an index.</summary>
    public Span<float> this[int index] => _memory.Span(_offsets[index], Parameters[index].Length);

    /// <summary>The gradient of a parameter.</summary>
    public Span<float> this[Tensor parameter] => this[IndexOf(parameter)];

    /// <summary>this = this + other, element by element.</summary>
    public void Add(Compute compute, GradientBuffers other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._memory.Capacity != _memory.Capacity || other.Parameters.Count != Parameters.Count)
        {
            throw new ArgumentException("GradientBuffers.Add: the two hold gradients of different parameters.", nameof(other));
        }

        Reduce.AddInPlace(compute, Flat, other.Flat);
    }

    internal void Begin() => Array.Clear(_written);

    /// <summary>The memory of a leaf, to be written by one Backward.</summary>
    internal Storage Claim(Tensor leaf)
    {
        int index = IndexOf(leaf);
        _written[index] = true;
        return _slices[index];
    }

    /// <summary>What was not claimed gets +0.</summary>
    internal void End()
    {
        for (int i = 0; i < _written.Length; i++)
        {
            if (!_written[i])
            {
                this[i].Clear();
            }
        }
    }

    private int IndexOf(Tensor parameter) => _indices.TryGetValue(parameter, out int index)
        ? index
        : throw new InvalidOperationException($"{parameter.Describe()} requires a gradient but is not among the {Parameters.Count} parameters of these buffers; add it, or RequireGrad(false).");
}
