// Functions over many vectors that have a quick evaluation, which leaves some lanes open, and a slow one, which decides. The loop
// over the quick one keeps its constants in registers because it calls nothing: vectors with an open lane are put aside, and
// decided after each chunk. Which evaluation answers cannot reach a result.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

/// <summary>A function of float32 lanes with a quick evaluation.</summary>
internal interface IQuickFunction
{
    /// <summary>Whether two vectors side by side are faster than one after the other. A constant to the JIT.</summary>
    static abstract bool InPairs<S>();

    /// <summary>Whether there is one for vectors of this kind. A constant to the JIT.</summary>
    bool IsQuick<S>();

    /// <summary>The function in the lanes whose bit of <paramref name="open"/> is not set.</summary>
    F Quick<S, F, D>(F x, out uint open)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    /// <summary>Two vectors side by side.</summary>
    void Quick<S, F, D>(F x0, F x1, out F y0, out F y1, out uint open0, out uint open1)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    /// <summary>The function in all lanes.</summary>
    F Decide<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

internal static unsafe class QuickRows
{
    /// <summary>Vectors between two times of deciding.</summary>
    private const int Chunk = 64;

    private const int CacheLine = 64;

    /// <summary>y[i] = f(x[i]) for a contiguous row; y may be x.</summary>
    public static void Map<S, F, D, TFunction>(TFunction function, float* x, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        int vectors = count / S.Lanes;
        Map<S, F, D, TFunction>(function, x, S.Lanes, y, S.Lanes, vectors);
        for (int i = vectors * S.Lanes; i < count; i++)
        {
            y[i] = function.Decide<SimdScalar, float, double>(x[i]);
        }
    }

    /// <summary>The same for vectors that are strides apart.</summary>
    [SkipLocalsInit]
    public static void Map<S, F, D, TFunction>(TFunction function, float* x, nint strideX, float* y, nint strideY, nint vectors)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        if (!function.IsQuick<S>())
        {
            for (nint i = 0; i < vectors; i++)
            {
                S.Store(y + (i * strideY), function.Decide<S, F, D>(S.Load(x + (i * strideX))));
            }

            return;
        }

        byte* memory = stackalloc byte[((Chunk + 1) * S.Lanes * sizeof(float)) + CacheLine];
        float* aside = (float*)(((nint)memory + CacheLine - 1) & -CacheLine); // the arguments of open vectors, as y may be x
        nint* at = stackalloc nint[Chunk + 1];
        while (vectors > 0)
        {
            nint count = Math.Min(vectors, Chunk), open = 0, i = 0;
            for (; TFunction.InPairs<S>() && i < count - 1; i += 2)
            {
                F x0 = S.Load(x), x1 = S.Load(x + strideX);
                function.Quick<S, F, D>(x0, x1, out F y0, out F y1, out uint open0, out uint open1);
                S.Store(y + (i * strideY), y0);
                S.Store(y + ((i + 1) * strideY), y1);
                x += 2 * strideX;
                S.Store(aside + (open * S.Lanes), x0);
                at[open] = i * strideY;
                open += IsAny(open0);
                S.Store(aside + (open * S.Lanes), x1);
                at[open] = (i + 1) * strideY;
                open += IsAny(open1);
            }

            for (; i < count; i++)
            {
                F x0 = S.Load(x);
                S.Store(y + (i * strideY), function.Quick<S, F, D>(x0, out uint open0));
                x += strideX;
                S.Store(aside + (open * S.Lanes), x0);
                at[open] = i * strideY;
                open += IsAny(open0);
            }

            Decide<S, F, D, TFunction>(function, aside, y, at, open);
            y += count * strideY;
            vectors -= count;
        }
    }

    /// <summary>1 if any of the 16 bits is set, else 0, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint IsAny(uint bits) => (nint)((bits + 0xFFFF) >> 16);

    private static void Decide<S, F, D, TFunction>(TFunction function, float* x, float* y, nint* at, nint count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TFunction : struct, IQuickFunction
    {
        for (nint i = 0; i < count; i++)
        {
            S.Store(y + at[i], function.Decide<S, F, D>(S.Load(x + (i * S.Lanes))));
        }
    }
}
