using Idem.Numerics.Random;

namespace Idem.Numerics.Kernels;

/// <summary>
/// The address of a dropout's masks. Whether an element is kept is a pure function of (stream, step, sequence, element), by
/// <see cref="RandomStream.FillDropoutMask"/>; kept elements are multiplied by <see cref="KeptScale"/>, dropped ones are absent.
/// </summary>
public readonly record struct DropoutSite
{
    /// <summary>A site: masks of one layer's activation at one step.</summary>
    /// <param name="stream">The stream of (seed, "dropout", name of the site).</param>
    /// <param name="probability">Probability to drop, from 0 to below 1.</param>
    /// <param name="step">The step.</param>
    /// <param name="firstSequence">Index within the step's whole batch of the first sequence at hand.</param>
    public DropoutSite(RandomStream stream, double probability, uint step, uint firstSequence)
    {
        if (!(probability >= 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "the probability to drop must be at least 0 and below 1");
        }

        Stream = stream;
        Probability = probability;
        Step = step;
        FirstSequence = firstSequence;
        IsActive = probability > 0;
    }

    /// <summary>The stream of (seed, "dropout", name of the site).</summary>
    public RandomStream Stream { get; }

    /// <summary>Probability to drop.</summary>
    public double Probability { get; }

    /// <summary>The step.</summary>
    public uint Step { get; }

    /// <summary>Index within the step's whole batch of the first sequence at hand.</summary>
    public uint FirstSequence { get; }

    /// <summary>Anything may be dropped; false by default.</summary>
    public bool IsActive { get; }

    /// <summary>1/(1-probability), computed in double (a subtraction, a division) and rounded to float32.</summary>
    public float KeptScale => (float)(1.0 / (1.0 - Probability));

    /// <summary>keep[i] = 1 where element start+i of a sequence's activation is kept, else 0.</summary>
    internal void Fill(Span<byte> keep, int sequence, ulong start) =>
        Stream.FillDropoutMask(keep, Probability, FirstSequence + (uint)sequence, Step, start);

    /// <summary>
    /// The element of a probability of attention: 16 bits of head, 24 bits of absolute query, 24 bits of absolute key, so
    /// that a longer sequence, a cache or a chunk does not move it.
    /// </summary>
    internal static ulong AttentionElement(int head, int queryPosition, int key) =>
        ((ulong)head << 48) | ((ulong)queryPosition << 24) | (uint)key;
}
