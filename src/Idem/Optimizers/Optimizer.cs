// The common part of all optimizers: groups, state, the loop over parameters. The arithmetic is in Idem.Numerics
// (Kernels/Optimizers); here nothing is added or multiplied. A step allocates nothing.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Updates parameters from their gradients.</summary>
public abstract class Optimizer
{
    // Arrays, because enumerating an interface allocates.
    private readonly ParameterGroup[] _groups;
    private readonly ParameterState[] _states;
    private readonly ParameterState[][] _groupStates;

    /// <param name="groups">The parameters.</param>
    /// <param name="lr">The learning rate of groups that have none of their own.</param>
    /// <param name="weightDecay">The weight decay of groups that have none of their own.</param>
    /// <param name="stateNames">The names of the state buffers.</param>
    /// <param name="compute">Where steps run; <see cref="Idem.Numerics.Compute.Current"/> if null.</param>
    /// <exception cref="ArgumentException">Two parameters have one name.</exception>
    protected Optimizer(IEnumerable<ParameterGroup> groups, double lr, double weightDecay, IReadOnlyList<string> stateNames, Compute? compute)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Argument.AtLeastZero(nameof(lr), lr);
        Argument.AtLeastZero(nameof(weightDecay), weightDecay);
        Compute = compute ?? Compute.Current;
        _groups = [.. groups];
        foreach (ParameterGroup group in _groups)
        {
            group.TakeDefaults(lr, weightDecay);
        }

        _groupStates = [.. _groups.Select(group => group.Parameters.Select(parameter => new ParameterState(parameter, stateNames)).ToArray())];
        _states = [.. _groupStates.SelectMany(states => states).OrderBy(state => state.Name, StringComparer.Ordinal)];
        for (int i = 1; i < _states.Length; i++)
        {
            if (_states[i].Name == _states[i - 1].Name)
            {
                throw new ArgumentException($"two parameters are named '{_states[i].Name}'; name each once, in one group", nameof(groups));
            }
        }
    }

    /// <summary>Where steps run. Cannot change a bit.</summary>
    public Compute Compute { get; }

    /// <summary>The parameters, with the learning rate and weight decay of the next step.</summary>
    public IReadOnlyList<ParameterGroup> Groups => _groups;

    /// <summary>What the optimizer remembers, by parameter in ordinal order of names: everything a checkpoint needs.</summary>
    public IReadOnlyList<ParameterState> State => _states;

    /// <summary>Bytes of state.</summary>
    public long StateBytes => _states.Sum(state => state.Tensors.Sum(tensor => (long)tensor.Data.Length * sizeof(float)));

    /// <summary>Sets the learning rate of every group, as a schedule does before each step.</summary>
    public void SetLearningRate(double lr)
    {
        foreach (ParameterGroup group in _groups)
        {
            group.LearningRate = lr;
        }
    }

    /// <summary>Sets the step count of every parameter, to continue from a checkpoint in which all were equal.</summary>
    public void SetStep(long step)
    {
        foreach (ParameterState state in _states)
        {
            state.Step = step;
        }
    }

    /// <summary>Whether <see cref="Update"/> multiplies gradients by <see cref="GradientScale"/> on the way.</summary>
    private protected virtual bool ScalesGradients => false;

    /// <summary>The factor of the step's gradients, rounded to float32.</summary>
    private protected float GradientScale { get; private set; } = 1;

    /// <summary>Updates every parameter that has a gradient.</summary>
    /// <param name="gradientScale">
    /// What gradients are multiplied by first, e.g. <see cref="GradientClip.Coefficient"/>: the bits of scaling them before, without
    /// a pass over memory where the optimizer can. The gradients themselves may be left scaled or not.
    /// </param>
    /// <exception cref="ArgumentException">A gradient and its parameter differ in length.</exception>
    public void Step(double gradientScale = 1)
    {
        GradientScale = (float)gradientScale;
        for (int i = 0; i < _groupStates.Length; i++)
        {
            ParameterGroup group = _groups[i];
            foreach (ParameterState state in _groupStates[i])
            {
                Span<float> data = state.Parameter.Data;
                Span<float> gradient = state.Parameter.Gradient;
                if (gradient.IsEmpty)
                {
                    continue;
                }

                if (gradient.Length != data.Length)
                {
                    throw new ArgumentException($"parameter '{state.Name}' has {data.Length} elements and its gradient {gradient.Length}; they must be equal");
                }

                if (!ScalesGradients)
                {
                    GradientClip.Scale(Compute, gradient, gradientScale);
                }

                state.Step++;
                Update(group, state, data, gradient);
            }
        }
    }

    /// <summary>Makes the next backward pass start from no gradient.</summary>
    public void ZeroGrad()
    {
        foreach (ParameterState state in _states)
        {
            state.Parameter.ZeroGradient();
        }
    }

    /// <summary>Updates one parameter and its state; <see cref="ParameterState.Step"/> counts this update already.</summary>
    private protected abstract void Update(ParameterGroup group, ParameterState state, Span<float> parameter, ReadOnlySpan<float> gradient);
}
