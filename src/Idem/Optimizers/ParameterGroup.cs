// Parameters that share a learning rate and a weight decay, e.g. matrices apart from biases and norms.

namespace Idem.Optimizers;

/// <summary>Parameters with a learning rate and weight decay of their own.</summary>
public sealed class ParameterGroup
{
    private double? _learningRate;
    private double? _weightDecay;

    /// <param name="parameters">The parameters.</param>
    /// <param name="lr">Their learning rate; the optimizer's where absent.</param>
    /// <param name="weightDecay">Their weight decay; the optimizer's where absent.</param>
    public ParameterGroup(IEnumerable<IParameter> parameters, double? lr = null, double? weightDecay = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = [.. parameters];
        _learningRate = lr is { } rate ? Argument.AtLeastZero("lr", rate) : null;
        _weightDecay = weightDecay is { } decay ? Argument.AtLeastZero("weightDecay", decay) : null;
    }

    /// <summary>The parameters, in the order of updates (which cannot matter).</summary>
    public IReadOnlyList<IParameter> Parameters { get; }

    /// <summary>The learning rate of the next step; schedules set it between steps.</summary>
    public double LearningRate
    {
        get => _learningRate ?? throw new InvalidOperationException("the group has no learning rate before an optimizer takes it");
        set => _learningRate = Argument.AtLeastZero("lr", value);
    }

    /// <summary>The weight decay of the next step.</summary>
    public double WeightDecay
    {
        get => _weightDecay ?? throw new InvalidOperationException("the group has no weight decay before an optimizer takes it");
        set => _weightDecay = Argument.AtLeastZero("weightDecay", value);
    }

    internal void TakeDefaults(double learningRate, double weightDecay)
    {
        _learningRate ??= learningRate;
        _weightDecay ??= weightDecay;
    }
}
