// The passes of root-mean-square normalisation along a row: squares, outputs; a row stays in the first-level cache between them.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class RmsNorm
{
    /// <summary>Rows of x; where A is given, x = A+B is stored first.</summary>
    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public float Eps;
        public float* A, B, X, Weight, Y, Rstd;

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
                float squares0, squares1;
                if (A == null)
                {
                    Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(x0, x0), new ProductTerm(x1, x1), Columns, out squares0, out squares1);
                }
                else
                {
                    Lanes.Sum<S, F, D, StoredSumSquareTerm>(
                        new StoredSumSquareTerm(A + at0, B + at0, x0), new StoredSumSquareTerm(A + at1, B + at1, x1), Columns, out squares0, out squares1);
                }

                Finish<S, F, D>(row, squares0);
                Finish<S, F, D>(row + 1, squares1);
            }

            for (; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at;
                float squares = A == null
                    ? Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(x, x), Columns)
                    : Lanes.Sum<S, F, D, StoredSumSquareTerm>(new StoredSumSquareTerm(A + at, B + at, x), Columns);
                Finish<S, F, D>(row, squares);
            }
        }

        private readonly void Finish<S, F, D>(int row, float squares)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float rstd = 1f / MathF.Sqrt((squares / (float)Columns) + Eps);
            Rstd[row] = rstd;
            long at = (long)row * Columns;
            Scale<S, F, D>(X + at, rstd, Weight, Y + at, Columns);
        }

        /// <summary>y = (x*rstd)*weight.</summary>
        private static void Scale<S, F, D>(float* x, float rstd, float* weight, float* y, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            F rstds = S.Create(rstd);
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, S.Multiply(S.Multiply(S.Load(x + i), rstds), S.Load(weight + i)));
            }

            for (; i < count; i++)
            {
                y[i] = (x[i] * rstd) * weight[i];
            }
        }
    }

    /// <summary>Rows of dx; where Dsum is given, it is added.</summary>
    private struct BackwardKernel : IKernel
    {
        public int Columns;
        public float* X, Weight, Rstd, Dy, Dsum, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at, dy = Dy + at;
                float rstd = Rstd[row];
                WeightedScaledTerm term = new(dy, Weight, x, rstd);
                float meanGXhat = Lanes.Sum<S, F, D, WeightedScaledTerm>(term, Columns) / (float)Columns;
                RowGradient gradient = new(x, Weight, rstd, dy, meanGXhat);
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

    /// <summary>One row's dx = fma(-xhat, mean(g*xhat), g)*rstd with g = dy*weight and xhat = x*rstd.</summary>
    private readonly struct RowGradient(float* x, float* weight, float rstd, float* dy, float meanGXhat)
    {
        private readonly float* _x = x;
        private readonly float* _weight = weight;
        private readonly float* _dy = dy;
        private readonly float _rstd = rstd;
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
            F xhat = S.Multiply(S.Load(_x + i), S.Create(_rstd));
            return S.Multiply(S.Fma(S.Xor(xhat, S.Create(-0f)), S.Create(_meanGXhat), g), S.Create(_rstd));
        }
    }
}
