// RAdam (Liu et al. 2020) as torch.optim.RAdam: while too few squared gradients have been seen, it steps without a denominator.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one RAdam step (torch.optim.RAdam's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Beta1">Decay of the average of gradients.</param>
/// <param name="Beta2">Decay of the average of squared gradients.</param>
/// <param name="Epsilon">eps, added to the denominator.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct RAdamSettings(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, bool Maximize)
{
    /// <summary>rho_t = rho_inf - 2*t*beta2^t / (1-beta2^t), with rho_inf = 2/(1-beta2) - 1; rectified where above 5.</summary>
    internal bool IsRectified(long step) => Length(step) > 5;

    /// <summary>
    /// Plain: -(lr/(1-beta1^t)). Rectified: that times sqrt(1-beta2^t), times
    /// r_t = sqrt((rho_t-4)*(rho_t-2)*rho_inf / ((rho_inf-4)*(rho_inf-2)*rho_t)).
    /// </summary>
    internal double StepSize(long step)
    {
        double plain = -(LearningRate / (1 - OptimizerScalars.Power(Beta1, step)));
        double rho = Length(step);
        if (!(rho > 5))
        {
            return plain;
        }

        double limit = LengthLimit;
        double rectification = Math.Sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
        return plain * Math.Sqrt(1 - OptimizerScalars.Power(Beta2, step)) * rectification;
    }

    private double LengthLimit => (2 / (1 - Beta2)) - 1;

    private double Length(long step)
    {
        double power = OptimizerScalars.Power(Beta2, step);
        return LengthLimit - (2.0 * step * power / (1 - power));
    }
}

public static partial class OptimizerKernels
{
    /// <summary>
    /// m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g*g; p = p - stepSize_t * m / (sqrt(v) + eps) where rectified,
    /// else p = p - lr/(1-beta1^t) * m.
    /// </summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">t: 1 at the first step.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="expAvg">m, zeros at first.</param>
    /// <param name="expAvgSq">v, zeros at first.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void RAdam(
        Compute compute, in RAdamSettings settings, long step,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> expAvg, Span<float> expAvgSq)
    {
        CheckStep(nameof(RAdam), step, parameter.Length, gradient.Length);
        CheckState(nameof(RAdam), "exp_avg", parameter.Length, expAvg.Length, true);
        CheckState(nameof(RAdam), "exp_avg_sq", parameter.Length, expAvgSq.Length, true);
        UpdateKernel<RAdamRule>.Run(compute, new RAdamRule(settings, step), parameter, gradient, expAvg, expAvgSq, default);
    }
}
