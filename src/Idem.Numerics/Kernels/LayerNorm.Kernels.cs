// The passes of layer normalisation along a row: sum, squared deviations, outputs; a row stays in the first-level cache between them.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class LayerNorm
{
    /// <summary>Rows of x; where A is given, x = A+B is stored first.</summary>
    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public float Eps;
        public float* A, B, X, Weight, Bias, Y, Mean, Rstd;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at;
                float sum = A == null
                    ? Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(x), Columns)
                    : Lanes.Sum<S, F, D, StoredSumTerm>(new StoredSumTerm(A + at, B + at, x), Columns);
                float mean = sum / (float)Columns;
                float variance = Lanes.Sum<S, F, D, SquaredDeviationTerm>(new SquaredDeviationTerm(x, mean), Columns) / (float)Columns;
                float rstd = 1f / MathF.Sqrt(variance + Eps);
                Mean[row] = mean;
                Rstd[row] = rstd;
                if (Bias == null)
                {
                    Scale<S, F, D>(x, mean, rstd, Weight, Y + at, Columns);
                }
                else
                {
                    ScaleAndShift<S, F, D>(x, mean, rstd, Weight, Bias, Y + at, Columns);
                }
            }
        }

        /// <summary>y = ((x-mean)*rstd)*weight.</summary>
        private static void Scale<S, F, D>(float* x, float mean, float rstd, float* weight, float* y, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            F means = S.Create(mean), rstds = S.Create(rstd);
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, S.Multiply(S.Multiply(S.Subtract(S.Load(x + i), means), rstds), S.Load(weight + i)));
            }

            for (; i < count; i++)
            {
                y[i] = ((x[i] - mean) * rstd) * weight[i];
            }
        }

        /// <summary>y = fma((x-mean)*rstd, weight, bias).</summary>
        private static void ScaleAndShift<S, F, D>(float* x, float mean, float rstd, float* weight, float* bias, float* y, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            F means = S.Create(mean), rstds = S.Create(rstd);
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, S.Fma(S.Multiply(S.Subtract(S.Load(x + i), means), rstds), S.Load(weight + i), S.Load(bias + i)));
            }

            for (; i < count; i++)
            {
                y[i] = Fma.Single((x[i] - mean) * rstd, weight[i], bias[i]);
            }
        }
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
