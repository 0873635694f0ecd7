// Root-mean-square normalisation of the rows of a matrix. Rows are independent: threads share them, vectors lie along a row.
// The weight's gradient is a chain-tree over rows: threads share blocks of columns there.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Root-mean-square normalisation. Order: <c>arithmetic.md#layernorm-and-rmsnorm</c>.</summary>
public static unsafe partial class RmsNorm
{
    /// <summary>For each row of x[rows, columns]: rstd = 1/sqrt(mean of squares by lanes+eps), y = (x*rstd)*weight.</summary>
    public static void Forward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        float eps,
        Span<float> y,
        Span<float> rstd)
    {
        const string Operation = "RmsNorm.Forward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, rstd.Length);
        Check.Length(Operation, nameof(y), y.Length, $"[{rows},{columns}]", (long)rows * columns);
        fixed (float* px = x, pw = weight, py = y, pr = rstd)
        {
            KernelLoop.Run(compute, rows, 2L * columns, new ForwardKernel { Columns = columns, X = px, Weight = pw, Eps = eps, Y = py, Rstd = pr });
        }
    }

    /// <summary>
    /// With g = dy*weight and xhat = x*rstd: dx = fma(-xhat, mean(g*xhat), g)*rstd by lanes; dweight is the chain-tree over
    /// rows of dy*xhat.
    /// </summary>
    public static void Backward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        Span<float> dx,
        Span<float> dweight)
    {
        const string Operation = "RmsNorm.Backward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, rstd.Length);
        Check.Length(Operation, nameof(dy), dy.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(dx), dx.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(dweight), dweight.Length, $"[{columns}]", columns);
        fixed (float* px = x, pw = weight, pr = rstd, pdy = dy, pdx = dx, pdw = dweight)
        {
            KernelLoop.Run(compute, rows, 3L * columns, new BackwardKernel { Columns = columns, X = px, Weight = pw, Rstd = pr, Dy = pdy, Dx = pdx });
            NormalizedColumnTerm term = new(px, pdy, columns, null, pr);
            KernelLoop.Run(compute, columns, rows, new ColumnsKernel<NormalizedColumnTerm>(term, rows, pdw), 32);
        }
    }

    private static void CheckShapes(string operation, int rows, int columns, int x, int weight, int rstd)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        Check.Length(operation, nameof(x), x, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(weight), weight, $"[{columns}]", columns);
        Check.Length(operation, nameof(rstd), rstd, $"[{rows}]", rows);
    }

    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public float Eps;
        public float* X, Weight, Y, Rstd;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                float* x = X + ((long)row * Columns), y = Y + ((long)row * Columns);
                float meanSquare = Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(x, x), Columns) / (float)Columns;
                float rstd = 1f / MathF.Sqrt(meanSquare + Eps);
                Rstd[row] = rstd;
                int i = 0;
                for (; i <= Columns - S.Lanes; i += S.Lanes)
                {
                    S.Store(y + i, S.Multiply(S.Multiply(S.Load(x + i), S.Create(rstd)), S.Load(Weight + i)));
                }

                for (; i < Columns; i++)
                {
                    y[i] = (x[i] * rstd) * Weight[i];
                }
            }
        }
    }

    private struct BackwardKernel : IKernel
    {
        public int Columns;
        public float* X, Weight, Rstd, Dy, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at, dy = Dy + at, dx = Dx + at;
                float rstd = Rstd[row];
                WeightedScaledTerm term = new(dy, Weight, x, rstd);
                float meanGXhat = Lanes.Sum<S, F, D, WeightedScaledTerm>(term, Columns) / (float)Columns;
                int i = 0;
                for (; i <= Columns - S.Lanes; i += S.Lanes)
                {
                    F g = S.Multiply(S.Load(dy + i), S.Load(Weight + i));
                    F xhat = S.Multiply(S.Load(x + i), S.Create(rstd));
                    S.Store(dx + i, Gradient<S, F, D>(g, xhat, S.Create(meanGXhat), S.Create(rstd)));
                }

                for (; i < Columns; i++)
                {
                    dx[i] = Gradient<SimdScalar, float, double>(dy[i] * Weight[i], x[i] * rstd, meanGXhat, rstd);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static F Gradient<S, F, D>(F g, F xhat, F meanGXhat, F rstd)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => S.Multiply(S.Fma(S.Xor(xhat, S.Create(-0f)), meanGXhat, g), rstd);
    }
}
