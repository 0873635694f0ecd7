// A run's state between two steps, and the step itself. The whole of training's arithmetic is here or below; files, progress and
// interruption are the Trainer's. A session is built from (configuration, data), or restored from a checkpoint, and goes on to
// the same bits.

using System.Diagnostics;
using Idem.Audit;
using Idem.Data;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Reduction;
using Idem.Optimizers;
using Idem.Tensors;
using Idem.Tracing;

namespace Idem.Training;

/// <summary>Model, optimizer and position of a run.</summary>
internal sealed class TrainingSession
{
    private const long WaveFloatsMax = 1L << 28; // shards run side by side while their gradients take at most 1 GiB

    private readonly TrainConfig _config;
    private readonly TrainingObjective _objective;
    private readonly Compute _compute;
    private readonly TokenDatasetSampler _sampler;
    private readonly GradientTree _gradients;
    private readonly GradientBuffers[] _wave;
    private readonly bool _hasDropout; // what a model to begin from drops is its folder's to say
    private readonly int[] _inputs;
    private readonly int[] _targets;
    private readonly double[] _shardLosses;
    private readonly Action<int> _computeShard; // made once, since a step allocates nothing
    private readonly TrainingVariant? _variant;
    private int _waveFirst;
    private long _waveStep;
    private long _targetCount;
    private long _batchDigestTicks;

    /// <param name="config">The configuration.</param>
    /// <param name="data">The data.</param>
    /// <param name="compute">Path and threads.</param>
    /// <param name="start">The model to begin from; null draws one.</param>
    /// <param name="variant">What a re-execution that explains a difference does otherwise; null in training.</param>
    public TrainingSession(TrainConfig config, TrainingData data, Compute compute, BaseModel? start = null, TrainingVariant? variant = null)
    {
        _variant = variant;
        _config = config;
        _compute = compute;
        Data = data;
        Model = start?.Create() ?? Draw(config, data);
        _hasDropout = start is not null || config.Dropout > 0;
        Companions = start?.Companions;
        _objective = TrainingObjective.Of(config, data, start);
        NamedParameter[] trained = [.. Model.NamedParameters().Where(named => _objective.Trains(named.Name))];
        Optimizer = new TrainingOptimizer(config, trained, compute);
        _sampler = new TokenDatasetSampler(data.Tokens.Train, _objective.TextLength, config.Seed);
        ParameterCount = Model.ParameterCount();
        _gradients = new GradientTree([.. trained.Select(named => named.Parameter)], variant?.JoinsShardsInOrder == true);
        int sideBySide = (int)Math.Clamp(WaveFloatsMax / ParameterCount, 1, Math.Min(compute.Threads, config.Shards));
        _wave = new GradientBuffers[sideBySide];
        _inputs = new int[config.SequencesPerStep * config.NPositions];
        _targets = new int[_inputs.Length];
        _shardLosses = new double[config.Shards];
        _computeShard = ComputeShard;
        variant?.AfterUpdate?.Invoke(0, this);
    }

    public LanguageModel Model { get; }

    /// <summary>Files that belong to the model and stay as they are; null for a model of our own.</summary>
    public IReadOnlyList<FolderFile>? Companions { get; }

    public TrainingOptimizer Optimizer { get; }

    public TrainingData Data { get; }

    public long ParameterCount { get; }

    /// <summary>Steps done. Set only by restoring.</summary>
    public long Step { get; set; }

    /// <summary>Positions of a step's windows.</summary>
    public long TokensPerStep => _inputs.Length;

    /// <summary>Who watches the next step; null for nobody.</summary>
    public IStepObserver? Observer { get; set; }

    /// <summary>Where the time of the last step went; no bit depends on it.</summary>
    public StepTimes Times { get; private set; }

    /// <summary>
    /// Executes the next step and what the plan attaches to it (evaluation, digests); returns its whole ledger record.
    /// </summary>
    /// <exception cref="TrainingException">A loss or gradient is not finite; the session is of no further use.</exception>
    public LedgerRecord Execute(ITrainingObserver? observer, CancellationToken cancellation)
    {
        _batchDigestTicks = 0;
        long begin = Stopwatch.GetTimestamp();
        LedgerRecord record = Advance();
        long advanced = Stopwatch.GetTimestamp();
        if (_config.Digests(Step))
        {
            record = record with { ParamsDigest = ModelDigest(), OptimizerDigest = OptimizerDigest() };
        }

        long digested = Stopwatch.GetTimestamp();
        if (_config.Evaluates(Step))
        {
            record = record with { ValLoss = LedgerNumber.Of(Evaluate(observer, cancellation)) };
        }

        Times = new StepTimes(
            Seconds(advanced - begin - _batchDigestTicks), Seconds(digested - advanced + _batchDigestTicks), Seconds(Stopwatch.GetTimestamp() - digested), 0);
        return record;
    }

    /// <summary>Digest of the model as a checkpoint stores it.</summary>
    public Digest ModelDigest() => TensorDigest.ComputeAll(ModelTensors(), _compute.Threads).Root;

