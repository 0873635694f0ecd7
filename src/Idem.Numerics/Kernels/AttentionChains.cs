// The register tile of attention's chains over keys or over queries: up to eight rows by two vectors of sums, each sum one chain
// of fused multiply-adds in its own lane, where every row has its own range of terms. Terms that all rows have run in a loop
// without conditions; before and after it (the steps of the causal triangle, the ends of a window) each row asks for each term.
// What may never change: each chain's terms ascend.

namespace Idem.Numerics.Kernels;

/// <summary>Where chains start; a constant to the JIT.</summary>
internal interface IChainStart
{
    /// <summary>Whether at +0, whatever sums hold; else they go on from these.</summary>
    static abstract bool Begins { get; }
}

internal readonly struct ChainsBegin : IChainStart
{
    public static bool Begins => true;
}

internal readonly struct ChainsGoOn : IChainStart
{
    public static bool Begins => false;
}

/// <summary>
/// Chains sums[r][x] = fma(a[r, t], b[t][x], sums[r][x]). Element (r, t) of a lies at <c>a + r*Across + t*Step</c>, row t of b at
/// <c>b + t*Stride</c>.
/// </summary>
internal readonly unsafe struct AttentionChains(float* a, nint across, nint step, float* b, nint stride)
{
    private readonly float* _a = a, _b = b;
    private readonly nint _across = across, _step = step, _stride = stride;

    /// <summary>Rows that a tile holds beside its operands in registers.</summary>
    public static int RowsMax<S, F, D>()
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Lanes == 16 || System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported ? 8 : 6;

    /// <summary>
    /// Adds to <paramref name="count"/> rows of sums, <paramref name="sumsStride"/> apart and <paramref name="width"/> wide, the
    /// terms t of row r with first[r] &lt;= t &lt; end[r] and low &lt;= t &lt; high, ascending. first and end do not descend in r.
    /// </summary>
    public void Add<S, F, D, TStart>(int* first, int* end, int count, int low, int high, float* sums, nint sumsStride, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TStart : struct, IChainStart
    {
        int x = count == 1 ? AddRow<S, F, D, TStart>(Math.Max(low, first[0]), Math.Min(high, end[0]), sums, width) : 0;
        for (; x <= width - (2 * S.Lanes); x += 2 * S.Lanes)
        {
            for (int row = 0; row < count;)
            {
                int left = count - row;
                float* a = _a + (row * _across), target = sums + (row * sumsStride) + x;
                row += left switch
                {
                    >= 8 when RowsMax<S, F, D>() == 8 => Tile<S, F, D, Count8, TStart>(a, _b + x, first + row, end + row, low, high, target, sumsStride),
                    >= 6 => Tile<S, F, D, Count6, TStart>(a, _b + x, first + row, end + row, low, high, target, sumsStride),
                    >= 4 => Tile<S, F, D, Count4, TStart>(a, _b + x, first + row, end + row, low, high, target, sumsStride),
                    >= 2 => Tile<S, F, D, Count2, TStart>(a, _b + x, first + row, end + row, low, high, target, sumsStride),
                    _ => Tile<S, F, D, Count1, TStart>(a, _b + x, first + row, end + row, low, high, target, sumsStride),
                };
            }
        }

        for (int row = 0; row < count && x < width; row++)
        {
            AddColumns<S, F, D, TStart>(row, Math.Max(low, first[row]), Math.Min(high, end[row]), sums + (row * sumsStride), x, width);
        }
    }

    /// <summary>One row by as many times four vectors as there are: enough chains at once to hide a multiply-add's latency.</summary>
    /// <returns>The columns that are done.</returns>
    private int AddRow<S, F, D, TStart>(int low, int high, float* sums, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TStart : struct, IChainStart
    {
        int x = 0;
        for (; x <= width - (4 * S.Lanes); x += 4 * S.Lanes)
        {
            F sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            if (!TStart.Begins)
            {
                sum0 = S.Load(sums + x);
                sum1 = S.Load(sums + x + S.Lanes);
                sum2 = S.Load(sums + x + (2 * S.Lanes));
                sum3 = S.Load(sums + x + (3 * S.Lanes));
            }

            float* row = _b + (low * _stride) + x, at = _a + (low * _step);
            for (int t = low; t < high; t++)
            {
                F factor = S.Create(*at);
                sum0 = S.Fma(factor, S.Load(row), sum0);
                sum1 = S.Fma(factor, S.Load(row + S.Lanes), sum1);
                sum2 = S.Fma(factor, S.Load(row + (2 * S.Lanes)), sum2);
                sum3 = S.Fma(factor, S.Load(row + (3 * S.Lanes)), sum3);
                row += _stride;
                at += _step;
            }

            S.Store(sums + x, sum0);
            S.Store(sums + x + S.Lanes, sum1);
            S.Store(sums + x + (2 * S.Lanes), sum2);
            S.Store(sums + x + (3 * S.Lanes), sum3);
        }

        return x;
    }

    private void AddColumns<S, F, D, TStart>(int row, int low, int high, float* sums, int x, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TStart : struct, IChainStart
    {
        float* a = _a + (row * _across);
        for (; x <= width - S.Lanes; x += S.Lanes)
        {
            F sum = TStart.Begins ? S.Zero : S.Load(sums + x);
            for (int t = low; t < high; t++)
            {
                sum = S.Fma(S.Create(a[t * _step]), S.Load(_b + (t * _stride) + x), sum);
            }

            S.Store(sums + x, sum);
        }

        for (; x < width; x++)
        {
            float sum = TStart.Begins ? 0f : sums[x];
            for (int t = low; t < high; t++)
            {
                sum = Fma.Single(a[t * _step], _b[(t * _stride) + x], sum);
            }

            sums[x] = sum;
        }
    }

    /// <summary>Some rows by two vectors.</summary>
    /// <returns>The number of rows.</returns>
    private int Tile<S, F, D, TRows, TStart>(float* a, float* b, int* first, int* end, int low, int high, float* sums, nint sumsStride)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TRows : struct, IRowCount
        where TStart : struct, IChainStart
    {
        int t = Math.Max(low, first[0]), stop = Math.Min(high, end[TRows.Count - 1]);
        if (t >= stop && !TStart.Begins)
        {
            return TRows.Count;
        }

        int allFirst = Math.Max(t, first[TRows.Count - 1]), allEnd = Math.Min(stop, end[0]);
        F c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        F c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        if (!TStart.Begins)
        {
            float* target = sums;
            c00 = S.Load(target);
            c01 = S.Load(target + S.Lanes);
            if (TRows.Count > 1)
            {
                target += sumsStride;
                c10 = S.Load(target);
                c11 = S.Load(target + S.Lanes);
            }

            if (TRows.Count > 2)
            {
                target += sumsStride;
                c20 = S.Load(target);
                c21 = S.Load(target + S.Lanes);
                target += sumsStride;
                c30 = S.Load(target);
                c31 = S.Load(target + S.Lanes);
            }

            if (TRows.Count > 4)
            {
                target += sumsStride;
                c40 = S.Load(target);
                c41 = S.Load(target + S.Lanes);
                target += sumsStride;
                c50 = S.Load(target);
                c51 = S.Load(target + S.Lanes);
            }

            if (TRows.Count > 6)
            {
                target += sumsStride;
                c60 = S.Load(target);
                c61 = S.Load(target + S.Lanes);
                target += sumsStride;
                c70 = S.Load(target);
                c71 = S.Load(target + S.Lanes);
            }
        }

        nint row = _across * sizeof(float), step = _step * sizeof(float), stride = _stride * sizeof(float);
        byte* a0 = (byte*)(a + (t * _step)), a3 = a0 + (3 * row), a6 = a3 + (3 * row), bt = (byte*)(b + (t * _stride));
        while (t < stop)
        {
            F b0, b1, x;
            if (t == allFirst)
            {
                for (; t < allEnd; t++)
                {
                    b0 = S.Load((float*)bt);
                    b1 = S.Load((float*)bt + S.Lanes);
                    x = S.Create(*(float*)a0);
                    c00 = S.Fma(x, b0, c00);
                    c01 = S.Fma(x, b1, c01);
                    if (TRows.Count > 1)
                    {
                        x = S.Create(*(float*)(a0 + row));
                        c10 = S.Fma(x, b0, c10);
                        c11 = S.Fma(x, b1, c11);
                    }

                    if (TRows.Count > 2)
                    {
                        x = S.Create(*(float*)(a0 + (2 * row)));
                        c20 = S.Fma(x, b0, c20);
                        c21 = S.Fma(x, b1, c21);
                        x = S.Create(*(float*)a3);
                        c30 = S.Fma(x, b0, c30);
                        c31 = S.Fma(x, b1, c31);
                    }

                    if (TRows.Count > 4)
                    {
                        x = S.Create(*(float*)(a3 + row));
                        c40 = S.Fma(x, b0, c40);
                        c41 = S.Fma(x, b1, c41);
                        x = S.Create(*(float*)(a3 + (2 * row)));
                        c50 = S.Fma(x, b0, c50);
                        c51 = S.Fma(x, b1, c51);
                    }

                    if (TRows.Count > 6)
                    {
                        x = S.Create(*(float*)a6);
                        c60 = S.Fma(x, b0, c60);
                        c61 = S.Fma(x, b1, c61);
                        x = S.Create(*(float*)(a6 + row));
                        c70 = S.Fma(x, b0, c70);
                        c71 = S.Fma(x, b1, c71);
                    }

                    a0 += step;
                    a3 += step;
                    a6 += step;
                    bt += stride;
                }

                if (t >= stop)
                {
                    break;
                }
            }

            b0 = S.Load((float*)bt);
            b1 = S.Load((float*)bt + S.Lanes);
            if (t >= first[0] && t < end[0])
            {
                x = S.Create(*(float*)a0);
                c00 = S.Fma(x, b0, c00);
                c01 = S.Fma(x, b1, c01);
            }

            if (TRows.Count > 1 && t >= first[1] && t < end[1])
            {
                x = S.Create(*(float*)(a0 + row));
                c10 = S.Fma(x, b0, c10);
                c11 = S.Fma(x, b1, c11);
            }

            if (TRows.Count > 2 && t >= first[2] && t < end[2])
            {
                x = S.Create(*(float*)(a0 + (2 * row)));
                c20 = S.Fma(x, b0, c20);
                c21 = S.Fma(x, b1, c21);
            }

            if (TRows.Count > 2 && t >= first[3] && t < end[3])
            {
                x = S.Create(*(float*)a3);
                c30 = S.Fma(x, b0, c30);
                c31 = S.Fma(x, b1, c31);
            }

            if (TRows.Count > 4 && t >= first[4] && t < end[4])
            {
                x = S.Create(*(float*)(a3 + row));
                c40 = S.Fma(x, b0, c40);
                c41 = S.Fma(x, b1, c41);
            }

            if (TRows.Count > 4 && t >= first[5] && t < end[5])
            {
                x = S.Create(*(float*)(a3 + (2 * row)));
                c50 = S.Fma(x, b0, c50);
                c51 = S.Fma(x, b1, c51);
            }

            if (TRows.Count > 6 && t >= first[6] && t < end[6])
            {
                x = S.Create(*(float*)a6);
                c60 = S.Fma(x, b0, c60);
                c61 = S.Fma(x, b1, c61);
            }

            if (TRows.Count > 6 && t >= first[7] && t < end[7])
            {
                x = S.Create(*(float*)(a6 + row));
                c70 = S.Fma(x, b0, c70);
                c71 = S.Fma(x, b1, c71);
            }

            t++;
            a0 += step;
            a3 += step;
            a6 += step;
            bt += stride;
        }

        S.Store(sums, c00);
        S.Store(sums + S.Lanes, c01);
        if (TRows.Count > 1)
        {
            sums += sumsStride;
            S.Store(sums, c10);
            S.Store(sums + S.Lanes, c11);
        }

        if (TRows.Count > 2)
        {
            sums += sumsStride;
            S.Store(sums, c20);
            S.Store(sums + S.Lanes, c21);
            sums += sumsStride;
            S.Store(sums, c30);
            S.Store(sums + S.Lanes, c31);
        }

        if (TRows.Count > 4)
        {
            sums += sumsStride;
            S.Store(sums, c40);
            S.Store(sums + S.Lanes, c41);
            sums += sumsStride;
            S.Store(sums, c50);
            S.Store(sums + S.Lanes, c51);
        }

        if (TRows.Count > 6)
        {
            sums += sumsStride;
            S.Store(sums, c60);
            S.Store(sums + S.Lanes, c61);
            sums += sumsStride;
            S.Store(sums, c70);
            S.Store(sums + S.Lanes, c71);
        }

        return TRows.Count;
    }
}
