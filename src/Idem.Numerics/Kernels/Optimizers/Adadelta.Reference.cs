// DEFINES the bits of Adadelta. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void Adadelta<T>(
        in AdadeltaSettings settings, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> squareAvg, Span<T> accDelta)
        where T : IFloatingPointIeee754<T>
    {
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T s = AverageOfSquares(settings.Rho, squareAvg[i], 1 - settings.Rho, g);
            T delta = T.Sqrt(accDelta[i] + epsilon) / T.Sqrt(s + epsilon) * g;
            squareAvg[i] = s;
            accDelta[i] = AverageOfSquares(settings.Rho, accDelta[i], 1 - settings.Rho, delta);
            parameter[i] = Fma(Round<T>(-settings.LearningRate), delta, parameter[i]);
        }
    }
}
