// DEFINES the bits of RAdam. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void RAdam<T>(
        in RAdamSettings settings, long step, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> expAvg, Span<T> expAvgSq)
        where T : IFloatingPointIeee754<T>
    {
        bool rectified = settings.IsRectified(step);
        T stepSize = Round<T>(settings.StepSize(step));
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T m = Average(settings.Beta1, expAvg[i], 1 - settings.Beta1, g);
            T v = AverageOfSquares(settings.Beta2, expAvgSq[i], 1 - settings.Beta2, g);
            expAvg[i] = m;
            expAvgSq[i] = v;
            T direction = rectified ? m / (T.Sqrt(v) + epsilon) : m;
            parameter[i] = Fma(stepSize, direction, parameter[i]);
        }
    }
}
