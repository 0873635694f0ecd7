// The rotation of one head by a position's cosines and sines. This file DEFINES the bits.

namespace Idem.Numerics.Kernels;

public static partial class Heads
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        /// <summary>
        /// The pair (x[i], x[i+pairs]) is turned by its angle; what lies behind the pairs stays. The inverse turns back, with the
        /// sine's sign flipped: it is the gradient as well.
        /// </summary>
        public static void Rotate(ReadOnlySpan<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, bool inverse, Span<float> y)
        {
            int pairs = cos.Length;
            x[(2 * pairs)..].CopyTo(y[(2 * pairs)..]);
            for (int i = 0; i < pairs; i++)
            {
                float x0 = x[i], x1 = x[pairs + i], s = inverse ? -sin[i] : sin[i];
                y[i] = Fma.Single(x0, cos[i], -(x1 * s));
                y[pairs + i] = Fma.Single(x1, cos[i], x0 * s);
            }
        }
    }
}
