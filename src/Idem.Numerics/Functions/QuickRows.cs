// Functions over many vectors that have a quick evaluation, which leaves some lanes open, and a slow one, which decides. The loop
// over the quick one calls nothing: arguments of groups with an open lane are put aside, and after each chunk the open lanes are
// gathered into vectors and decided. Which evaluation answers cannot reach a result.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

/// <summary>A function of float32 lanes with a quick evaluation.</summary>
internal interface IQuickFunction
{
    /// <summary>Whether there is one for vectors of this kind. A constant to the JIT.</summary>
    bool IsQuick<S>();

    /// <summary>
    /// What Quick and Decide take in x's place. They treat all lanes alike, so that open ones may be gathered; this step need not (the maximum of
    /// <see cref="ExpBelow{V}"/> may differ from lane to lane).
    /// </summary>
    F Argument<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    /// <summary>The function in the lanes whose bit of <paramref name="open"/> is not set.</summary>
    F Quick<S, F, D>(F x, out ulong open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    /// <summary>Four vectors side by side, <see cref="Group.BitsPerVector"/> bits each.</summary>
    Four<F> Quick<S, F, D>(Four<F> x, out ulong open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    /// <summary>The function in all lanes.</summary>
    F Decide<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>Up to four vectors put aside, as y may be x.</summary>
internal struct OpenGroup
{
    /// <summary>Which of their lanes are open, and the first one's index in the chunk.</summary>
    public ulong Lanes;
    public nint Index;
}

internal static unsafe class QuickRows
{
    /// <summary>Vectors between two times of deciding: what they leave stays in the first-level cache.</summary>
    private const int Chunk = 256;

    private const int GroupVectors = 4;

    /// <summary>At least what a chunk can leave: its groups, and its last vectors one by one.</summary>
    private const int OpenMax = (Chunk / GroupVectors) + GroupVectors;

    private const int CacheLine = 64;

    /// <summary>Lanes of the widest vector.</summary>
    private const int LanesMax = 16;

    /// <summary>Rows that the second-level cache does not hold are asked for so far ahead: no loop this long has enough loads under way by itself.</summary>
    private const int FarFloats = 64 * 1024, AheadFloats = 8 * 1024;

    /// <summary>y[i] = f(x[i]) for a contiguous row; y may be x. Not for <see cref="ExpBelow{V}"/>, which knows vectors only.</summary>
    public static void Map<S, F, D, TFunction>(TFunction function, float* x, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        int vectors = count / S.Lanes;
        Map<S, F, D, TFunction>(function, x, S.Lanes, y, S.Lanes, vectors, count >= FarFloats ? AheadFloats : 0);
        for (int i = vectors * S.Lanes; i < count; i++)
        {
            y[i] = function.Decide<SimdScalar, float, double>(function.Argument<SimdScalar, float, double>(x[i]));
        }
    }

    /// <summary>The same for vectors that are strides apart; what lies <paramref name="ahead"/> floats further is asked for, unless that is 0 (of vectors side by side).</summary>
    [SkipLocalsInit]
    public static void Map<S, F, D, TFunction>(TFunction function, float* x, nint strideX, float* y, nint strideY, nint vectors, int ahead = 0)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        if (!function.IsQuick<S>())
        {
            for (nint i = 0; i < vectors; i++)
            {
                S.Store(y + (i * strideY), function.Decide<S, F, D>(function.Argument<S, F, D>(S.Load(x + (i * strideX)))));
            }

            return;
        }

        byte* memory = stackalloc byte[(OpenMax * GroupVectors * S.Lanes * sizeof(float)) + CacheLine];
        float* first = (float*)(((nint)memory + CacheLine - 1) & -CacheLine);
        OpenGroup* open = stackalloc OpenGroup[OpenMax];
        while (vectors > 0)
        {
            nint count = Math.Min(vectors, Chunk), opened = 0, i = 0;
            float* aside = first, to = y;
            for (; i <= count - GroupVectors; i += GroupVectors)
            {
                if (ahead != 0 && Sse.IsSupported)
                {
                    Prefetch(x + ahead, S.Lanes);
                    Prefetch(to + ahead, S.Lanes);
                }

                Four<F> group = new(
                    function.Argument<S, F, D>(S.Load(x)),
                    function.Argument<S, F, D>(S.Load(x + strideX)),
                    function.Argument<S, F, D>(S.Load(x + (2 * strideX))),
                    function.Argument<S, F, D>(S.Load(x + (3 * strideX))));
                Four<F> result = function.Quick<S, F, D>(group, out ulong lanes);
                S.Store(to, result.V0);
                S.Store(to + strideY, result.V1);
                S.Store(to + (2 * strideY), result.V2);
                S.Store(to + (3 * strideY), result.V3);
                x += GroupVectors * strideX;
                to += GroupVectors * strideY;
                aside = first + (opened * GroupVectors * S.Lanes);
                S.Store(aside, group.V0);
                S.Store(aside + S.Lanes, group.V1);
                S.Store(aside + (2 * S.Lanes), group.V2);
                S.Store(aside + (3 * S.Lanes), group.V3);
                open[opened].Lanes = lanes;
                open[opened].Index = i;
                opened += lanes != 0 ? 1 : 0;
            }

            for (; i < count; i++)
            {
                aside = first + (opened * GroupVectors * S.Lanes);
                S.Store(aside, function.Argument<S, F, D>(S.Load(x)));
                open[opened].Lanes = One<S, F, D, TFunction>(function, aside, to);
                open[opened].Index = i;
                opened += open[opened].Lanes != 0 ? 1 : 0;
                x += strideX;
                to += strideY;
            }

            Decide<S, F, D, TFunction>(function, first, y, strideY, open, opened);
            y = to;
            vectors -= count;
        }
    }

    /// <summary>One of the last vectors, its argument put aside; not inlined, so that the loop over groups is all that the JIT has to think of.</summary>
    /// <returns>Its open lanes.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong One<S, F, D, TFunction>(TFunction function, float* aside, float* y)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        S.Store(y, function.Quick<S, F, D>(S.Load(aside), out ulong open));
        return open;
    }

    /// <summary>Asks for four vectors in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* group, int lanes)
    {
        Sse.Prefetch1(group);
        Sse.Prefetch1(group + (2 * lanes));
        if (lanes * sizeof(float) >= CacheLine)
        {
            Sse.Prefetch1(group + lanes);
            Sse.Prefetch1(group + (3 * lanes));
        }
    }

    /// <summary>The function in the open lanes of groups put aside.</summary>
    [SkipLocalsInit]
    private static void Decide<S, F, D, TFunction>(TFunction function, float* aside, float* y, nint strideY, OpenGroup* open, nint count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        float* x = stackalloc float[LanesMax];
        float** places = stackalloc float*[LanesMax];
        int held = 0;
        for (; count > 0; count--, open++, aside += GroupVectors * S.Lanes)
        {
            for (ulong lanes = open->Lanes; lanes != 0; lanes &= lanes - 1)
            {
                int bit = BitOperations.TrailingZeroCount(lanes);
                int vector = bit / Group.BitsPerVector, lane = bit % Group.BitsPerVector;
                x[held] = aside[(vector * S.Lanes) + lane];
                places[held] = y + ((open->Index + vector) * strideY) + lane;
                held++;
                if (held == S.Lanes)
                {
                    Scatter<S, F, D, TFunction>(function, x, places, held);
                    held = 0;
                }
            }
        }

        if (held > 0)
        {
            for (int i = held; i < S.Lanes; i++)
            {
                x[i] = x[0];
            }

            Scatter<S, F, D, TFunction>(function, x, places, held);
        }
    }

    /// <summary>The function of a vector, its lanes stored where they belong.</summary>
    private static void Scatter<S, F, D, TFunction>(TFunction function, float* x, float** places, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        S.Store(x, function.Decide<S, F, D>(S.Load(x)));
        for (int i = 0; i < count; i++)
        {
            *places[i] = x[i];
        }
    }
}
