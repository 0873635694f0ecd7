// DEFINES the bits of gradient clipping, one element at a time, in float32 and float64.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Scale<T>(Span<T> gradient, double coefficient)
        where T : IFloatingPointIeee754<T>
    {
        foreach (ref T g in gradient)
        {
            g *= Round<T>(coefficient);
        }
    }

    public static void Clamp<T>(Span<T> gradient, double limit)
        where T : IFloatingPointIeee754<T>
    {
        foreach (ref T g in gradient)
        {
            g = T.Min(T.Max(g, Round<T>(-limit)), Round<T>(limit));
        }
    }
}
