// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/RAdam.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>RAdam (torch.optim.RAdam): <c>arithmetic.md#radam</c>.</summary>
public sealed class RAdam : Optimizer
{
    private readonly RAdamSettings _settings;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public RAdam(
        IEnumerable<IParameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, beta1, beta2, eps, weightDecay, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the average of gradients.</param>
    /// <param name="beta2">Decay of the average of squared gradients.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public RAdam(
        IEnumerable<ParameterGroup> groups, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, ["exp_avg", "exp_avg_sq"], compute)
    {
        Argument.Fraction(nameof(beta1), beta1);
        Argument.Fraction(nameof(beta2), beta2);
        Argument.AtLeastZero(nameof(eps), eps);
        _settings = new RAdamSettings(lr, beta1, beta2, eps, weightDecay, maximize);
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.RAdam(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0], state[1]);
}
