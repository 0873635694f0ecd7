// Sums: along contiguous rows by lanes; down columns and over broadcast dimensions by chain-trees (products with one).

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Sums of rows, columns and whole tensors. Orders: <c>arithmetic.md#reduction-orders</c>.</summary>
public static unsafe partial class Reduce
{
    /// <summary>y[r] = the lane sum of row r of x[rows, columns].</summary>
    public static void SumRows(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y) =>
        ReduceRows("Reduce.SumRows", compute, rows, columns, x, y, mean: false);

    /// <summary>y[r] = the lane sum of row r of x[rows, columns], divided by columns.</summary>
    public static void MeanRows(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y) =>
        ReduceRows("Reduce.MeanRows", compute, rows, columns, x, y, mean: true);

    /// <summary>y[c] = the chain-tree over rows of x[r, c].</summary>
    public static void SumColumns(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y)
    {
        const string Operation = "Reduce.SumColumns";
        Check.Dimension(Operation, nameof(rows), rows);
        Check.Dimension(Operation, nameof(columns), columns);
        Check.Length(Operation, nameof(x), x.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(y), y.Length, $"[{columns}]", columns);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, columns, rows, new ColumnsKernel<ElementColumnTerm>(new ElementColumnTerm(px, columns), rows, py), 32);
        }
    }

    /// <summary>
    /// The gradient of broadcasting: y[target] = the chain-tree over the positions of x that map to target, in row-major order.
    /// </summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="shape">The shape of x.</param>
    /// <param name="x">Row-major.</param>
    /// <param name="targetStrides">For each dimension of x, the stride in y; 0 where y was broadcast.</param>
    /// <param name="y">The sums.</param>
    public static void SumToShape(Compute compute, ReadOnlySpan<int> shape, ReadOnlySpan<float> x, ReadOnlySpan<int> targetStrides, Span<float> y)
    {
        const string Operation = "Reduce.SumToShape";
        Check.Length(Operation, nameof(targetStrides), targetStrides.Length, $"[{shape.Length}]", shape.Length);
        long reach = 1, kept = 1;
        int keptTrailing = 1, trailing = shape.Length;
        long count = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            Check.Dimension(Operation, nameof(shape), shape[d], 1);
            reach += (shape[d] - 1L) * targetStrides[d];
            count *= shape[d];
            kept *= targetStrides[d] == 0 ? 1 : shape[d];
            if (trailing == d + 1 && (targetStrides[d] == keptTrailing || shape[d] == 1))
            {
                trailing = d;
                keptTrailing *= shape[d];
            }
        }

        Check.Length(Operation, nameof(x), x.Length, $"[{shape}]", count);
        Check.Length(Operation, nameof(y), y.Length, $"[{reach}]", reach);
        Check.That(kept == reach, Operation, $"the strides [{targetStrides}] do not address each of the {reach} sums");
        if (keptTrailing == y.Length)
        {
            SumColumns(compute, (int)(count / keptTrailing), keptTrailing, x, y); // only leading dimensions are summed
            return;
        }

        fixed (float* px = x, py = y)
        fixed (int* ps = shape, pt = targetStrides)
        {
            SumToShapeKernel kernel = new() { Dimensions = shape.Length, Shape = ps, Strides = pt, X = px, Y = py, Terms = (int)(count / kept) };
            KernelLoop.Run(compute, y.Length, 4L * kernel.Terms, kernel);
        }
    }

    /// <summary>The lane sum of squares in double: for gradient norms.</summary>
    public static double SumOfSquares(Compute compute, ReadOnlySpan<float> x)
    {
        fixed (float* px = x)
        {
            return SumInDouble(compute, px, x.Length, squares: true);
        }
    }

    /// <summary>The lane sum in double.</summary>
    public static double Sum(Compute compute, ReadOnlySpan<float> x)
    {
        fixed (float* px = x)
        {
            return SumInDouble(compute, px, x.Length, squares: false);
        }
    }

    /// <summary>The lane sum in double of a few elements: for mean losses.</summary>
    public static double Sum(ReadOnlySpan<float> x) => Lanes.Reference.SumInDouble(x);

    /// <summary>target = target+x.</summary>
    public static void AddInPlace(Compute compute, Span<float> target, ReadOnlySpan<float> x) =>
        Elementwise.Binary(compute, BinaryOp.Add, target, x, target);

    private static void ReduceRows(string operation, Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y, bool mean)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        Check.Length(operation, nameof(x), x.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(y), y.Length, $"[{rows}]", rows);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, rows, columns, new RowsKernel { Columns = columns, Mean = mean, X = px, Y = py });
        }
    }

    private struct RowsKernel : IKernel
    {
        public int Columns;
        public bool Mean;
        public float* X, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                float sum = Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(X + ((long)row * Columns)), Columns);
                Y[row] = Mean ? sum / (float)Columns : sum;
            }
        }
    }

    /// <summary>
    /// Threads can share the lanes alone, every other cache line each. That pays where one thread takes several sweeps anyway;
    /// in 512-bit vectors one sweep takes all lanes, at the speed of memory.
    /// </summary>
    private static double SumInDouble(Compute compute, float* x, int count, bool squares)
    {
        double* lanes = stackalloc double[Lanes.Count];
        int lanesShared = compute.Path == SimdPath.Vector512 ? Lanes.Count : Lanes.Count / 2;
        DoubleKernel kernel = new() { X = x, Count = count, Squares = squares, LanesShared = lanesShared, Sums = lanes };
        KernelLoop.Run(compute, Lanes.Count / lanesShared, count / 4, kernel);
        return Lanes.FinishInDouble(x, count, squares, lanes);
    }

    /// <summary>The outputs are groups of lanes.</summary>
    private struct DoubleKernel : IKernel
    {
        public int Count, LanesShared;
        public bool Squares;
        public float* X;
        public double* Sums;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct =>
            Lanes.AccumulateInDouble<S, F, D>(X, Count, Squares, start * LanesShared, end * LanesShared, Sums);
    }

    /// <summary>One chain-tree after another, over the positions in row-major order.</summary>
    private struct SumToShapeKernel : IKernel
    {
        public int Dimensions, Terms;
        public int* Shape, Strides;
        public float* X, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int* at = stackalloc int[Dimensions];
            long* steps = stackalloc long[Dimensions];
            long step = 1;
            for (int d = Dimensions - 1; d >= 0; d--)
            {
                steps[d] = step;
                step *= Shape[d];
            }

            int leaves = ChainTree.LeafCount(Terms);
            float* levels = stackalloc float[ChainTree.LevelCount(leaves)];
            for (int target = start; target < end; target++)
            {
                long position = FirstPosition(target, at, steps);
                PresentLeaves tree = default;
                float sum = 0f;
                for (int term = 0; term < Terms; term++)
                {
                    if (term % ChainTree.Leaf == 0 && tree.Begin<SimdScalar, float, double>(term / ChainTree.Leaf, &sum, levels, 1, 1))
                    {
                        sum = 0f;
                    }

                    sum = sum + X[position];
                    position = NextPosition(position, at, steps);
                }

                tree.Finish<SimdScalar, float, double>(&sum, levels, 1, 1);
                Y[target] = sum;
            }
        }

        /// <summary>The first position that maps to a target: zero along the summed dimensions.</summary>
        private readonly long FirstPosition(int target, int* at, long* steps)
        {
            long position = 0;
            for (int d = 0; d < Dimensions; d++)
            {
                at[d] = 0;
                if (Strides[d] != 0)
                {
                    position += target / Strides[d] % Shape[d] * steps[d];
                }
            }

            return position;
        }

        private readonly long NextPosition(long position, int* at, long* steps)
        {
            for (int d = Dimensions - 1; d >= 0; d--)
            {
                if (Strides[d] != 0)
                {
                    continue;
                }

                position += steps[d];
                if (++at[d] < Shape[d])
                {
                    return position;
                }

                position -= at[d] * steps[d];
                at[d] = 0;
            }

            return position;
        }
    }
}
