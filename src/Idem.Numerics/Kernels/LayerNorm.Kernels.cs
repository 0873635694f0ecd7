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
            int row = start, pairsEnd = Rows.AreNear(end - start, Columns) ? end : start;
            for (; row < pairsEnd - 1; row += 2)
            {
                long at0 = (long)row * Columns, at1 = at0 + Columns;
                float* x0 = X + at0, x1 = X + at1;
                float sum0, sum1;
                if (A == null)
                {
                    Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(x0), new ElementTerm(x1), Columns, out sum0, out sum1);
                }
                else
                {
                    Lanes.Sum<S, F, D, StoredSumTerm>(
                        new StoredSumTerm(A + at0, B + at0, x0), new StoredSumTerm(A + at1, B + at1, x1), Columns, out sum0, out sum1);
                }

                float mean0 = sum0 / (float)Columns, mean1 = sum1 / (float)Columns;
                SquaredDeviationTerm term0 = new(x0, mean0), term1 = new(x1, mean1);
                Lanes.Sum<S, F, D, SquaredDeviationTerm>(term0, term1, Columns, out float squares0, out float squares1);
                RowOutput.Store<S, F, D>(Finish(row, mean0, squares0), Finish(row + 1, mean1, squares1), Columns);
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
                Finish(row, mean, squares).Store<S, F, D>(Columns);
            }
        }

        /// <summary>Keeps a row's statistics and prepares its output.</summary>
        private readonly RowOutput Finish(int row, float mean, float squares)
        {
            float rstd = 1f / MathF.Sqrt((squares / (float)Columns) + Eps);
            Mean[row] = mean;
            Rstd[row] = rstd;
            long at = (long)row * Columns;
            return new RowOutput(X + at, mean, rstd, Weight, Bias, Y + at);
        }
    }

    /// <summary>One row's y = fma((x-mean)*rstd, weight, bias); without a bias the product alone.</summary>
    private readonly struct RowOutput(float* x, float mean, float rstd, float* weight, float* bias, float* y)
    {
        private readonly float* _x = x;
        private readonly float* _weight = weight;
        private readonly float* _bias = bias;
        private readonly float* _y = y;
        private readonly float _mean = mean;
        private readonly float _rstd = rstd;

        public void Store<S, F, D>(int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            RowOutput row = this;
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                F xhat = row.Normalized<S, F, D>(i), weight = S.Load(row._weight + i);
                S.Store(row._y + i, row._bias == null ? S.Multiply(xhat, weight) : S.Fma(xhat, weight, S.Load(row._bias + i)));
            }

            row.StoreRest(i, count);
        }

        /// <summary>Stores two rows; they share the loads of weight and bias.</summary>
        public static void Store<S, F, D>(RowOutput row0, RowOutput row1, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int i = 0;
            if (row0._bias == null)
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    Rows.Prefetch(row0._x + (2L * count) + i);
                    Rows.Prefetch(row1._x + (2L * count) + i);
                    F weight = S.Load(row0._weight + i);
                    S.Store(row0._y + i, S.Multiply(row0.Normalized<S, F, D>(i), weight));
                    S.Store(row1._y + i, S.Multiply(row1.Normalized<S, F, D>(i), weight));
                }
            }
            else
            {
                for (; i <= count - S.Lanes; i += S.Lanes)
                {
                    Rows.Prefetch(row0._x + (2L * count) + i);
                    Rows.Prefetch(row1._x + (2L * count) + i);
                    F weight = S.Load(row0._weight + i), bias = S.Load(row0._bias + i);
                    S.Store(row0._y + i, S.Fma(row0.Normalized<S, F, D>(i), weight, bias));
                    S.Store(row1._y + i, S.Fma(row1.Normalized<S, F, D>(i), weight, bias));
                }
            }

            row0.StoreRest(i, count);
            row1.StoreRest(i, count);
        }

        private void StoreRest(int i, int count)
        {
            for (; i < count; i++)
            {
                float xhat = (_x[i] - _mean) * _rstd;
                _y[i] = _bias == null ? xhat * _weight[i] : Fma.Single(xhat, _weight[i], _bias[i]);
            }
        }

        /// <summary>(x-mean)*rstd.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private F Normalized<S, F, D>(int i)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => S.Multiply(S.Subtract(S.Load(_x + i), S.Create(_mean)), S.Create(_rstd));
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
