// Adagrad (Duchi, Hazan and Singer 2011) as torch.optim.Adagrad.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one Adagrad step (torch.optim.Adagrad's arguments; the accumulator's first value is the caller's).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="LearningRateDecay">lr_decay: step t uses lr / (1 + (t-1)*lr_decay).</param>
/// <param name="Epsilon">eps, added to the denominator.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct AdagradSettings(
    double LearningRate, double LearningRateDecay, double Epsilon, double WeightDecay, bool Maximize)
{
    /// <summary>-(lr / (1 + (step-1)*lr_decay)).</summary>
    internal double StepSize(long step) => -(LearningRate / (1 + ((step - 1) * LearningRateDecay)));
}

public static partial class OptimizerKernels
{
    /// <summary>s before the first step: initial_accumulator_value, rounded to float32, in every element.</summary>
    public static void AdagradInitialize(Span<float> sum, double initialValue) => sum.Fill((float)initialValue);

    /// <summary>s = s + g*g; p = p - lr/(1+(t-1)*decay) * g / (sqrt(s) + eps).</summary>
    /// <param name="compute">Where to run.</param>
    /// <param name="settings">The optimizer's constants.</param>
    /// <param name="step">t: 1 at the first step.</param>
    /// <param name="parameter">p.</param>
    /// <param name="gradient">g.</param>
    /// <param name="sum">s, see <see cref="AdagradInitialize"/>.</param>
    /// <exception cref="ArgumentException">Lengths differ, or the step is below 1.</exception>
    public static void Adagrad(
        Compute compute, in AdagradSettings settings, long step, Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> sum)
    {
        CheckStep(nameof(Adagrad), step, parameter.Length, gradient.Length);
        CheckState(nameof(Adagrad), "sum", parameter.Length, sum.Length, true);
        UpdateKernel<AdagradRule>.Run(compute, new AdagradRule(settings, step), parameter, gradient, sum, default, default);
    }
}
