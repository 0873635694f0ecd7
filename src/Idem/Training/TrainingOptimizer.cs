// The optimizer of a run: parameter groups, schedule and clipping as the configuration says, over gradients that the trainer keeps.

using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Optimizers;
using Idem.Tensors;
using Idem.Tracing;

namespace Idem.Training;

/// <summary>One update of all parameters from the gradients of a step.</summary>
internal sealed class TrainingOptimizer
{
    private readonly TrainedParameter[] _parameters;
    private readonly string _name;
    private readonly Optimizer _optimizer;
    private readonly GradientClipper _clipper;
    private readonly Schedule _schedule;
    private readonly double _clip;

    /// <param name="config">The configuration.</param>
    /// <param name="parameters">What is updated; gradients come in this order.</param>
    /// <param name="compute">Path and threads.</param>
    public TrainingOptimizer(TrainConfig config, IReadOnlyList<NamedParameter> parameters, Compute compute)
    {
        _name = config.Optimizer;
        _parameters = [.. parameters.Select((pair, index) => new TrainedParameter(pair.Name, pair.Parameter, index))];

        // Matrices and embeddings decay; biases and norms do not.
        ParameterGroup[] groups =
        [
            new(_parameters.Where(parameter => parameter.Rank >= 2), weightDecay: config.WeightDecay),
            new(_parameters.Where(parameter => parameter.Rank < 2), weightDecay: 0),
        ];
        _optimizer = config.Optimizer switch
        {
            "adamw" => new AdamW(groups, config.LearningRate, config.Beta1, config.Beta2, config.AdamEpsilon, compute: compute),
            "adam" => new Adam(groups, config.LearningRate, config.Beta1, config.Beta2, config.AdamEpsilon, compute: compute),
            "sgd" => new Sgd(groups, config.LearningRate, config.Momentum, compute: compute),
            _ => throw new TrainConfigException($"setting 'optimizer' is {config.Optimizer}: use adamw, adam or sgd"),
        };
        _clipper = new GradientClipper(_parameters, compute);
        _schedule = CreateSchedule(config);
        _clip = config.GradClip;
    }

    /// <summary>What the optimizer remembers, in ordinal order of parameter names.</summary>
    public IEnumerable<StateTensor> State => _optimizer.State.SelectMany(state => state.Tensors);

    /// <summary>The learning rate of a step, counted from 1.</summary>
    public double LearningRate(long step) => _schedule.LearningRate(step - 1);

    /// <summary>Continues after this many steps; the state tensors are written by the caller.</summary>
    public void SetStep(long step) => _optimizer.SetStep(step);

    /// <summary>Clips, updates, and returns the gradient norm before clipping; tells the observer all gradients, then all that was updated.</summary>
    /// <exception cref="NonFiniteGradientException">A gradient is not finite; nothing was changed.</exception>
    public double Update(GradientBuffers gradients, long step, IStepObserver? observer = null)
    {
        foreach (TrainedParameter parameter in _parameters)
        {
            parameter.Gradients = gradients;
        }

        Tell(observer, TracePhase.Reduce);
        double norm = _clipper.Norm();
        observer?.GradNorm(norm);
        _optimizer.SetLearningRate(LearningRate(step));
        _optimizer.Step(_clip > 0 ? GradientClip.Coefficient(norm, _clip) : 1);
        Tell(observer, TracePhase.Optimizer);
        return norm;
    }

    private void Tell(IStepObserver? observer, TracePhase phase)
    {
        if (observer is null)
        {
            return;
        }

        foreach (TrainedParameter parameter in _parameters)
        {
            if (phase == TracePhase.Reduce)
            {
                observer.Result(phase, parameter.Name, "join", "grad:", parameter.Shape, parameter.Gradient);
                continue;
            }

            foreach (StateTensor state in _optimizer.State.First(state => state.Name == parameter.Name).Tensors)
            {
                observer.Result(phase, parameter.Name, _name, state.Name + ":", parameter.Shape, state.Data);
            }

            observer.Result(phase, parameter.Name, _name, "", parameter.Shape, parameter.Data);
        }
    }

    private static WarmupSchedule CreateSchedule(TrainConfig config)
    {
        long decay = Math.Max(1, (long)config.DecaySteps - config.WarmupSteps);
        Schedule after = config.Schedule switch
        {
            "cosine" => new CosineSchedule(config.LearningRate, config.MinLearningRate, decay),
            "linear" => new LinearSchedule(config.LearningRate, config.MinLearningRate, decay),
            _ => new ConstantSchedule(config.LearningRate),
        };
        return new WarmupSchedule(config.WarmupSteps, after, WarmupStart.AboveZero);
    }

    private sealed class TrainedParameter(string name, Tensor tensor, int index) : IParameter
    {
        public string Name => name;

        public int Rank => tensor.Rank;

        public Shape Shape => tensor.Shape;

        public GradientBuffers? Gradients { get; set; }

        public Span<float> Data => tensor.Data;

        public Span<float> Gradient => Gradients is null ? default : Gradients[index];

        public void ZeroGradient() => Gradients = null;
    }
}
