// Stochastic gradient descent as torch.optim.SGD: momentum, dampening, Nesterov's form, L2 weight decay.

namespace Idem.Numerics.Kernels;

/// <summary>The constants of one SGD step (torch.optim.SGD's arguments).</summary>
/// <param name="LearningRate">lr.</param>
/// <param name="Momentum">momentum; 0 keeps no buffer.</param>
/// <param name="Dampening">dampening of the gradient that enters the buffer; not applied to the first.</param>
/// <param name="WeightDecay">L2 penalty, added to the gradient.</param>
/// <param name="Nesterov">Whether to step along gradient + momentum*buffer.</param>
/// <param name="Maximize">Whether to ascend.</param>
public readonly record struct SgdSettings(
    double LearningRate, double Momentum, double Dampening, double WeightDecay, bool Nesterov, bool Maximize);

public static partial class OptimizerKernels
{
    /// <summary>
    /// p = p - lr*g, with buffer = momentum*buffer + (1-dampening)*g in place of g where momentum is not 0; the first step
    /// sets the buffer to g.
    /// </summary>
    /// <exception cref="ArgumentException">Lengths differ, the step is below 1, or a state is given that momentum 0 does not use.</exception>
    public static void Sgd(
        Compute compute, in SgdSettings settings, long step, Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> momentumBuffer)
    {
        CheckStep(nameof(Sgd), step, parameter.Length, gradient.Length);
        CheckState(nameof(Sgd), "momentum_buffer", parameter.Length, momentumBuffer.Length, settings.Momentum != 0);
        UpdateKernel<SgdRule>.Run(compute, new SgdRule(settings, step), parameter, gradient, momentumBuffer, default, default);
    }
}
