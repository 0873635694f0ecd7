// Adadelta (Zeiler 2012) as torch.optim.Adadelta.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one Adadelta step (torch.optim.Adadelta's arguments).</summary>
/// <param name="LearningRate">lr, a factor on the computed step.</param>
/// <param name="Rho">Decay of both averages of squares.</param>
/// <param name="Epsilon">eps, inside both roots.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct AdadeltaSettings(double LearningRate, double Rho, double Epsilon, double WeightDecay, bool Maximize);

public static partial class OptimizerKernels
{
    /// <summary>
    /// s = rho*s + (1-rho)*g*g; d = sqrt(a+eps) / sqrt(s+eps) * g; a = rho*a + (1-rho)*d*d; p = p - lr*d.
    /// </summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">1 at the first step; enters no formula.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="squareAvg">s, zeros at first.</param>
    /// <param name="accDelta">a, zeros at first.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void Adadelta(
        Compute compute, in AdadeltaSettings settings, long step,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> squareAvg, Span<float> accDelta)
    {
        CheckStep(nameof(Adadelta), step, parameter.Length, gradient.Length);
        CheckState(nameof(Adadelta), "square_avg", parameter.Length, squareAvg.Length, true);
        CheckState(nameof(Adadelta), "acc_delta", parameter.Length, accDelta.Length, true);
        UpdateKernel<AdadeltaRule>.Run(compute, new AdadeltaRule(settings), parameter, gradient, squareAvg, accDelta, default);
    }
}
