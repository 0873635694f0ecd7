// The tensors of two files or folders, paired by name: which have no like, which differ, and what that alone says about the cause.

using System.Numerics;
using Idem.Audit;
using Idem.Formats;

namespace Idem.Verification.Differences;

/// <summary>Tensors of both sides that have one name and shape, and what is left over.</summary>
internal sealed class TensorPairs
{
    private const int WindowElements = 1 << 18;

    private readonly List<(NamedTensor A, NamedTensor B)> _pairs = [];
    private readonly List<Difference> _unpaired = [];

    private TensorPairs()
    {
    }

    /// <summary>Tensors that one side alone has, or has in another shape; then storage types, where they differ.</summary>
    public IReadOnlyList<Difference> Unpaired => _unpaired;

    /// <summary>Whether every tensor has its like.</summary>
    public bool IsComplete { get; private init; }

    /// <summary>Pairs two sets.</summary>
    public static TensorPairs Of(IReadOnlyCollection<NamedTensor> a, IReadOnlyCollection<NamedTensor> b)
    {
        Dictionary<string, NamedTensor> right = b.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        TensorPairs pairs = new() { IsComplete = a.Count == b.Count && a.All(tensor => right.TryGetValue(tensor.Name, out NamedTensor? other) && AreSameShape(tensor, other)) };
        foreach (NamedTensor tensor in a)
        {
            if (!right.Remove(tensor.Name, out NamedTensor? other))
            {
                pairs._unpaired.Add(new Difference($"tensor {tensor.Name}", Describe(tensor), "absent"));
            }
            else if (!AreSameShape(tensor, other))
            {
                pairs._unpaired.Add(new Difference($"tensor {tensor.Name}", Describe(tensor), Describe(other)));
            }
            else
            {
                pairs._pairs.Add((tensor, other));
            }
        }

        pairs._unpaired.AddRange(right.Values.OrderBy(tensor => tensor.Name, NameOrder.Instance).Select(tensor => new Difference($"tensor {tensor.Name}", "absent", Describe(tensor))));

        // Values decide, whatever they are stored in.
        pairs._unpaired.AddRange(pairs._pairs.Where(pair => pair.A.DType != pair.B.DType).GroupBy(pair => (A: pair.A.DType, B: pair.B.DType))
            .Select(group => new Difference($"storage type of {group.Count()} tensors", group.Key.A.Name(), group.Key.B.Name(), DecidesBits: false)));
        return pairs;
    }

    /// <summary>The pairs that differ, in the order of the first side.</summary>
    public IReadOnlyList<TensorDifference> Compare(string doing, Action<DiffProgress>? progress, CancellationToken cancellation)
    {
        List<TensorDifference> different = [];
        for (int i = 0; i < _pairs.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(new DiffProgress(doing, i, _pairs.Count));
            (NamedTensor a, NamedTensor b) = _pairs[i];
            if ((IsComparable(a) && IsComparable(b) ? TensorComparison.Find(a.Name, a, b) : FindBytes(a, b)) is { } difference)
            {
                different.Add(difference);
            }
        }

        return different;
    }

    /// <summary>Why they differ, if the values alone confirm it; null if not, or if not every tensor has its like.</summary>
    /// <param name="changed">What a single changed element is called.</param>
    /// <param name="different">From <see cref="Compare"/>.</param>
    public DiffCause? Cause(string changed, IReadOnlyList<TensorDifference> different)
    {
        if (!IsComplete)
        {
            return null;
        }

        if (different is [{ Different: 1, First: { } first } only] && only.DTypeA == only.DTypeB)
        {
            ulong bits = Convert.ToUInt64(first.BitsA, 16) ^ Convert.ToUInt64(first.BitsB, 16);
            string what = BitOperations.PopCount(bits) == 1 ? "one bit" : "one element";
            return new DiffCause(changed, $"{what} of {only.Name}[{string.Join(", ", first.Index)}]", "b", true, "");
        }

        return _pairs.TrueForAll(pair => IsNumbers(pair.A) && IsNumbers(pair.B)) ? ValueCauses.Find(_pairs) : null;
    }

    private static bool AreSameShape(NamedTensor a, NamedTensor b) => a.Shape.AsSpan().SequenceEqual(b.Shape.AsSpan());

    private static bool IsNumbers(NamedTensor tensor) => tensor.DType is DType.F16 or DType.BF16 or DType.F32 or DType.F64;

    private static bool IsComparable(NamedTensor tensor) => IsNumbers(tensor) || tensor.DType == DType.I8;

    // Types that hold no numbers of a model (masks, position ids) are compared as bytes.
    private static TensorDifference? FindBytes(NamedTensor a, NamedTensor b)
    {
        int width = a.DType.Width();
        long elements = a.Data.ByteCount / width, different = a.DType == b.DType ? 0 : elements;
        for (long start = 0; a.DType == b.DType && start < elements; start += WindowElements)
        {
            int bytes = (int)Math.Min(WindowElements, elements - start) * width;
            ReadOnlySpan<byte> left = a.Data.Bytes(start * width, bytes), right = b.Data.Bytes(start * width, bytes);
            for (int i = 0; i < bytes; i += width)
            {
                different += left.Slice(i, width).SequenceEqual(right.Slice(i, width)) ? 0 : 1;
            }
        }

        return different == 0 ? null : new TensorDifference(a.Name, a.DType, b.DType, a.Shape, elements, different, null, null, 0, 0);
    }

    private static string Describe(NamedTensor tensor) => $"{tensor.DType.Name()} [{string.Join(", ", tensor.Shape)}]";
}
