// The lane order, for sums along a contiguous row: 32 virtual lanes, element i goes to lane i mod 32, ascending; then the lanes
// are halved (j += j+16, +8, +4, +2, +1). Every lane starts at -0, the identity of IEEE addition (x + -0 is x, signs of zero
// included), so that a lane without elements takes part in nothing, and a lane's first element enters it as it is.
// Here the 32 lanes are 1 x 32, 8 x 4, 4 x 8 or 2 x 16 vector lanes. What may never change: the order, and the 32.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Reduction;

/// <summary>A term of a lane sum: adds element <c>i</c> (and its right neighbours, one a vector lane) to the accumulator.</summary>
internal interface ILaneTerm
{
    F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>Sums along a contiguous row in 32 lanes.</summary>
internal static unsafe partial class Lanes
{
    /// <summary>Number of virtual lanes.</summary>
    public const int Count = 32;

    /// <summary>The lane sum of a row's <paramref name="count"/> terms; +0 of none.</summary>
    [SkipLocalsInit]
    public static float Sum<S, F, D, TTerm>(TTerm term, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        float* lanes = stackalloc float[Count];
        Clear(lanes);
        Accumulate<S, F, D, TTerm>(ref term, count, lanes);
        return count == 0 ? 0f : Halve<S, F, D>(lanes);
    }

    /// <summary>No lane has an element: -0 is what every sum begins with.</summary>
    public static void Clear(float* lanes) => new Span<float>(lanes, Count).Fill(-0f);

    /// <summary>Adds a part of a row to its lanes: all parts but the last are multiples of 32 long.</summary>
    public static void Add<S, F, D, TTerm>(TTerm term, int count, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm => Accumulate<S, F, D, TTerm>(ref term, count, lanes);

    /// <summary>The lane sums of four rows: side by side, as many as fill eight vectors, where one row's chains leave the adders idle.</summary>
    [SkipLocalsInit]
    public static Vector128<float> Sum<S, F, D, TTerm>(TTerm term0, TTerm term1, TTerm term2, TTerm term3, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        float* lanes = stackalloc float[4 * Count];
        if (S.Lanes == 16)
        {
            F identity = S.Create(-0f);
            F sum00 = identity, sum01 = identity, sum10 = identity, sum11 = identity, sum20 = identity, sum21 = identity, sum30 = identity, sum31 = identity;
            int whole = count & -Count;
            for (int i = 0; i < whole; i += Count)
            {
                sum00 = term0.AddTo<S, F, D>(sum00, i);
                sum01 = term0.AddTo<S, F, D>(sum01, i + S.Lanes);
                sum10 = term1.AddTo<S, F, D>(sum10, i);
                sum11 = term1.AddTo<S, F, D>(sum11, i + S.Lanes);
                sum20 = term2.AddTo<S, F, D>(sum20, i);
                sum21 = term2.AddTo<S, F, D>(sum21, i + S.Lanes);
                sum30 = term3.AddTo<S, F, D>(sum30, i);
                sum31 = term3.AddTo<S, F, D>(sum31, i + S.Lanes);
            }

            S.Store(lanes, sum00);
            S.Store(lanes + S.Lanes, sum01);
            S.Store(lanes + Count, sum10);
            S.Store(lanes + Count + S.Lanes, sum11);
            S.Store(lanes + (2 * Count), sum20);
            S.Store(lanes + (2 * Count) + S.Lanes, sum21);
            S.Store(lanes + (3 * Count), sum30);
            S.Store(lanes + (3 * Count) + S.Lanes, sum31);
            if (whole < count)
            {
                AddRest<S, F, D, TTerm>(ref term0, whole, count, lanes);
                AddRest<S, F, D, TTerm>(ref term1, whole, count, lanes + Count);
                AddRest<S, F, D, TTerm>(ref term2, whole, count, lanes + (2 * Count));
                AddRest<S, F, D, TTerm>(ref term3, whole, count, lanes + (3 * Count));
            }
        }
        else if (S.Lanes == 8)
        {
            AccumulateTwo<S, F, D, TTerm>(ref term0, ref term1, count, lanes);
            AccumulateTwo<S, F, D, TTerm>(ref term2, ref term3, count, lanes + (2 * Count));
        }
        else
        {
            new Span<float>(lanes, 4 * Count).Fill(-0f);
            Accumulate<S, F, D, TTerm>(ref term0, count, lanes);
            Accumulate<S, F, D, TTerm>(ref term1, count, lanes + Count);
            Accumulate<S, F, D, TTerm>(ref term2, count, lanes + (2 * Count));
            Accumulate<S, F, D, TTerm>(ref term3, count, lanes + (3 * Count));
        }

        return count == 0 ? Vector128<float>.Zero : HalveFour(lanes);
    }

    /// <summary>Two rows of vectors of 8, which are four each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AccumulateTwo<S, F, D, TTerm>(ref TTerm term0, ref TTerm term1, int count, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        F identity = S.Create(-0f);
        F sum00 = identity, sum01 = identity, sum02 = identity, sum03 = identity, sum10 = identity, sum11 = identity, sum12 = identity, sum13 = identity;
        int whole = count & -Count;
        for (int i = 0; i < whole; i += Count)
        {
            sum00 = term0.AddTo<S, F, D>(sum00, i);
            sum01 = term0.AddTo<S, F, D>(sum01, i + S.Lanes);
            sum02 = term0.AddTo<S, F, D>(sum02, i + (2 * S.Lanes));
            sum03 = term0.AddTo<S, F, D>(sum03, i + (3 * S.Lanes));
            sum10 = term1.AddTo<S, F, D>(sum10, i);
            sum11 = term1.AddTo<S, F, D>(sum11, i + S.Lanes);
            sum12 = term1.AddTo<S, F, D>(sum12, i + (2 * S.Lanes));
            sum13 = term1.AddTo<S, F, D>(sum13, i + (3 * S.Lanes));
        }

        S.Store(lanes, sum00);
        S.Store(lanes + S.Lanes, sum01);
        S.Store(lanes + (2 * S.Lanes), sum02);
        S.Store(lanes + (3 * S.Lanes), sum03);
        S.Store(lanes + Count, sum10);
        S.Store(lanes + Count + S.Lanes, sum11);
        S.Store(lanes + Count + (2 * S.Lanes), sum12);
        S.Store(lanes + Count + (3 * S.Lanes), sum13);
        AddRest<S, F, D, TTerm>(ref term0, whole, count, lanes);
        AddRest<S, F, D, TTerm>(ref term1, whole, count, lanes + Count);
    }

