// Adamax (Kingma and Ba 2015, section 7.1) as torch.optim.Adamax.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one Adamax step (torch.optim.Adamax's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Beta1">Decay of the average of gradients.</param>
/// <param name="Beta2">Decay of the infinity norm.</param>
/// <param name="Epsilon">eps, added to the gradient's magnitude.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct AdamaxSettings(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, bool Maximize)
{
    /// <summary>-(lr / (1 - beta1^step)).</summary>
    internal double StepSize(long step) => -(LearningRate / (1 - OptimizerScalars.Power(Beta1, step)));
}

public static partial class OptimizerKernels
{
    /// <summary>m = beta1*m + (1-beta1)*g; n = max(beta2*n, |g| + eps); p = p - lr/(1-beta1^t) * m / n.</summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">t: 1 at the first step.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="expAvg">m, zeros at first.</param>
    /// <param name="expInf">n, zeros at first.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void Adamax(
        Compute compute, in AdamaxSettings settings, long step,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> expAvg, Span<float> expInf)
    {
        CheckStep(nameof(Adamax), step, parameter.Length, gradient.Length);
        CheckState(nameof(Adamax), "exp_avg", parameter.Length, expAvg.Length, true);
        CheckState(nameof(Adamax), "exp_inf", parameter.Length, expInf.Length, true);
        UpdateKernel<AdamaxRule>.Run(compute, new AdamaxRule(settings, step), parameter, gradient, expAvg, expInf, default);
    }
}
