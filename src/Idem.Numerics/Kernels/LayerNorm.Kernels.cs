// The passes of layer normalisation along a row: sum, squared deviations, outputs; a row stays in the first-level cache between them.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class LayerNorm
{
    /// <summary>Rows of x; where A is given, x = A+B is stored first.</summary>
    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public bool AreNear;
        public float Eps;
        public float* A, B, X, Weight, Bias, Y, Mean, Rstd;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int row = start, foursEnd = AreNear ? end : start;
            for (; row < foursEnd - 3; row += 4)
            {
                long at = (long)row * Columns, columns = Columns;
                float* x0 = X + at, x1 = x0 + columns, x2 = x1 + columns, x3 = x2 + columns;
                Vector128<float> sums;
                if (A == null)
                {
                    sums = Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(x0), new ElementTerm(x1), new ElementTerm(x2), new ElementTerm(x3), Columns);
                }
                else
                {
                    float* a = A + at, b = B + at;
                    sums = Lanes.Sum<S, F, D, StoredSumTerm>(
                        new StoredSumTerm(a, b, x0),
                        new StoredSumTerm(a + columns, b + columns, x1),
                        new StoredSumTerm(a + (2 * columns), b + (2 * columns), x2),
                        new StoredSumTerm(a + (3 * columns), b + (3 * columns), x3),
                        Columns);
                }

                Vector128<float> mean = sums / Vector128.Create((float)Columns);
                Vector128.Store(mean, Mean + row);
                Vector128<float> squares = Lanes.Sum<S, F, D, SquaredDeviationTerm>(
                    new SquaredDeviationTerm(x0, mean[0]),
                    new SquaredDeviationTerm(x1, mean[1]),
                    new SquaredDeviationTerm(x2, mean[2]),
                    new SquaredDeviationTerm(x3, mean[3]),
                    Columns);
                Vector128<float> variance = squares / Vector128.Create((float)Columns);
                Vector128.Store(Vector128<float>.One / Vector128.Sqrt(variance + Vector128.Create(Eps)), Rstd + row);
                Output(row).StoreFour<S, F, D>(Columns);
            }

            for (; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at;
                float sum = A == null
                    ? Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(x), Columns)
                    : Lanes.Sum<S, F, D, StoredSumTerm>(new StoredSumTerm(A + at, B + at, x), Columns);
                float mean = sum / (float)Columns;
                float squares = Lanes.Sum<S, F, D, SquaredDeviationTerm>(new SquaredDeviationTerm(x, mean), Columns);
                Mean[row] = mean;
                Rstd[row] = 1f / MathF.Sqrt((squares / (float)Columns) + Eps);
                Output(row).Store<S, F, D>(Columns);
            }
        }

        private readonly RowOutput Output(int row)
        {
            long at = (long)row * Columns;
            return new RowOutput(X + at, Mean + row, Rstd + row, Weight, Bias, Y + at);
        }
    }

    /// <summary>y = fma((x-mean)*rstd, weight, bias) of a row and those behind it; without a bias the product alone.</summary>
    private readonly struct RowOutput(float* x, float* mean, float* rstd, float* weight, float* bias, float* y)
    {
        private readonly float* _x = x;
        private readonly float* _mean = mean;
        private readonly float* _rstd = rstd;
        private readonly float* _weight = weight;
        private readonly float* _bias = bias;
        private readonly float* _y = y;

        public void Store<S, F, D>(int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float* x = _x, weight = _weight, bias = _bias, y = _y;
            F mean = S.Create(*_mean), rstd = S.Create(*_rstd);
            int i = 0;
            if (bias == null)
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    S.Store(y + i, S.Multiply(Normalized<S, F, D>(x + i, mean, rstd), S.Load(weight + i)));
                }
            }
            else
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    S.Store(y + i, S.Fma(Normalized<S, F, D>(x + i, mean, rstd), S.Load(weight + i), S.Load(bias + i)));
                }
            }

            StoreRest(0, i, count);
        }

        /// <summary>Stores four rows; they share the loads of weight and bias.</summary>
        public void StoreFour<S, F, D>(int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float* x0 = _x, x1 = x0 + count, x2 = x1 + count, x3 = x2 + count, weight = _weight, bias = _bias;
            float* y0 = _y, y1 = y0 + count, y2 = y1 + count, y3 = y2 + count;
            F mean0 = S.Create(_mean[0]), mean1 = S.Create(_mean[1]), mean2 = S.Create(_mean[2]), mean3 = S.Create(_mean[3]);
            F rstd0 = S.Create(_rstd[0]), rstd1 = S.Create(_rstd[1]), rstd2 = S.Create(_rstd[2]), rstd3 = S.Create(_rstd[3]);
            int i = 0;
            if (bias == null)
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    F w = S.Load(weight + i);
                    S.Store(y0 + i, S.Multiply(Normalized<S, F, D>(x0 + i, mean0, rstd0), w));
                    S.Store(y1 + i, S.Multiply(Normalized<S, F, D>(x1 + i, mean1, rstd1), w));
                    S.Store(y2 + i, S.Multiply(Normalized<S, F, D>(x2 + i, mean2, rstd2), w));
                    S.Store(y3 + i, S.Multiply(Normalized<S, F, D>(x3 + i, mean3, rstd3), w));
                }
            }
            else
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    F w = S.Load(weight + i), b = S.Load(bias + i);
                    S.Store(y0 + i, S.Fma(Normalized<S, F, D>(x0 + i, mean0, rstd0), w, b));
                    S.Store(y1 + i, S.Fma(Normalized<S, F, D>(x1 + i, mean1, rstd1), w, b));
                    S.Store(y2 + i, S.Fma(Normalized<S, F, D>(x2 + i, mean2, rstd2), w, b));
                    S.Store(y3 + i, S.Fma(Normalized<S, F, D>(x3 + i, mean3, rstd3), w, b));
                }
            }

            for (int row = 0; i < count && row < 4; row++)
            {
                StoreRest(row, i, count);
            }
        }

        private void StoreRest(int row, int i, int count)
        {
            float* x = _x + ((long)row * count), y = _y + ((long)row * count);
            for (; i < count; i++)
            {
                float xhat = (x[i] - _mean[row]) * _rstd[row];
                y[i] = _bias == null ? xhat * _weight[i] : Fma.Single(xhat, _weight[i], _bias[i]);
            }
        }

        /// <summary>(x-mean)*rstd.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static F Normalized<S, F, D>(float* x, F mean, F rstd)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => S.Multiply(S.Subtract(S.Load(x), mean), rstd);
    }

    /// <summary>Rows of dx; where Dsum is given, it is added.</summary>
    private struct BackwardKernel : IKernel
    {
        public int Columns;
        public float* X, Weight, Mean, Rstd, Dy, Dsum, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at, dy = Dy + at;
                float mean = Mean[row], rstd = Rstd[row];
                float meanG = Lanes.Sum<S, F, D, WeightedTerm>(new WeightedTerm(dy, Weight), Columns) / (float)Columns;
                WeightedNormalizedTerm term = new(dy, Weight, x, mean, rstd);
                float meanGXhat = Lanes.Sum<S, F, D, WeightedNormalizedTerm>(term, Columns) / (float)Columns;
                RowGradient gradient = new(x, Weight, mean, rstd, dy, meanG, meanGXhat);
                if (Dsum == null)
                {
                    gradient.Store<S, F, D>(Dx + at, Columns);
                }
                else
                {
                    gradient.StoreAdded<S, F, D>(Dsum + at, Dx + at, Columns);
                }
            }
        }
    }

    /// <summary>One row's dx = fma(-xhat, mean(g*xhat), g-mean(g))*rstd with g = dy*weight and xhat = (x-mean)*rstd.</summary>
    private readonly struct RowGradient(float* x, float* weight, float mean, float rstd, float* dy, float meanG, float meanGXhat)
    {
        private readonly float* _x = x;
        private readonly float* _weight = weight;
        private readonly float* _dy = dy;
        private readonly float _mean = mean;
        private readonly float _rstd = rstd;
        private readonly float _meanG = meanG;
        private readonly float _meanGXhat = meanGXhat;

        public void Store<S, F, D>(float* dx, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            RowGradient row = this;
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(dx + i, row.At<S, F, D>(i));
            }

            for (; i < count; i++)
            {
                dx[i] = row.At<SimdScalar, float, double>(i);
            }
        }

        public void StoreAdded<S, F, D>(float* dsum, float* dx, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            RowGradient row = this;
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(dx + i, S.Add(row.At<S, F, D>(i), S.Load(dsum + i)));
            }

            for (; i < count; i++)
            {
                dx[i] = row.At<SimdScalar, float, double>(i) + dsum[i];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private F At<S, F, D>(int i)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            F g = S.Multiply(S.Load(_dy + i), S.Load(_weight + i));
            F xhat = S.Multiply(S.Subtract(S.Load(_x + i), S.Create(_mean)), S.Create(_rstd));
            return S.Multiply(S.Fma(S.Xor(xhat, S.Create(-0f)), S.Create(_meanGXhat), S.Subtract(g, S.Create(_meanG))), S.Create(_rstd));
        }
    }
}
