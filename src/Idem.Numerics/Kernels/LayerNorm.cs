// Layer normalisation of the rows of a matrix. Rows are independent: threads share them, vectors lie along a row. Parameter
// gradients are chain-trees over rows: threads share blocks of columns there.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Layer normalisation. Order: <c>arithmetic.md#layernorm-and-rmsnorm</c>.</summary>
public static unsafe partial class LayerNorm
{
    /// <summary>
    /// For each row of x[rows, columns]: mean and variance by lanes, rstd = 1/sqrt(variance+eps),
    /// y = fma((x-mean)*rstd, weight, bias); without a bias (empty) the product alone.
    /// </summary>
    public static void Forward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float eps,
        Span<float> y,
        Span<float> mean,
        Span<float> rstd)
    {
        const string Operation = "LayerNorm.Forward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, mean.Length, rstd.Length);
        Check.Length(Operation, nameof(y), y.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(bias), bias.Length, $"[{(bias.IsEmpty ? 0 : columns)}]", bias.IsEmpty ? 0 : columns);
        fixed (float* px = x, pw = weight, pb = bias, py = y, pm = mean, pr = rstd)
        {
            ForwardKernel kernel = new() { Columns = columns, X = px, Weight = pw, Bias = bias.IsEmpty ? null : pb, Eps = eps, Y = py, Mean = pm, Rstd = pr };
            KernelLoop.Run(compute, rows, 2L * columns, kernel);
        }
    }

    /// <summary>
    /// With g = dy*weight and xhat = (x-mean)*rstd: dx = fma(-xhat, mean(g*xhat), g-mean(g))*rstd by lanes; dweight and dbias
    /// (may be empty) are chain-trees over rows of dy*xhat and dy.
    /// </summary>
    public static void Backward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        Span<float> dx,
        Span<float> dweight,
        Span<float> dbias)
    {
        const string Operation = "LayerNorm.Backward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, mean.Length, rstd.Length);
        Check.Length(Operation, nameof(dy), dy.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(dx), dx.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(dweight), dweight.Length, $"[{columns}]", columns);
        Check.Length(Operation, nameof(dbias), dbias.Length, $"[{(dbias.IsEmpty ? 0 : columns)}]", dbias.IsEmpty ? 0 : columns);
        fixed (float* px = x, pw = weight, pm = mean, pr = rstd, pdy = dy, pdx = dx, pdw = dweight, pdb = dbias)
        {
            KernelLoop.Run(compute, rows, 3L * columns, new BackwardKernel { Columns = columns, X = px, Weight = pw, Mean = pm, Rstd = pr, Dy = pdy, Dx = pdx });
            NormalizedColumnTerm term = new(px, pdy, columns, pm, pr);
            KernelLoop.Run(compute, columns, rows, new ColumnsKernel<NormalizedColumnTerm>(term, rows, pdw), 32);
            if (!dbias.IsEmpty)
            {
                KernelLoop.Run(compute, columns, rows, new ColumnsKernel<ElementColumnTerm>(new ElementColumnTerm(pdy, columns), rows, pdb), 32);
            }
        }
    }

    private static void CheckShapes(string operation, int rows, int columns, int x, int weight, int mean, int rstd)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        Check.Length(operation, nameof(x), x, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(weight), weight, $"[{columns}]", columns);
        Check.Length(operation, nameof(mean), mean, $"[{rows}]", rows);
        Check.Length(operation, nameof(rstd), rstd, $"[{rows}]", rows);
    }

    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public float Eps;
        public float* X, Weight, Bias, Y, Mean, Rstd;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                float* x = X + ((long)row * Columns), y = Y + ((long)row * Columns);
                float mean = Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(x), Columns) / (float)Columns;
                float variance = Lanes.Sum<S, F, D, SquaredDeviationTerm>(new SquaredDeviationTerm(x, mean), Columns) / (float)Columns;
                float rstd = 1f / MathF.Sqrt(variance + Eps);
                Mean[row] = mean;
                Rstd[row] = rstd;
                int i = 0;
                for (; i <= Columns - S.Lanes; i += S.Lanes)
                {
                    F xhat = S.Multiply(S.Subtract(S.Load(x + i), S.Create(mean)), S.Create(rstd));
                    S.Store(y + i, Bias == null ? S.Multiply(xhat, S.Load(Weight + i)) : S.Fma(xhat, S.Load(Weight + i), S.Load(Bias + i)));
                }

                for (; i < Columns; i++)
                {
                    float xhat = (x[i] - mean) * rstd;
                    y[i] = Bias == null ? xhat * Weight[i] : Fma.Single(xhat, Weight[i], Bias[i]);
                }
            }
        }
    }

    private struct BackwardKernel : IKernel
    {
        public int Columns;
        public float* X, Weight, Mean, Rstd, Dy, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at, dy = Dy + at, dx = Dx + at;
                float mean = Mean[row], rstd = Rstd[row];
                float meanG = Lanes.Sum<S, F, D, WeightedTerm>(new WeightedTerm(dy, Weight), Columns) / (float)Columns;
                WeightedNormalizedTerm term = new(dy, Weight, x, mean, rstd);
                float meanGXhat = Lanes.Sum<S, F, D, WeightedNormalizedTerm>(term, Columns) / (float)Columns;
                int i = 0;
                for (; i <= Columns - S.Lanes; i += S.Lanes)
                {
                    F g = S.Multiply(S.Load(dy + i), S.Load(Weight + i));
                    F xhat = S.Multiply(S.Subtract(S.Load(x + i), S.Create(mean)), S.Create(rstd));
                    S.Store(dx + i, Gradient<S, F, D>(g, xhat, S.Create(meanG), S.Create(meanGXhat), S.Create(rstd)));
                }

                for (; i < Columns; i++)
                {
                    dx[i] = Gradient<SimdScalar, float, double>(dy[i] * Weight[i], (x[i] - mean) * rstd, meanG, meanGXhat, rstd);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static F Gradient<S, F, D>(F g, F xhat, F meanG, F meanGXhat, F rstd)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct =>
            S.Multiply(S.Fma(S.Xor(xhat, S.Create(-0f)), meanGXhat, S.Subtract(g, meanG)), rstd);
    }
}
