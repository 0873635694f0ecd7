// The trace of one training step. Shards run on any threads at any time; each has a list of its own, and the lists are read in the
// order of the shards, so a trace depends on the run alone.

using Idem.Formats;
using Idem.Tensors;

namespace Idem.Tracing;

/// <summary>Is told of a training step's results as they come.</summary>
internal interface IStepObserver
{
    /// <summary>Who watches the operations of a shard.</summary>
    OperationObserver Shard(int index);

    /// <summary>A tensor of the whole step: a joined gradient, an updated state or parameter.</summary>
    /// <param name="phase">The part of the step.</param>
    /// <param name="parameter">Whose it is.</param>
    /// <param name="operation">What made it.</param>
    /// <param name="result">What it is, before the parameter's name.</param>
    /// <param name="shape">The parameter's shape.</param>
    /// <param name="values">The values; those who only watch leave them as they are.</param>
    void Result(TracePhase phase, string parameter, string operation, string result, Shape shape, Span<float> values);

    /// <summary>The step's loss.</summary>
    void Loss(float loss);

    /// <summary>The norm of the step's gradient.</summary>
    void GradNorm(double norm);
}

/// <summary>Collects a step's trace.</summary>
/// <param name="step">The step.</param>
/// <param name="shards">Its shards.</param>
/// <param name="keeps">Chooses the results whose values are kept, by their record and their number among those of their shard.</param>
internal sealed class StepTrace(long step, int shards, Func<TraceRecord, int, bool>? keeps = null) : IStepObserver
{
    private readonly OperationTrace[] _shards = [.. Enumerable.Range(0, shards).Select(shard => new OperationTrace(step, shard, keeps))];
    private readonly OperationTrace _whole = new(step, null, keeps);

    /// <summary>All results: shard after shard, then those of the whole step.</summary>
    public IReadOnlyList<TraceEntry> Entries => [.. _shards.SelectMany(shard => shard.Entries), .. _whole.Entries];

    public OperationObserver Shard(int index) => _shards[index];

    public void Result(TracePhase phase, string parameter, string operation, string result, Shape shape, Span<float> values) =>
        _whole.Add<float>(phase, ModuleOf(parameter), operation, result + parameter, DType.F32, shape, values);

    public void Loss(float loss) => _whole.Add<float>(TracePhase.Reduce, "", "loss", "loss", DType.F32, [], [loss]);

    public void GradNorm(double norm) => _whole.Add<double>(TracePhase.Optimizer, "", "clip_grad_norm", "grad_norm", DType.F64, [], [norm]);

    private static string ModuleOf(string parameter) => parameter.LastIndexOf('.') is var dot and >= 0 ? parameter[..dot] : "";
}
