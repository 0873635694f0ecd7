// Which angles a rotary embedding has: the base frequency and how it is stretched for longer contexts. Angles: RotaryTable.

namespace Idem.Numerics.Kernels;

/// <summary>How rotary frequencies are stretched beyond the context that a model was trained with.</summary>
public enum RotaryScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All frequencies divided by a factor.</summary>
    Linear,

    /// <summary>The base grows with the position, beyond the original context ("dynamic NTK").</summary>
    Dynamic,

    /// <summary>Low frequencies divided, high ones kept, a straight line between (Llama 3.1).</summary>
    Llama3,

    /// <summary>Interpolated and kept frequencies blended by dimension; sines and cosines scaled (YaRN, arXiv 2309.00071).</summary>
    Yarn,
}

/// <summary>What decides a rotary embedding's angles. Formulas: <c>arithmetic.md#rotary-embedding</c>.</summary>
public sealed record RotaryParameters
{
    /// <summary>The base of the frequencies, <c>rope_theta</c>.</summary>
    public required double Theta { get; init; }

    /// <summary>Elements of a head that are rotated, from its first; even.</summary>
    public required int Dimensions { get; init; }

    /// <summary>The stretching.</summary>
    public RotaryScaling Scaling { get; init; }

    /// <summary>Its factor.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Positions of the context before stretching.</summary>
    public double OriginalPositions { get; init; }

    /// <summary>Llama 3: frequencies with fewer turns than this in the original context are divided.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: frequencies with more turns than this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN: dimensions with more turns than this in the original context are kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: dimensions with fewer turns than this are divided.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: factor of sines and cosines; null for 0.1*log(factor) + 1.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>Throws unless the parameters make angles.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the parameter.</exception>
    public void Check()
    {
        const string Operation = "Rotary";
        Kernels.Check.That(Dimensions >= 0 && Dimensions % 2 == 0, Operation, $"{Dimensions} dimensions cannot be rotated in pairs");
        Kernels.Check.That(double.IsFinite(Theta) && Theta > 1, Operation, "the base (rope_theta) must be a finite number above 1");
        Kernels.Check.That(double.IsFinite(Factor) && Factor >= 1, Operation, "the factor must be a finite number of at least 1");
        Kernels.Check.That(
            Scaling is RotaryScaling.None or RotaryScaling.Linear || OriginalPositions >= 1, Operation, "Dynamic, Llama3 and Yarn need the number of original positions");
        Kernels.Check.That(Scaling != RotaryScaling.Dynamic || Dimensions > 2, Operation, "Dynamic needs more than two dimensions");
        Kernels.Check.That(
            Scaling != RotaryScaling.Llama3 || (LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor), Operation,
            "Llama3 needs 0 < low_freq_factor < high_freq_factor");
        Kernels.Check.That(Scaling != RotaryScaling.Yarn || (BetaSlow > 0 && BetaFast >= BetaSlow), Operation, "Yarn needs 0 < beta_slow <= beta_fast");
    }
}