    /// <summary>The halving of four rows' lanes, a row a lane of the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> HalveFour(float* lanes)
    {
        Vector128<float> row0 = HalveToFour(lanes), row1 = HalveToFour(lanes + Count);
        Vector128<float> row2 = HalveToFour(lanes + (2 * Count)), row3 = HalveToFour(lanes + (3 * Count));
        float* four = lanes;
        Vector128.Store(row0, four);
        Vector128.Store(row1, four + 4);
        Vector128.Store(row2, four + 8);
        Vector128.Store(row3, four + 12);
        Vector128<float> lane0 = Vector128.Create(four[0], four[4], four[8], four[12]), lane1 = Vector128.Create(four[1], four[5], four[9], four[13]);
        Vector128<float> lane2 = Vector128.Create(four[2], four[6], four[10], four[14]), lane3 = Vector128.Create(four[3], four[7], four[11], four[15]);
        return (lane0 + lane2) + (lane1 + lane3);
    }

    /// <summary>Lane j takes up lane j+16, then j+8, j+4, in fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> HalveToFour(float* lanes)
    {
        Vector128<float> sum0 = Vector128.Load(lanes) + Vector128.Load(lanes + 16), sum1 = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 20);
        Vector128<float> sum2 = Vector128.Load(lanes + 8) + Vector128.Load(lanes + 24), sum3 = Vector128.Load(lanes + 12) + Vector128.Load(lanes + 28);
        return (sum0 + sum2) + (sum1 + sum3);
    }

    /// <summary>Adds the terms of whole sweeps of 32 in registers, four vectors at a time, then the rest through memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<S, F, D, TTerm>(ref TTerm term, int count, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        int whole = count & -Count;
        if (S.Lanes == 16)
        {
            F sum0 = S.Load(lanes), sum1 = S.Load(lanes + S.Lanes);
            for (int i = 0; i < whole; i += Count)
            {
                sum0 = term.AddTo<S, F, D>(sum0, i);
                sum1 = term.AddTo<S, F, D>(sum1, i + S.Lanes);
            }

            S.Store(lanes, sum0);
            S.Store(lanes + S.Lanes, sum1);
        }
        else
        {
            for (int first = 0; first < Count; first += 4 * S.Lanes)
            {
                float* four = lanes + first;
                F sum0 = S.Load(four), sum1 = S.Load(four + S.Lanes), sum2 = S.Load(four + (2 * S.Lanes)), sum3 = S.Load(four + (3 * S.Lanes));
                for (int i = first; i < whole; i += Count)
                {
                    sum0 = term.AddTo<S, F, D>(sum0, i);
                    sum1 = term.AddTo<S, F, D>(sum1, i + S.Lanes);
                    sum2 = term.AddTo<S, F, D>(sum2, i + (2 * S.Lanes));
                    sum3 = term.AddTo<S, F, D>(sum3, i + (3 * S.Lanes));
                }

                S.Store(four, sum0);
                S.Store(four + S.Lanes, sum1);
                S.Store(four + (2 * S.Lanes), sum2);
                S.Store(four + (3 * S.Lanes), sum3);
            }
        }

