// DEFINES the bits of Adam and AdamW. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Adam<T>(
        in AdamSettings settings, long step, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> expAvg, Span<T> expAvgSq, Span<T> maxExpAvgSq)
        where T : IFloatingPointIeee754<T>
    {
        T stepSize = Round<T>(settings.StepSize(step));
        T correctionRoot = Round<T>(settings.CorrectionRoot(step));
        T epsilon = Round<T>(settings.Epsilon);
        T decay = Round<T>(settings.ParameterDecay);
        for (int i = 0; i < parameter.Length; i++)
        {
            T p = parameter[i];
            T g = Gradient(gradient[i], p, settings.Maximize, settings.GradientDecay);
            if (!T.IsZero(decay))
            {
                p = Fma(decay, p, p);
            }

            T m = Average(settings.Beta1, expAvg[i], 1 - settings.Beta1, g);
            T v = AverageOfSquares(settings.Beta2, expAvgSq[i], 1 - settings.Beta2, g);
            expAvg[i] = m;
            expAvgSq[i] = v;
            if (settings.AmsGrad)
            {
                v = T.Max(maxExpAvgSq[i], v);
                maxExpAvgSq[i] = v;
            }

            T denominator = (T.Sqrt(v) / correctionRoot) + epsilon;
            parameter[i] = Fma(stepSize, m / denominator, p);
        }
    }
}
