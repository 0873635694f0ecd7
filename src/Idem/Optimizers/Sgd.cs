// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/Sgd.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Stochastic gradient descent (torch.optim.SGD): <c>arithmetic.md#sgd</c>.</summary>
public sealed class Sgd : Optimizer
{
    private readonly SgdSettings _settings;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public Sgd(
        IEnumerable<IParameter> parameters, double lr, double momentum = 0, double dampening = 0, double weightDecay = 0,
        bool nesterov = false, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, momentum, dampening, weightDecay, nesterov, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="momentum">Momentum; 0 keeps no buffer.</param>
    /// <param name="dampening">Dampening of the gradients that enter the buffer.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="nesterov">Nesterov's momentum; needs a momentum and no dampening.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public Sgd(
        IEnumerable<ParameterGroup> groups, double lr, double momentum = 0, double dampening = 0, double weightDecay = 0,
        bool nesterov = false, bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, momentum != 0 ? ["momentum_buffer"] : [], compute)
    {
        Argument.AtLeastZero(nameof(momentum), momentum);
        if (nesterov && (momentum == 0 || dampening != 0))
        {
            throw new ArgumentException("nesterov needs a momentum above 0 and a dampening of 0", nameof(nesterov));
        }

        _settings = new SgdSettings(lr, momentum, dampening, weightDecay, nesterov, maximize);
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.Sgd(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0]);
}