        AddRest<S, F, D, TTerm>(ref term, whole, count, lanes);
    }

    /// <summary>Adds the terms behind the last whole sweep.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRest<S, F, D, TTerm>(ref TTerm term, int whole, int count, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        int next = whole;
        for (; next <= count - S.Lanes; next += S.Lanes)
        {
            float* lane = lanes + (next - whole);
            S.Store(lane, term.AddTo<S, F, D>(S.Load(lane), next));
        }

        for (; next < count; next++)
        {
            float* lane = lanes + (next - whole);
            *lane = term.AddTo<SimdScalar, float, double>(*lane, next);
        }
    }

    /// <summary>Lane j takes up lane j+16, then j+8, j+4, j+2, j+1; lane 0 is the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Halve<S, F, D>(float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (S.Lanes == 1)
        {
            for (int half = Count / 2; half > 0; half /= 2)
            {
                for (int j = 0; j < half; j++)
                {
                    lanes[j] = lanes[j] + lanes[j + half];
                }
            }

            return lanes[0];
        }

        // In fours, whatever the path: what was stored wider is read back at once, and the last steps stay in registers.
        Vector128<float> sum = HalveToFour(lanes);
        sum += Vector128.Shuffle(sum, Vector128.Create(2, 3, 2, 3));
        return (sum + Vector128.Shuffle(sum, Vector128.Create(1, 1, 1, 1))).ToScalar();
    }

    /// <summary>The lane sum of the elements, widened to double.</summary>
    public static double SumInDouble<S, F, D>(float* x, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => AccumulateInDouble<S, F, D>(x, count, squares: false);

    /// <summary>The lane sum of the elements' squares in double.</summary>
    public static double SumOfSquaresInDouble<S, F, D>(float* x, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => AccumulateInDouble<S, F, D>(x, count, squares: true);

    [SkipLocalsInit]
    private static double AccumulateInDouble<S, F, D>(float* x, int count, bool squares)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        double* lanes = stackalloc double[Count];
        AccumulateInDouble<S, F, D>(x, count, squares, 0, Count, lanes);
        return FinishInDouble(x, count, squares, lanes);
    }

    /// <summary>
    /// Adds the elements of whole sweeps of 32 to the lanes from first to end, multiples of 16: lanes are independent, and 16
    /// of them read every other cache line.
    /// </summary>
    public static void AccumulateInDouble<S, F, D>(float* x, int count, bool squares, int first, int end, double* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        D identity = S.CreateD(-0.0);
        int whole = count & -Count;
        for (; first <= end - (4 * S.LanesD); first += 4 * S.LanesD)
        {
            D sum0 = identity, sum1 = identity, sum2 = identity, sum3 = identity;
            for (int i = first; i < whole; i += Count)
            {
                sum0 = AddTerm<S, F, D>(sum0, S.LoadWidened(x + i), squares);
                sum1 = AddTerm<S, F, D>(sum1, S.LoadWidened(x + i + S.LanesD), squares);
                sum2 = AddTerm<S, F, D>(sum2, S.LoadWidened(x + i + (2 * S.LanesD)), squares);
                sum3 = AddTerm<S, F, D>(sum3, S.LoadWidened(x + i + (3 * S.LanesD)), squares);
            }

            S.StoreD(lanes + first, sum0);
            S.StoreD(lanes + first + S.LanesD, sum1);
            S.StoreD(lanes + first + (2 * S.LanesD), sum2);
            S.StoreD(lanes + first + (3 * S.LanesD), sum3);
        }

        for (; first < end; first += 2 * S.LanesD)
        {
            D sum0 = identity, sum1 = identity;
            for (int i = first; i < whole; i += Count)
            {
                sum0 = AddTerm<S, F, D>(sum0, S.LoadWidened(x + i), squares);
                sum1 = AddTerm<S, F, D>(sum1, S.LoadWidened(x + i + S.LanesD), squares);
            }

            S.StoreD(lanes + first, sum0);
            S.StoreD(lanes + first + S.LanesD, sum1);
        }
    }

    /// <summary>Adds the elements behind the last whole sweep, and halves the lanes.</summary>
    public static double FinishInDouble(float* x, int count, bool squares, double* lanes)
    {
        int whole = count & -Count;
        for (int i = whole; i < count; i++)
        {
            lanes[i - whole] = AddTerm<SimdScalar, float, double>(lanes[i - whole], x[i], squares);
        }

        return count == 0 ? 0.0 : Reference.Halve(new Span<double>(lanes, Count));
    }

    /// <summary>A square of a widened float32 is exact, so adding it fused or not is the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static D AddTerm<S, F, D>(D accumulator, D x, bool squares)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Add(accumulator, squares ? S.Multiply(x, x) : x);
}

/// <summary>The terms x[i].</summary>
internal readonly unsafe struct ElementTerm(float* x) : ILaneTerm
{
    private readonly float* _x = x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Add(accumulator, S.Load(_x + i));
}

/// <summary>The terms a[i]*b[i].</summary>
internal readonly unsafe struct ProductTerm(float* a, float* b) : ILaneTerm
{
    private readonly float* _a = a;
    private readonly float* _b = b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int i)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Fma(S.Load(_a + i), S.Load(_b + i), accumulator);
}
