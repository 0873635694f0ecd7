// The lane order, element by element. This file DEFINES the bits; Lanes.cs must equal it.

namespace Idem.Numerics.Reduction;

internal static partial class Lanes
{
    /// <summary>The order of <see cref="Lanes"/>, one IEEE operation at a time.</summary>
    internal static class Reference
    {
        /// <summary>The sum of the elements: element i is added to lane i mod 32, then the lanes are halved.</summary>
        public static float Sum(ReadOnlySpan<float> x)
        {
            Span<float> lanes = stackalloc float[Count];
            lanes.Fill(-0f);
            for (int i = 0; i < x.Length; i++)
            {
                lanes[i % Count] = lanes[i % Count] + x[i];
            }

            return x.IsEmpty ? 0f : Halve(lanes);
        }

        /// <summary>The sum of the products: each enters its lane by one fused multiply-add.</summary>
        public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            Span<float> lanes = stackalloc float[Count];
            lanes.Fill(-0f);
            for (int i = 0; i < a.Length; i++)
            {
                lanes[i % Count] = Fma.Single(a[i], b[i], lanes[i % Count]);
            }

            return a.IsEmpty ? 0f : Halve(lanes);
        }

        /// <summary>As <see cref="Sum"/>, in double; each element is widened first.</summary>
        public static double SumInDouble(ReadOnlySpan<float> x)
        {
            Span<double> lanes = stackalloc double[Count];
            lanes.Fill(-0.0);
            for (int i = 0; i < x.Length; i++)
            {
                lanes[i % Count] = lanes[i % Count] + x[i];
            }

            return x.IsEmpty ? 0.0 : Halve(lanes);
        }

        /// <summary>The sum of squares in double: (double)x*(double)x, which is exact, enters its lane by one addition.</summary>
        public static double SumOfSquaresInDouble(ReadOnlySpan<float> x)
        {
            Span<double> lanes = stackalloc double[Count];
            lanes.Fill(-0.0);
            for (int i = 0; i < x.Length; i++)
            {
                lanes[i % Count] = lanes[i % Count] + ((double)x[i] * x[i]);
            }

            return x.IsEmpty ? 0.0 : Halve(lanes);
        }

        /// <summary>Lane j takes up lane j+16, then j+8, j+4, j+2, j+1; lane 0 is the sum.</summary>
        public static float Halve(Span<float> lanes)
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

        /// <inheritdoc cref="Halve(Span{float})"/>
        public static double Halve(Span<double> lanes)
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
    }
}