    /// <summary>Digest of the optimizer's state.</summary>
    public Digest OptimizerDigest() => TensorDigest.ComputeAll(OptimizerTensors(), _compute.Threads).Root;

    /// <summary>The tensors of <c>model.safetensors</c>.</summary>
    public IReadOnlyList<NamedTensor> ModelTensors() =>  Model.StateDict().ToNamedTensors();

    /// <summary>The tensors of <c>optimizer.safetensors</c>.</summary>
    public IReadOnlyList<NamedTensor> OptimizerTensors() =>
        [.. Optimizer.State.Select(state => NamedTensor.Of(state.FullName, [state.Data.Length], state.Memory))];

    private static Gpt2 Draw(TrainConfig config, TrainingData data)
    {
        Gpt2 model = new(config.ModelConfig(data.Tokenizer.VocabularySize));
        model.Initialize(config.Seed);
        return model;
    }

    private float Evaluate(ITrainingObserver? observer, CancellationToken cancellation)
    {
        Model.Eval();
        try
        {
            return Evaluator.MeanLoss(
                Model, _objective, Data.Tokens.Validation, _config.EvalWindows, _compute, (done, total) => observer?.Evaluating(Step, done, total), cancellation);
        }
        finally
        {
            Model.Train();
        }
    }

    private LedgerRecord Advance()
    {
        long step = Step + 1;
        int context = _config.NPositions;
        for (int sequence = 0; sequence < _config.SequencesPerStep; sequence++)
        {
            int start = _sampler.WindowStart(SampleIndex(step, sequence));
            _objective.Fill(Data.Tokens.Train, start, step, sequence, _inputs.AsSpan(sequence * context, context), _targets.AsSpan(sequence * context, context));
        }

        // A step without a target, of special tokens alone, has loss +0 and gradients +0.
        _targetCount = Math.Max(1, _targets.Length - _targets.AsSpan().Count(TrainingObjective.NoTarget));

        GradientBuffers gradients = ComputeGradients(step);
        float loss = ShardTree.Mean(ShardTree.Sum(_shardLosses), _targetCount);
        Observer?.Loss(loss);
        if (!float.IsFinite(loss))
        {
            throw new TrainingException($"step {step}: the loss is not finite; lower the learning rate, lengthen the warm-up, or look at the data");
        }

        double norm;
        try
        {
            norm = Optimizer.Update(gradients, step, Observer);
        }
        catch (NonFiniteGradientException exception)
        {
            throw new TrainingException($"step {step}: {exception.Message}", exception);
        }

        _gradients.Return(gradients);
        Step = step;
        _variant?.AfterUpdate?.Invoke(step, this);
        return new LedgerRecord
        {
            Step = step,
            Loss = LedgerNumber.Of(loss),
            GradNorm = LedgerNumber.Of(norm),
            Lr = LedgerNumber.Of(Optimizer.LearningRate(step)),
            DataDigest = BatchDigest(),
        };
    }

    private Digest BatchDigest()
    {
        long begin = Stopwatch.GetTimestamp();
        Digest digest = TrainingData.BatchDigest(_inputs, _targets);
        _batchDigestTicks = Stopwatch.GetTimestamp() - begin;
        return digest;
    }

    private static double Seconds(long ticks) => (double)ticks / Stopwatch.Frequency;

    /// <summary>The global index of a sequence: what the order of the data is addressed by.</summary>
    private ulong SampleIndex(long step, int sequence) => _variant?.SampleIndex is { } other ? other(step, sequence) : ((ulong)(step - 1) * (ulong)_config.SequencesPerStep) + (ulong)sequence;

    // Shards run side by side, one a thread, or one after the other with the threads inside them. The bits are the same.
    private GradientBuffers ComputeGradients(long step)
    {
        for (int first = 0; first < _config.Shards; first += _wave.Length)
        {
            int count = Math.Min(_wave.Length, _config.Shards - first);
            for (int i = 0; i < count; i++)
            {
                _wave[i] = _gradients.Rent();
            }

            _waveFirst = first;
            _waveStep = step;
            _compute.For(count, _computeShard);
            for (int i = 0; i < count; i++)
            {
                _gradients.Add(_compute, _wave[i]);
            }
        }

        return _gradients.Finish(_compute);
    }

    private void ComputeShard(int index)
    {
        int shard = _waveFirst + index;
        using ResultScope scope = Tape.OwnResults();
        using ObserverScope watched = Tape.Watch(Observer?.Shard(shard));
        int sequences = _config.SequencesPerShard, context = _config.NPositions, tokens = sequences * context;
        ReadOnlySpan<int> inputs = _inputs.AsSpan(shard * tokens, tokens);
        ReadOnlySpan<int> targets = _targets.AsSpan(shard * tokens, tokens);
        ForwardContext? place = _hasDropout ? new(_config.Seed, (uint)_waveStep, (uint)(shard * sequences), sequences) : null;
        Tensor losses = _objective.Losses(Model, inputs, targets, sequences, place);
        _shardLosses[shard] = Numerics.Kernels.Reduce.Sum(losses.Data);
        Autograd.Backward(losses, ShardTree.MeanGradient(_targetCount), _wave[index]);
    }
}
