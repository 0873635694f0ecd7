// RMSprop (Hinton's lecture notes; centered: Graves 2013) as torch.optim.RMSprop.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one RMSprop step (torch.optim.RMSprop's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Alpha">Decay of the averages.</param>
/// <param name="Epsilon">eps, added to the denominator.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Momentum">momentum; 0 keeps no buffer.</param>
/// <param name="Centered">Whether to subtract the squared average gradient from the average square.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct RmsPropSettings(
    double LearningRate, double Alpha, double Epsilon, double WeightDecay, double Momentum, bool Centered, bool Maximize);

public static partial class OptimizerKernels
{
    /// <summary>
    /// s = alpha*s + (1-alpha)*g*g; centered: a = alpha*a + (1-alpha)*g, r = sqrt(s - a*a), else r = sqrt(s);
    /// u = g / (r + eps); with momentum b = momentum*b + u, p = p - lr*b, else p = p - lr*u.
    /// </summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">1 at the first step; enters no formula.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="squareAvg">s, zeros at first.</param>
    /// <param name="momentumBuffer">b, zeros at first; empty where momentum is 0.</param>
    /// <param name="gradAvg">a, zeros at first; empty where not centered.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void RmsProp(
        Compute compute, in RmsPropSettings settings, long step,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> squareAvg, Span<float> momentumBuffer, Span<float> gradAvg)
    {
        CheckStep(nameof(RmsProp), step, parameter.Length, gradient.Length);
        CheckState(nameof(RmsProp), "square_avg", parameter.Length, squareAvg.Length, true);
        CheckState(nameof(RmsProp), "momentum_buffer", parameter.Length, momentumBuffer.Length, settings.Momentum != 0);
        CheckState(nameof(RmsProp), "grad_avg", parameter.Length, gradAvg.Length, settings.Centered);
        if (settings.Momentum != 0)
        {
            UpdateKernel<RmsPropMomentumRule>.Run(compute, new RmsPropMomentumRule(settings), parameter, gradient, squareAvg, momentumBuffer, gradAvg);
        }
        else
        {
            UpdateKernel<RmsPropRule>.Run(compute, new RmsPropRule(settings), parameter, gradient, squareAvg, gradAvg, default);
        }
    }
}
