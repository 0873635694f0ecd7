// DEFINES the bits of SGD. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Sgd<T>(in SgdSettings settings, long step, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> momentumBuffer)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            if (settings.Momentum != 0)
            {
                T b = step == 1 ? g : Average(settings.Momentum, momentumBuffer[i], 1 - settings.Dampening, g);
                momentumBuffer[i] = b;
                g = settings.Nesterov ? Fma(Round<T>(settings.Momentum), b, g) : b;
            }

            parameter[i] = Fma(Round<T>(-settings.LearningRate), g, parameter[i]);
        }
    }
}
