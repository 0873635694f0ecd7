// Arguments, defaults and state of the optimizer; its arithmetic is Idem.Numerics/Kernels/Optimizers/Adam.cs.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Adam (torch.optim.Adam), with the weight decay in the gradient: <c>arithmetic.md#adam-and-adamw</c>.</summary>
public sealed class Adam : AdamOptimizer
{
    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public Adam(
        IEnumerable<IParameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, bool amsgrad = false, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, beta1, beta2, eps, weightDecay, amsgrad, maximize, compute)
    {
    }

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the average of gradients.</param>
    /// <param name="beta2">Decay of the average of squared gradients.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">L2 penalty.</param>
    /// <param name="amsgrad">Whether the denominator uses the largest second moment so far.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public Adam(
        IEnumerable<ParameterGroup> groups, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, bool amsgrad = false, bool maximize = false, Compute? compute = null)
        : base(groups, new AdamSettings(lr, beta1, beta2, eps, weightDecay, Decoupled: false, amsgrad, maximize), compute)
    {
    }
}

/// <summary>AdamW (torch.optim.AdamW): Adam whose weight decay shrinks the parameter itself: <c>arithmetic.md#adam-and-adamw</c>.</summary>
public sealed class AdamW : AdamOptimizer
{
    /// <summary>As the constructor with groups, with all parameters in one.</summary>
    public AdamW(
        IEnumerable<IParameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 1e-2, bool amsgrad = false, bool maximize = false, Compute? compute = null)
        : this([new ParameterGroup(parameters)], lr, beta1, beta2, eps, weightDecay, amsgrad, maximize, compute)
    {
    }

    /// <param name="groups">The parameters; give biases and norms a group with weightDecay 0.</param>
    /// <param name="lr">Learning rate.</param>
    /// <param name="beta1">Decay of the average of gradients.</param>
    /// <param name="beta2">Decay of the average of squared gradients.</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">Share of the parameter, times lr, that each step takes away.</param>
    /// <param name="amsgrad">Whether the denominator uses the largest second moment so far.</param>
    /// <param name="maximize">Whether to ascend.</param>
    /// <param name="compute">Where steps run.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or two parameters have one name.</exception>
    public AdamW(
        IEnumerable<ParameterGroup> groups, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 1e-2, bool amsgrad = false, bool maximize = false, Compute? compute = null)
        : base(groups, new AdamSettings(lr, beta1, beta2, eps, weightDecay, Decoupled: true, amsgrad, maximize), compute)
    {
    }
}

/// <summary>What <see cref="Adam"/> and <see cref="AdamW"/> share.</summary>
public abstract class AdamOptimizer : Optimizer
{
    private readonly AdamSettings _settings;

    private protected AdamOptimizer(IEnumerable<ParameterGroup> groups, AdamSettings settings, Compute? compute)
        : base(
            groups, settings.LearningRate, settings.WeightDecay,
            settings.AmsGrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"], compute)
    {
        Argument.Fraction("beta1", settings.Beta1);
        Argument.Fraction("beta2", settings.Beta2);
        Argument.AtLeastZero("eps", settings.Epsilon);
        _settings = settings;
    }

    private protected override bool ScalesGradients => true;

    private protected override void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient) =>
        OptimizerKernels.Adam(
            Compute, _settings with { LearningRate = group.LearningRate, WeightDecay = group.WeightDecay },
            state.Step, parameter, gradient, state[0], state[1], state[2], GradientScale);
}
