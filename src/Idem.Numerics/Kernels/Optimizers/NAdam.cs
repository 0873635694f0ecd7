// NAdam (Dozat 2016) as torch.optim.NAdam. PyTorch before 2.0 multiplied the present momentum twice into the next step's
// product; that form is kept beside the paper's, because models and reference data were made with it.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one NAdam step (torch.optim.NAdam's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Beta1">Decay of the average of gradients, and the limit of the momentum.</param>
/// <param name="Beta2">Decay of the average of squared gradients.</param>
/// <param name="Epsilon">eps, added to the denominator.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="MomentumDecay">momentum_decay: mu_t = beta1 * (1 - 0.5 * 0.96^(t*momentum_decay)).</param>
/// <param name="RepeatMomentum">
/// Whether the product for step t+1 is product_t*mu_t*mu_(t+1), as in PyTorch 1.x, and not the paper's product_t*mu_(t+1).
/// </param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct NAdamSettings(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, double MomentumDecay, bool RepeatMomentum, bool Maximize)
{
    /// <summary>1 - beta2^step.</summary>
    internal double Correction(long step) => 1 - OptimizerScalars.Power(Beta2, step);

    /// <summary>The factor of g / denominator: -lr * (1-mu_t) / (1-product_t).</summary>
    internal double GradientStep(long step, float product) => -LearningRate * (1 - Momentum(step)) / (1 - (double)product);

    /// <summary>The factor of m / denominator: -lr * mu_(t+1) / (1-product_(t+1)).</summary>
    internal double AverageStep(long step, float product)
    {
        double momentumNext = Momentum(step + 1);
        double productNext = RepeatMomentum
            ? product * (float)Momentum(step) * (float)momentumNext
            : product * momentumNext;
        return -LearningRate * momentumNext / (1 - productNext);
    }

    /// <summary>mu_t = beta1 * (1 - 0.5 * 0.96^(t*momentum_decay)).</summary>
    internal double Momentum(long step) => Beta1 * (1 - (0.5 * OptimizerScalars.Power096(step * MomentumDecay)));
}

public static partial class OptimizerKernels
{
    /// <summary>The float32 product mu_1 * ... * mu_t from that of the step before (1 before the first step).</summary>
    public static float NAdamProduct(in NAdamSettings settings, long step, float previous) => previous * (float)settings.Momentum(step);

    /// <summary>
    /// m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g*g; d = sqrt(v/(1-beta2^t)) + eps;
    /// p = p - lr*(1-mu_t)/(1-product_t) * g/d - lr*mu_(t+1)/(1-product_(t+1)) * m/d.
    /// </summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">t: 1 at the first step.</param>
    /// <param name="product">mu_1 * ... * mu_t, see <see cref="NAdamProduct"/>.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="expAvg">m, zeros at first.</param>
    /// <param name="expAvgSq">v, zeros at first.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void NAdam(
        Compute compute, in NAdamSettings settings, long step, float product,
        Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> expAvg, Span<float> expAvgSq)
    {
        CheckStep(nameof(NAdam), step, parameter.Length, gradient.Length);
        CheckState(nameof(NAdam), "exp_avg", parameter.Length, expAvg.Length, true);
        CheckState(nameof(NAdam), "exp_avg_sq", parameter.Length, expAvgSq.Length, true);
        UpdateKernel<NAdamRule>.Run(compute, new NAdamRule(settings, step, product), parameter, gradient, expAvg, expAvgSq, default);
    }
}
