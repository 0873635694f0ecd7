// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as torch.optim.Adam and torch.optim.AdamW; they differ in
// where the weight decay goes: into the gradient, or straight into the parameter.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one Adam or AdamW step (torch.optim.Adam's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Beta1">Decay of the average of gradients.</param>
/// <param name="Beta2">Decay of the average of squared gradients.</param>
/// <param name="Epsilon">eps, added to the denominator.</param>
/// <param name="WeightDecay">weight_decay.</param>
/// <param name="Decoupled">True is AdamW: the parameter itself decays, not the gradient grows.</param>
/// <param name="AmsGrad">Whether the denominator uses the largest second moment so far.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct AdamSettings(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, bool Decoupled, bool AmsGrad, bool Maximize)
{
    /// <summary>What is added to the gradient per unit of the parameter.</summary>
    internal double GradientDecay => Decoupled ? 0 : WeightDecay;

    /// <summary>What is added to the parameter per unit of itself.</summary>
    internal double ParameterDecay => Decoupled ? -(LearningRate * WeightDecay) : 0;

    /// <summary>-(lr / (1 - beta1^step)).</summary>
    internal double StepSize(long step) => -(LearningRate / (1 - OptimizerScalars.Power(Beta1, step)));

    /// <summary>sqrt(1 - beta2^step).</summary>
    internal double CorrectionRoot(long step) => Math.Sqrt(1 - OptimizerScalars.Power(Beta2, step));
}

public static partial class OptimizerKernels
{
    /// <summary>
    /// m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g*g; p = p - lr/(1-beta1^t) * m / (sqrt(v)/sqrt(1-beta2^t) + eps),
    /// in one pass. AdamW first shrinks p by lr*weightDecay*p.
    /// </summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">t: 1 at the first step.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="expAvg">m, zeros at first.</param>
    /// <param name="expAvgSq">v, zeros at first.</param>
    /// <param name="maxExpAvgSq">The largest v so far, zeros at first; empty without AmsGrad.</param>
    /// <param name="gradientScale">What g is multiplied by first, as clipping does; one rounding.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void Adam(
        Compute compute, in AdamSettings settings, long step,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> expAvg, Span<float> expAvgSq, Span<float> maxExpAvgSq, float gradientScale = 1)
    {
        CheckStep(nameof(Adam), step, parameter.Length, gradient.Length);
        CheckState(nameof(Adam), "exp_avg", parameter.Length, expAvg.Length, true);
        CheckState(nameof(Adam), "exp_avg_sq", parameter.Length, expAvgSq.Length, true);
        CheckState(nameof(Adam), "max_exp_avg_sq", parameter.Length, maxExpAvgSq.Length, settings.AmsGrad);
        UpdateKernel<AdamRule>.Run(compute, new AdamRule(settings, step), parameter, gradient, expAvg, expAvgSq, maxExpAvgSq, gradientScale);
    }
}
