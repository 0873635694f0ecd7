// Binary operations on operands that are broadcast or strided: the output is contiguous, each operand has a stride a dimension.

namespace Idem.Numerics.Kernels;

public static unsafe partial class Elementwise
{
    /// <summary>y = a op b over <paramref name="shape"/>, y row-major; a stride of 0 broadcasts.</summary>
    public static void BinaryBroadcast(
        Compute compute,
        BinaryOp op,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<float> a,
        ReadOnlySpan<int> stridesA,
        ReadOnlySpan<float> b,
        ReadOnlySpan<int> stridesB,
        Span<float> y)
    {
        string operation = Name(op);
        LazyText text = $"[{shape}]";
        Check.Length(operation, nameof(stridesA), stridesA.Length, $"[{shape.Length}]", shape.Length);
        Check.Length(operation, nameof(stridesB), stridesB.Length, $"[{shape.Length}]", shape.Length);
        long count = 1, reachA = 1, reachB = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            Check.Dimension(operation, nameof(shape), shape[d]);
            Check.Dimension(operation, nameof(stridesA), stridesA[d]);
            Check.Dimension(operation, nameof(stridesB), stridesB[d]);
            count *= shape[d];
            reachA += (shape[d] - 1L) * stridesA[d];
            reachB += (shape[d] - 1L) * stridesB[d];
        }

        Check.Length(operation, nameof(y), y.Length, text, count);
        if (count == 0)
        {
            return;
        }

        Check.AtLeast(operation, nameof(a), a.Length, text, reachA);
        Check.AtLeast(operation, nameof(b), b.Length, text, reachB);
        int* dimensions = stackalloc int[3 * (shape.Length + 1)];
        int* mergedA = dimensions + shape.Length + 1, mergedB = mergedA + shape.Length + 1;
        int rank = Merge(shape, stridesA, stridesB, dimensions, mergedA, mergedB);
        fixed (float* pa = a, pb = b, py = y)
        {
            switch (op)
            {
                case BinaryOp.Add: Broadcast<AddOperation>(compute, rank, dimensions, mergedA, mergedB, pa, pb, py, y.Length); break;
                case BinaryOp.Subtract: Broadcast<SubtractOperation>(compute, rank, dimensions, mergedA, mergedB, pa, pb, py, y.Length); break;
                case BinaryOp.Multiply: Broadcast<MultiplyOperation>(compute, rank, dimensions, mergedA, mergedB, pa, pb, py, y.Length); break;
                case BinaryOp.Divide: Broadcast<DivideOperation>(compute, rank, dimensions, mergedA, mergedB, pa, pb, py, y.Length); break;
                default: throw new ArgumentOutOfRangeException(nameof(op), op, "unknown binary operation");
            }
        }
    }

    /// <summary>Joins neighbouring dimensions that both operands walk in one stride; returns how many are left, at least 1.</summary>
    private static int Merge(ReadOnlySpan<int> shape, ReadOnlySpan<int> stridesA, ReadOnlySpan<int> stridesB, int* dimensions, int* a, int* b)
    {
        int rank = 0;
        for (int d = 0; d < shape.Length; d++)
        {
            if (shape[d] == 1)
            {
                continue;
            }

            if (rank > 0 && a[rank - 1] == (long)stridesA[d] * shape[d] && b[rank - 1] == (long)stridesB[d] * shape[d])
            {
                dimensions[rank - 1] *= shape[d];
            }
            else
            {
                dimensions[rank++] = shape[d];
            }

            a[rank - 1] = stridesA[d];
            b[rank - 1] = stridesB[d];
        }

        if (rank == 0)
        {
            (dimensions[0], a[0], b[0], rank) = (1, 0, 0, 1);
        }

        return rank;
    }

    private static void Broadcast<TOperation>(Compute compute, int rank, int* shape, int* stridesA, int* stridesB, float* a, float* b, float* y, int count)
        where TOperation : unmanaged, IBinary
    {
        int inner = shape[rank - 1];
        BroadcastKernel<TOperation> kernel = new() { Rank = rank, Shape = shape, StridesA = stridesA, StridesB = stridesB, A = a, B = b, Y = y };
        if (rank == 1)
        {
            KernelLoop.Run(compute, count, 1, kernel, Alignment); // ranges of the only dimension
        }
        else
        {
            KernelLoop.Run(compute, count / inner, inner, kernel); // ranges of rows
        }
    }

    private struct BroadcastKernel<TOperation> : IKernel
        where TOperation : unmanaged, IBinary
    {
        public int Rank;
        public int* Shape, StridesA, StridesB;
        public float* A, B, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int strideA = StridesA[Rank - 1], strideB = StridesB[Rank - 1];
            if (Rank == 1)
            {
                CombineRow<S, F, D, TOperation>(A + ((long)start * strideA), strideA, B + ((long)start * strideB), strideB, Y + start, end - start);
                return;
            }

            int inner = Shape[Rank - 1];
            for (int row = start; row < end; row++)
            {
                long offsetA = 0, offsetB = 0;
                int rest = row;
                for (int d = Rank - 2; d >= 0; d--)
                {
                    (rest, int at) = Math.DivRem(rest, Shape[d]);
                    offsetA += (long)at * StridesA[d];
                    offsetB += (long)at * StridesB[d];
                }

                CombineRow<S, F, D, TOperation>(A + offsetA, strideA, B + offsetB, strideB, Y + ((long)row * inner), inner);
            }
        }
    }
}
