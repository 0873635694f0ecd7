// DEFINES the bits of Adagrad. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Adagrad<T>(in AdagradSettings settings, long step, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> sum)
        where T : IFloatingPointIeee754<T>
    {
        T stepSize = Round<T>(settings.StepSize(step));
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T s = Fma(g, g, sum[i]);
            sum[i] = s;
            parameter[i] = Fma(stepSize, g / (T.Sqrt(s) + epsilon), parameter[i]);
        }
    }
}
