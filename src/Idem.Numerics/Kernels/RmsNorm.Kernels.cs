// The passes of root-mean-square normalisation along a row: squares, outputs; a row stays in the first-level cache between them.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class RmsNorm
{
    /// <summary>Rows of x; where A is given, x = A+B is stored first.</summary>
    private struct ForwardKernel : IKernel
    {
        public int Columns;
        public bool AreNear;
        public float Eps;
        public float* A, B, X, Weight, Y, Rstd;

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
                Vector128<float> squares;
                if (A == null)
                {
                    squares = Lanes.Sum<S, F, D, ProductTerm>(
                        new ProductTerm(x0, x0), new ProductTerm(x1, x1), new ProductTerm(x2, x2), new ProductTerm(x3, x3), Columns);
                }
                else
                {
                    float* a = A + at, b = B + at;
                    squares = Lanes.Sum<S, F, D, StoredSumSquareTerm>(
                        new StoredSumSquareTerm(a, b, x0),
                        new StoredSumSquareTerm(a + columns, b + columns, x1),
                        new StoredSumSquareTerm(a + (2 * columns), b + (2 * columns), x2),
                        new StoredSumSquareTerm(a + (3 * columns), b + (3 * columns), x3),
                        Columns);
                }

                Vector128<float> rstd = Vector128<float>.One / Vector128.Sqrt((squares / Vector128.Create((float)Columns)) + Vector128.Create(Eps));
                Vector128.Store(rstd, Rstd + row);
                ScaleFour<S, F, D>(x0, Rstd + row, Weight, Y + at, Columns);
            }

            for (; row < end; row++)
            {
                long at = (long)row * Columns;
                float* x = X + at;
                float squares = A == null
                    ? Lanes.Sum<S, F, D, ProductTerm>(new ProductTerm(x, x), Columns)
                    : Lanes.Sum<S, F, D, StoredSumSquareTerm>(new StoredSumSquareTerm(A + at, B + at, x), Columns);
                float rstd = 1f / MathF.Sqrt((squares / (float)Columns) + Eps);
                Rstd[row] = rstd;
                Scale<S, F, D>(x, rstd, Weight, Y + at, Columns);
            }
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

            ScaleRest(x, rstd, weight, y, i, count);
        }

        /// <summary>Four rows; they share the loads of the weight.</summary>
        private static void ScaleFour<S, F, D>(float* x0, float* rstd, float* weight, float* y0, int count)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float* x1 = x0 + count, x2 = x1 + count, x3 = x2 + count, y1 = y0 + count, y2 = y1 + count, y3 = y2 + count;
            F rstd0 = S.Create(rstd[0]), rstd1 = S.Create(rstd[1]), rstd2 = S.Create(rstd[2]), rstd3 = S.Create(rstd[3]);
            int i = 0;
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                F w = S.Load(weight + i);
                S.Store(y0 + i, S.Multiply(S.Multiply(S.Load(x0 + i), rstd0), w));
                S.Store(y1 + i, S.Multiply(S.Multiply(S.Load(x1 + i), rstd1), w));
                S.Store(y2 + i, S.Multiply(S.Multiply(S.Load(x2 + i), rstd2), w));
                S.Store(y3 + i, S.Multiply(S.Multiply(S.Load(x3 + i), rstd3), w));
            }

            for (int row = 0; i < count && row < 4; row++)
            {
                ScaleRest(x0 + ((long)row * count), rstd[row], weight, y0 + ((long)row * count), i, count);
            }
        }

        private static void ScaleRest(float* x, float rstd, float* weight, float* y, int i, int count)
        {
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
