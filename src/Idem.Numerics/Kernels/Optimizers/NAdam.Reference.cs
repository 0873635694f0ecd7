// DEFINES the bits of NAdam. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void NAdam<T>(
        in NAdamSettings settings, long step, float product, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> expAvg, Span<T> expAvgSq)
        where T : IFloatingPointIeee754<T>
    {
        T correction = Round<T>(settings.Correction(step));
        T gradientStep = Round<T>(settings.GradientStep(step, product));
        T averageStep = Round<T>(settings.AverageStep(step, product));
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T m = Average(settings.Beta1, expAvg[i], 1 - settings.Beta1, g);
            T v = AverageOfSquares(settings.Beta2, expAvgSq[i], 1 - settings.Beta2, g);
            expAvg[i] = m;
            expAvgSq[i] = v;
            T denominator = T.Sqrt(v / correction) + epsilon;
            parameter[i] = Fma(averageStep, m / denominator, Fma(gradientStep, g / denominator, parameter[i]));
        }
    }
}
