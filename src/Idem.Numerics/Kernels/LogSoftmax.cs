// Log-softmax over each row of a matrix. Rows are independent: threads share them, vectors lie along a row.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Log-softmax over rows. Order: <c>arithmetic.md#softmax-log-softmax-cross-entropy</c>.</summary>
public static unsafe partial class LogSoftmax
{
    /// <summary>y_j = (x_j-max)-log(s) with s the lane sum of exp(x_j-max), for each row. y may be x.</summary>
    public static void Forward(Compute compute, int rows, int columns, ReadOnlySpan<float> x, Span<float> y)
    {
        Softmax.CheckShapes("LogSoftmax.Forward", rows, columns, x.Length, y.Length, y.Length);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, rows, 5L * columns, new ForwardKernel { Columns = columns, X = px, Y = py });
        }
    }

    /// <summary>What turns any of a row's elements into its log-softmax: the bits of <see cref="Forward"/> for those that are asked for.</summary>
    public static LogNormalizer Normalize(Compute compute, ReadOnlySpan<float> x)
    {
        Softmax.CheckShapes("LogSoftmax.Normalize", 1, x.Length, x.Length, x.Length, x.Length);
        float max = 0, logSum = 0;
        fixed (float* px = x)
        {
            KernelLoop.Run(compute, 1, x.Length, new NormalizerKernel { Columns = x.Length, X = px, Max = &max, LogSum = &logSum });
        }

        return new LogNormalizer(max, logSum);
    }

    /// <summary>dx_j = fma(-exp(y_j), total, dy_j) with the lane sum total of dy, for each row. dx may be dy.</summary>
    public static void Backward(Compute compute, int rows, int columns, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Softmax.CheckShapes("LogSoftmax.Backward", rows, columns, y.Length, dy.Length, dx.Length);
        fixed (float* py = y, pdy = dy, pdx = dx)
        {
            KernelLoop.Run(compute, rows, 5L * columns, new BackwardKernel { Columns = columns, Y = py, Dy = pdy, Dx = pdx });
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
                float sum = ExpRows.Sum<S, F, D>(x, max, Columns);
                float logSum = Float32.Log(sum);
                int j = 0;
                for (; j <= Columns - S.Lanes; j += S.Lanes)
                {
                    S.Store(y + j, S.Subtract(S.Subtract(S.Load(x + j), S.Create(max)), S.Create(logSum)));
                }

                for (; j < Columns; j++)
                {
                    y[j] = (x[j] - max) - logSum;
                }
            }
        }
    }

    private struct NormalizerKernel : IKernel
    {
        public int Columns;
        public float* X, Max, LogSum;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            *Max = Rows.Max<S, F, D>(X, Columns);
            *LogSum = Float32.Log(ExpRows.Sum<S, F, D>(X, *Max, Columns));
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
                float total = Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(dy), Columns);
                int j = 0;
                for (; j <= Columns - S.Lanes; j += S.Lanes)
                {
                    S.Store(dx + j, Gradient<S, F, D>(S.Load(y + j), S.Load(dy + j), S.Create(total)));
                }

                for (; j < Columns; j++)
                {
                    dx[j] = Gradient<SimdScalar, float, double>(y[j], dy[j], total);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static F Gradient<S, F, D>(F y, F dy, F total)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct =>
            S.Fma(S.Xor(ExpFunction.Invoke<S, F, D>(y), S.Create(-0f)), total, dy);
    }
}

/// <summary>The maximum of a row and the logarithm of its sum of exponentials.</summary>
/// <param name="Max">The largest element.</param>
/// <param name="LogSum">log of the lane sum of exp(x - max).</param>
public readonly record struct LogNormalizer(float Max, float LogSum)
{
    /// <summary>Log-softmax of an element of the row.</summary>
    public float Of(float x) => (x - Max) - LogSum;
}
