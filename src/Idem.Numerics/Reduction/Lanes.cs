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
        Accumulate<S, F, D, TTerm>(ref term, count, lanes);
        return count == 0 ? 0f : Halve<S, F, D>(lanes);
    }

    /// <summary>The lane sums of two rows: side by side where one row's two vectors leave the adders idle.</summary>
    [SkipLocalsInit]
    public static void Sum<S, F, D, TTerm>(TTerm term0, TTerm term1, int count, out float result0, out float result1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        float* lanes = stackalloc float[2 * Count];
        if (S.Lanes == 16)
        {
            F sum00 = S.Create(-0f), sum01 = sum00, sum10 = sum00, sum11 = sum00;
            int whole = count & -Count;
            for (int i = 0; i < whole; i += Count)
            {
                sum00 = term0.AddTo<S, F, D>(sum00, i);
                sum10 = term1.AddTo<S, F, D>(sum10, i);
                sum01 = term0.AddTo<S, F, D>(sum01, i + S.Lanes);
                sum11 = term1.AddTo<S, F, D>(sum11, i + S.Lanes);
            }

            S.Store(lanes, sum00);
            S.Store(lanes + S.Lanes, sum01);
            S.Store(lanes + Count, sum10);
            S.Store(lanes + Count + S.Lanes, sum11);
            AddRest<S, F, D, TTerm>(ref term0, whole, count, lanes);
            AddRest<S, F, D, TTerm>(ref term1, whole, count, lanes + Count);
        }
        else
        {
            Accumulate<S, F, D, TTerm>(ref term0, count, lanes);
            Accumulate<S, F, D, TTerm>(ref term1, count, lanes + Count);
        }

        result0 = count == 0 ? 0f : Halve<S, F, D>(lanes);
        result1 = count == 0 ? 0f : Halve<S, F, D>(lanes + Count);
    }

    /// <summary>Adds the terms of whole sweeps of 32 in registers, four vectors at a time, then the rest through memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<S, F, D, TTerm>(ref TTerm term, int count, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TTerm : struct, ILaneTerm
    {
        F identity = S.Create(-0f);
        int whole = count & -Count;
        if (S.Lanes == 16)
        {
            F sum0 = identity, sum1 = identity;
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
                F sum0 = identity, sum1 = identity, sum2 = identity, sum3 = identity;
                for (int i = first; i < whole; i += Count)
                {
                    sum0 = term.AddTo<S, F, D>(sum0, i);
                    sum1 = term.AddTo<S, F, D>(sum1, i + S.Lanes);
                    sum2 = term.AddTo<S, F, D>(sum2, i + (2 * S.Lanes));
                    sum3 = term.AddTo<S, F, D>(sum3, i + (3 * S.Lanes));
                }

                S.Store(lanes + first, sum0);
                S.Store(lanes + first + S.Lanes, sum1);
                S.Store(lanes + first + (2 * S.Lanes), sum2);
                S.Store(lanes + first + (3 * S.Lanes), sum3);
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
        Vector128<float> sum0 = Vector128.Load(lanes) + Vector128.Load(lanes + 16), sum1 = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 20);
        Vector128<float> sum2 = Vector128.Load(lanes + 8) + Vector128.Load(lanes + 24), sum3 = Vector128.Load(lanes + 12) + Vector128.Load(lanes + 28);
        Vector128<float> sum = (sum0 + sum2) + (sum1 + sum3);
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
