// exp(x - max) along a row and its lane sum: the middle of every softmax and of cross-entropy. The exponentials of a row are
// independent, so they come first; then they are added in the order of the lanes.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

internal static unsafe class ExpRows
{
    /// <summary>Elements of the buffer for exponentials that nobody keeps; a multiple of the lanes.</summary>
    private const int BufferLength = 1024;

    /// <summary>y_j = exp(x_j - max); y may be x.</summary>
    public static void Map<S, F, D>(float* x, float max, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int vectors = count / S.Lanes;
        QuickRows.Map<S, F, D, ExpBelow<F>>(new(S.Create(max)), x, S.Lanes, y, S.Lanes, vectors);
        for (int i = vectors * S.Lanes; i < count; i++)
        {
            y[i] = Float32.Exp(x[i] - max);
        }
    }

    /// <summary>The same.</summary>
    /// <returns>The lane sum of y.</returns>
    public static float MapAndSum<S, F, D>(float* x, float max, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        Map<S, F, D>(x, max, y, count);
        return Lanes.Sum<S, F, D, ElementTerm>(new ElementTerm(y), count);
    }

    /// <summary>The lane sum of exp(x_j - max).</summary>
    [SkipLocalsInit]
    public static float Sum<S, F, D>(float* x, float max, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        float* buffer = stackalloc float[BufferLength], lanes = stackalloc float[Lanes.Count];
        Lanes.Clear(lanes);
        for (long first = 0; first < count; first += BufferLength)
        {
            int length = (int)Math.Min(BufferLength, count - first);
            Map<S, F, D>(x + first, max, buffer, length);
            Lanes.Add<S, F, D, ElementTerm>(new ElementTerm(buffer), length, lanes);
        }

        return count == 0 ? 0f : Lanes.Halve<S, F, D>(lanes);
    }
}
