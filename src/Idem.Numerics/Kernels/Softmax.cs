// Softmax over each row of a matrix. Rows are independent: threads share them, vectors lie along a row.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Softmax over rows. Order: <c>arithmetic.md#softmax-log-softmax-cross-entropy</c>.</summary>
public static unsafe partial class Softmax
{
    /// <summary>y = e/sum with e_j = exp(x_j-max) and the lane sum of e, for each row. y may be x.</summary>
    public static void Forward(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y)
    {
        CheckShapes("Softmax.Forward", rows, columns, x.Length, y.Length, y.Length);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, rows, 5L * columns, new ForwardKernel { Columns = columns, X = px, Y = py });
        }
    }

    /// <summary>dx_j = y_j*(dy_j-dot) with the fused lane sum dot of y*dy, for each row. dx may be dy.</summary>
    public static void Backward(Compute compute, int rows, int columns, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        CheckShapes("Softmax.Backward", rows, columns, y.Length, dy.Length, dx.Length);
        fixed (float* py = y, pdy = dy, pdx = dx)
        {
            KernelLoop.Run(compute, rows, 2L * columns, new BackwardKernel { Columns = columns, Y = py, Dy = pdy, Dx = pdx });
        }
    }

    internal static void CheckShapes(string operation, int rows, int columns, int first, int second, int third)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        LazyText shape = $"[{rows},{columns}]";
        Check.Length(operation, "the first operand", first, shape, (long)rows * columns);
        Check.Length(operation, "the second operand", second, shape, (long)rows * columns);
        Check.Length(operation, "the result", third, shape, (long)rows * columns);
    }

    /// <summary>e_j becomes e_j/sum.</summary>
    internal static void Divide<S, F, D>(float* e, float sum, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F divisor = S.Create(sum);
        int j = 0;
        for (; j <= count - S.Lanes; j += S.Lanes)
        {
            S.Store(e + j, S.Divide(S.Load(e + j), divisor));
        }

        for (; j < count; j++)
        {
            e[j] = e[j] / sum;
        }
    }

    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public float* X, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                float* x = X + ((long)row * Columns), y = Y + ((long)row * Columns);
                float max = Rows.Max<S, F, D>(x, Columns);
                float sum = ExpRows.MapAndSum<S, F, D>(x, max, y, Columns);
                Divide<S, F, D>(y, sum, Columns);
            }
        }
    }

    private struct BackwardKernel : IKernel
    {
        public int Columns;
        public float* Y, Dy, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* y = Y + at, dy = Dy + at, dx = Dx + at;
                float dot = Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(y, dy), Columns);
                int j = 0;
                for (; j <= Columns - S.Lanes; j += S.Lanes)
                {
                    S.Store(dx + j, S.Multiply(S.Load(y + j), S.Subtract(S.Load(dy + j), S.Create(dot))));
                }

                for (; j < Columns; j++)
                {
                    dx[j] = y[j] * (dy[j] - dot);
                }
            }
        }
    }
}
