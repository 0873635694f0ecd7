// DEFINES the bits of Adamax. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Adamax<T>(
        in AdamaxSettings settings, long step, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> expAvg, Span<T> expInf)
        where T : IFloatingPointIeee754<T>
    {
        T stepSize = Round<T>(settings.StepSize(step));
        T beta2 = Round<T>(settings.Beta2);
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T m = Average(settings.Beta1, expAvg[i], 1 - settings.Beta1, g);
            T n = T.Max(beta2 * expInf[i], T.Abs(g) + epsilon);
            expAvg[i] = m;
            expInf[i] = n;
            parameter[i] = Fma(stepSize, m / n, parameter[i]);
        }
    }
}
