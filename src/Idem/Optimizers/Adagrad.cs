// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/Adagrad.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Adagrad (torch.optim.Adagrad): <c>arithmetic.md#adagrad</c>.</summary>
public sealed class Adagrad : Optimizer
{
    private readonly AdagradSettings _settings;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public Adagrad(
        IEnumerable<IParameter> parameters, double lr = 1e-2, double lrDecay = 0, double weightDecay = 0,
        double initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="lrDecay">Step t uses lr / (1 + (t-1)*lrDecay).</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="initialAccumulatorValue">What the sum of squares starts from.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public Adagrad(
        IEnumerable<ParameterGroup> groups, double lr = 1e-2, double lrDecay = 0, double weightDecay = 0,
        double initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, ["sum"], compute)
    {
        Argument.AtLeastZero(nameof(lrDecay), lrDecay);
        Argument.AtLeastZero(nameof(initialAccumulatorValue), initialAccumulatorValue);
        Argument.AtLeastZero(nameof(eps), eps);
        _settings = new AdagradSettings(lr, lrDecay, eps, weightDecay, maximize);
        foreach (ParameterState state in State)
        {
            OptimizerKernels.AdagradInitialize(state[0], initialAccumulatorValue);
        }
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.Adagrad(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0]);
}
