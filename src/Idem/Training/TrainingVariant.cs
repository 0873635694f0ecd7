// What a re-execution does otherwise than the run it explains: the variants that 'idem diff' tries. Training never has one.

namespace Idem.Training;

/// <summary>Departures from a run's definition, each off by default.</summary>
internal sealed record TrainingVariant
{
    /// <summary>Which sample a sequence of a step is; null for the definition's.</summary>
    public Func<long, int, ulong>? SampleIndex { get; init; }

    /// <summary>The shards' gradients are added from left to right in place of the tree.</summary>
    public bool JoinsShardsInOrder { get; init; }

    /// <summary>After a step's update (0: after the model was made): changes what a defect changed.</summary>
    public Action<long, TrainingSession>? AfterUpdate { get; init; }
}
