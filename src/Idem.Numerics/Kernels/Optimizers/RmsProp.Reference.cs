// DEFINES the bits of RMSprop. No vectors, no threads, no buffers of its own.

using System.Numerics;

namespace Idem.Numerics.Kernels;

internal static partial class OptimizerReference
{
    public static void RmsProp<T>(
        in RmsPropSettings settings, Span<T> parameter, ReadOnlySpan<T> gradient, Span<T> squareAvg, Span<T> momentumBuffer, Span<T> gradAvg)
        where T : IFloatingPointIeee754<T>
    {
        T epsilon = Round<T>(settings.Epsilon);
        for (int i = 0; i < parameter.Length; i++)
        {
            T g = Gradient(gradient[i], parameter[i], settings.Maximize, settings.WeightDecay);
            T s = AverageOfSquares(settings.Alpha, squareAvg[i], 1 - settings.Alpha, g);
            squareAvg[i] = s;
            if (settings.Centered)
            {
                T a = Average(settings.Alpha, gradAvg[i], 1 - settings.Alpha, g);
                gradAvg[i] = a;
                s = Fma(-a, a, s);
            }

            T direction = g / (T.Sqrt(s) + epsilon);
            if (settings.Momentum != 0)
            {
                direction = Fma(Round<T>(settings.Momentum), momentumBuffer[i], direction);
                momentumBuffer[i] = direction;
            }

            parameter[i] = Fma(Round<T>(-settings.LearningRate), direction, parameter[i]);
        }
    }
}
