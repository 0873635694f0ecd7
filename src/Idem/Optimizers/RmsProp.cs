// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/RmsProp.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>RMSprop (torch.optim.RMSprop): <c>arithmetic.md#rmsprop</c>.</summary>
public sealed class RmsProp : Optimizer
{
    private readonly RmsPropSettings _settings;
    private readonly int _gradAvg;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public RmsProp(
        IEnumerable<IParameter> parameters, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0,
        double momentum = 0, bool centered = false, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, alpha, eps, weightDecay, momentum, centered, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="alpha">Decay of the averages.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="momentum">Momentum; 0 keeps no buffer.</param>
    /// <param name="centered">Whether to divide by the deviation of the gradient and not by its root mean square.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public RmsProp(
        IEnumerable<ParameterGroup> groups, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0,
        double momentum = 0, bool centered = false, bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, StateNames(momentum != 0, centered), compute)
    {
        Argument.AtLeastZero(nameof(alpha), alpha);
        Argument.AtLeastZero(nameof(eps), eps);
        Argument.AtLeastZero(nameof(momentum), momentum);
        _settings = new RmsPropSettings(lr, alpha, eps, weightDecay, momentum, centered, maximize);
        _gradAvg = momentum != 0 ? 2 : 1;
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.RmsProp(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0], _settings.Momentum != 0 ? state[1] : default, _settings.Centered ? state[_gradAvg] : default);

    private static string[] StateNames(bool momentum, bool centered) =>
        (momentum, centered) switch
        {
            (false, false) => ["square_avg"],
            (true, false) => ["square_avg", "momentum_buffer"],
            (false, true) => ["square_avg", "grad_avg"],
            (true, true) => ["square_avg", "momentum_buffer", "grad_avg"],
        };
}
