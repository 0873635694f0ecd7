// What the kernels over contiguous rows share: the maximum of a row, and a map over a row.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal static unsafe class Rows
{
    /// <summary>
    /// Whether rows are likely to lie in a cache near by, where four of them side by side are faster; from farther away one
    /// stream is.
    /// </summary>
    public static bool AreNear(int rows, int columns) => (long)rows * columns <= 1 << 19;

    /// <summary>The largest element; NaN if any is NaN, +0 above -0. The order cannot matter. Needs at least one element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max<S, F, D>(float* x, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        float max = float.NegativeInfinity;
        if (count >= 4 * S.Lanes && S.Lanes > 1)
        {
            F max0 = S.Load(x), max1 = S.Load(x + S.Lanes), max2 = S.Load(x + (2 * S.Lanes)), max3 = S.Load(x + (3 * S.Lanes));
            for (i = 4 * S.Lanes; i <= count - (4 * S.Lanes); i += 4 * S.Lanes)
            {
                max0 = S.Max(max0, S.Load(x + i));
                max1 = S.Max(max1, S.Load(x + i + S.Lanes));
                max2 = S.Max(max2, S.Load(x + i + (2 * S.Lanes)));
                max3 = S.Max(max3, S.Load(x + i + (3 * S.Lanes)));
            }

            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                max0 = S.Max(max0, S.Load(x + i));
            }

            float* lanes = stackalloc float[S.Lanes];
            S.Store(lanes, S.Max(S.Max(max0, max1), S.Max(max2, max3)));
            for (int j = 0; j < S.Lanes; j++)
            {
                max = MathF.Max(max, lanes[j]);
            }
        }

        for (; i < count; i++)
        {
            max = MathF.Max(max, x[i]);
        }

        return max;
    }
}
