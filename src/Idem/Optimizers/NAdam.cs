// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/NAdam.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>NAdam (torch.optim.NAdam): <c>arithmetic.md#nadam</c>.</summary>
public sealed class NAdam : Optimizer
{
    private readonly NAdamSettings _settings;
    private long _productStep;
    private float _product = 1;

    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public NAdam(
        IEnumerable<IParameter> parameters, double lr = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, double momentumDecay = 4e-3, bool repeatMomentum = true, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, beta1, beta2, eps, weightDecay, momentumDecay, repeatMomentum, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the average of gradients, and the limit of the momentum.</param>
    /// <param name="beta2">Decay of the average of squared gradients.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="momentumDecay">How slowly the momentum approaches beta1.</param>
    /// <param name="repeatMomentum">
    /// True for the arithmetic of PyTorch 1.x, in which the product for the next step contains the present momentum twice
    /// (pytorch pull request 92699); false for PyTorch 2.x and the paper.
    /// </param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public NAdam(
        IEnumerable<ParameterGroup> groups, double lr = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, double momentumDecay = 4e-3, bool repeatMomentum = true, bool maximize = false, Compute? compute = null)
        : base(groups, lr, weightDecay, ["exp_avg", "exp_avg_sq"], compute)
    {
        Argument.Fraction(nameof(beta1), beta1);
        Argument.Fraction(nameof(beta2), beta2);
        Argument.AtLeastZero(nameof(eps), eps);
        Argument.AtLeastZero(nameof(momentumDecay), momentumDecay);
        _settings = new NAdamSettings(lr, beta1, beta2, eps, weightDecay, momentumDecay, repeatMomentum, maximize);
    }

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.NAdam(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, Product(state.Step), parameter, gradient, state[0], state[1]);

    /// <summary>The product of momenta is a function of the step; only the latest value is kept, and it needs no saving.</summary>
    private float Product(long step)
    {
        if (step < _productStep)
        {
            (_productStep, _product) = (0, 1);
        }

        while (_productStep < step)
        {
            _productStep++;
            _product = OptimizerKernels.NAdamProduct(_settings, _productStep, _product);
        }

        return _product;
    }
}
