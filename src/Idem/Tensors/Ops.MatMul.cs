// Matrix products: [..., m, k] x [k, n] with the leading dimensions as further rows, or batch by batch.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using MatMulKernel = Idem.Numerics.Kernels.MatMul;

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>
    /// y = op(a) op(b) + bias. A flag means that the last two dimensions are stored swapped; a vector is one row, and the result
    /// then has no dimension for it.
    /// </summary>
    public static Tensor MatMul(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false, Tensor? bias = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var sizes = new MatMulSizes(a.Shape, b.Shape, transposeA, transposeB);
        if (bias is not null && (bias.Rank != 1 || bias.Length != sizes.N))
        {
            throw ShapeException.Two("MatMul's bias", sizes.Result, bias.Shape, $"a bias has one value for each of the {sizes.N} columns");
        }

        if (b.Packed is { } packed)
        {
            return PackedMatMul(a, packed, sizes, bias);
        }

        Tape? tape = Tape.For(a, b, bias);
        Tensor y = Tape.NewResult(sizes.Result);
        ReadOnlySpan<float> x = a.Data, w = b.Data, bs = bias is null ? default : bias.Data;
        Span<float> result = y.Data;
        for (int i = 0; i < sizes.Batch; i++)
        {
            MatMulKernel.Multiply(
                Compute.Current, transposeA, transposeB, sizes.M, sizes.N, sizes.K,
                x.Slice(i * sizes.LengthA, sizes.LengthA), sizes.StrideA,
                w.Slice(i * sizes.LengthB, sizes.LengthB), sizes.StrideB,
                bs, result.Slice(i * sizes.LengthY, sizes.LengthY), sizes.N);
        }

        if (tape is not null)
        {
            Node node = tape.Record(Op.MatMul, y, a, b, bias);
            node.TransposeA = transposeA;
            node.TransposeB = transposeB;
        }

        return Tape.Observe(Op.MatMul, y);
    }

    // Weights of inference, which know no gradient.
    private static Tensor PackedMatMul(Tensor a, PackedWeights weights, MatMulSizes sizes, Tensor? bias)
    {
        if (Tape.For(a, bias) is not null)
        {
            throw new InvalidOperationException(
                $"MatMul: {a.Describe()} requires a gradient, but the weights are held as {weights.Dtype} for inference: load the model without a dtype, or compute without gradients.");
        }

        Tensor y = Tape.NewResult(sizes.Result);
        MatMulKernel.Multiply(Compute.Current, sizes.M, a.Data, sizes.StrideA, weights, bias is null ? default : bias.Data, y.Data, sizes.N);
        return Tape.Observe(Op.MatMul, y);
    }
}

/// <summary>The sizes of a matrix product, from the operands' shapes; forward and backward read them from here.</summary>
internal readonly struct MatMulSizes
{
    public MatMulSizes(Shape a, Shape b, bool transposeA, bool transposeB)
    {
        if (a.Rank == 0 || b.Rank < 2)
        {
            throw ShapeException.Two("MatMul", a, b, "the left operand needs a dimension and the right one two: Reshape first");
        }

        bool isVector = a.Rank == 1;
        int rows = isVector ? 1 : a[-2], columns = a[-1];
        int inner = transposeB ? b[-1] : b[-2];
        M = transposeA ? columns : rows;
        K = transposeA ? rows : columns;
        N = transposeB ? b[-2] : b[-1];
        if (K != inner)
        {
            throw ShapeException.Two(
                "MatMul", a, b, $"the left operand{(transposeA ? " (transposed)" : "")} has {K} columns and the right one{(transposeB ? " (transposed)" : "")} {inner} rows; they must be equal");
        }

        StrideA = columns;
        StrideB = b[-1];
        Batch = 1;
        bool isBatched = b.Rank > 2 || (transposeA && a.Rank > 2);
        if (isBatched)
        {
            bool same = a.Rank == b.Rank;
            for (int i = 0; same && i < a.Rank - 2; i++)
            {
                same = a[i] == b[i];
                Batch *= a[i];
            }

            if (!same)
            {
                throw ShapeException.Two("MatMul", a, b, "batched operands need equal leading dimensions; the right one may be a single matrix if the left is not transposed");
            }
        }
        else if (!isVector)
        {
            M = a.Length == 0 ? 0 : transposeA ? M : a.Length / columns;
        }

        LengthA = M * K;
        LengthB = N * K;
        LengthY = M * N;
        Result = isVector ? [N] : a.With(a.Rank - 1, N);
        if (transposeA)
        {
            Result = Result.With(a.Rank - 2, isVector ? N : M);
        }
    }

    public int M { get; }

    public int N { get; }

    public int K { get; }

    public int Batch { get; }

    public int StrideA { get; }

    public int StrideB { get; }

    public int LengthA { get; }

    public int LengthB { get; }

    public int LengthY { get; }

    public Shape Result { get; }
}
