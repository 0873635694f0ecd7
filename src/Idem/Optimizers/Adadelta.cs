// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/Adadelta.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Adadelta (torch.optim.Adadelta): <c>arithmetic.md#adadelta</c>.</summary>
public sealed class Adadelta : Optimizer
{
    private readonly AdadeltaSettings _settings;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public Adadelta(
        IEnumerable<IParameter> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weightDecay = 0,
        bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, rho, eps, weightDecay, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Factor on the computed step.</param>
    /// <param name="rho">Decay of the averages of squares.</param>
    /// <param name="eps">Added inside the roots.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public Adadelta(
        IEnumerable<ParameterGroup> groups, double lr = 1, double rho = 0.9, double eps = 1e-6, double weightDecay = 0,
        bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, ["square_avg", "acc_delta"], compute)
    {
        Argument.Fraction(nameof(rho), rho);
        Argument.AtLeastZero(nameof(eps), eps);
        _settings = new AdadeltaSettings(lr, rho, eps, weightDecay, maximize);
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.Adadelta(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0], state[1]);
}
