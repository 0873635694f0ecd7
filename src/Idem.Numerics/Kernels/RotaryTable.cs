// Cosines and sines of a rotary embedding, position by position. This file DEFINES their bits: frequencies and angles in double,
// each step one IEEE operation or a function of Float64, and one rounding to float32 at the end. A position's row depends on the
// position alone, so a table of more positions begins with the same rows.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Cosines and sines of positions 0 to <see cref="Positions"/> - 1; immutable. Order: <c>arithmetic.md#rotary-embedding</c>.</summary>
public sealed class RotaryTable
{
    private readonly float[] _cos;
    private readonly float[] _sin;

    private RotaryTable(int positions, int pairs)
    {
        Positions = positions;
        Pairs = pairs;
        _cos = new float[checked(positions * pairs)];
        _sin = new float[positions * pairs];
    }

    /// <summary>Rows.</summary>
    public int Positions { get; }

    /// <summary>Rotated pairs of a head: columns.</summary>
    public int Pairs { get; }

    /// <summary>Cosines, [positions, pairs].</summary>
    public ReadOnlySpan<float> Cos => _cos;

    /// <summary>Sines, [positions, pairs].</summary>
    public ReadOnlySpan<float> Sin => _sin;

    /// <summary>The table of the first positions.</summary>
    public static RotaryTable Create(RotaryParameters parameters, int positions)
    {
        parameters.Check();
        RotaryTable table = new(positions, parameters.Dimensions / 2);
        double[] frequencies = Frequencies(parameters);
        double scale = Scale(parameters);
        for (int position = 0; position < positions; position++)
        {
            if (parameters.Scaling == RotaryScaling.Dynamic && position >= parameters.OriginalPositions)
            {
                frequencies = DynamicFrequencies(parameters, position);
            }

            for (int i = 0; i < table.Pairs; i++)
            {
                double angle = position * frequencies[i];
                table._cos[(position * table.Pairs) + i] = (float)(Float64.Cos(angle) * scale);
                table._sin[(position * table.Pairs) + i] = (float)(Float64.Sin(angle) * scale);
            }
        }

        return table;
    }

    /// <summary>The frequency of each pair, in radians a position; of Dynamic, those within the original context.</summary>
    internal static double[] Frequencies(RotaryParameters p)
    {
        double[] frequencies = BaseFrequencies(p.Theta, p.Dimensions);
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = p.Scaling switch
            {
                RotaryScaling.Linear => frequencies[i] / p.Factor,
                RotaryScaling.Llama3 => Llama3Frequency(p, frequencies[i]),
                RotaryScaling.Yarn => YarnFrequency(p, i, frequencies[i]),
                _ => frequencies[i],
            };
        }

        return frequencies;
    }

    // f_i = 1 / theta^(2i/d)
    private static double[] BaseFrequencies(double theta, int dimensions)
    {
        double[] frequencies = new double[dimensions / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = 1.0 / Float64.Pow(theta, 2.0 * i / dimensions);
        }

        return frequencies;
    }

    // The base of a sequence that ends with this position: theta * (factor*(t+1)/L - (factor-1))^(d/(d-2)).
    private static double[] DynamicFrequencies(RotaryParameters p, int position)
    {
        double stretch = (p.Factor * (position + 1.0) / p.OriginalPositions) - (p.Factor - 1.0);
        double power = (double)p.Dimensions / (p.Dimensions - 2);
        return BaseFrequencies(p.Theta * Float64.Pow(stretch, power), p.Dimensions);
    }

    // w = 2*pi/f; w < L/high: f; w > L/low: f/factor; else s = (L/w - low)/(high - low): (1-s)*f/factor + s*f
    private static double Llama3Frequency(RotaryParameters p, double frequency)
    {
        double wavelength = 2.0 * Math.PI / frequency;
        if (wavelength < p.OriginalPositions / p.HighFrequencyFactor)
        {
            return frequency;
        }

        if (wavelength > p.OriginalPositions / p.LowFrequencyFactor)
        {
            return frequency / p.Factor;
        }

        double smooth = ((p.OriginalPositions / wavelength) - p.LowFrequencyFactor) / (p.HighFrequencyFactor - p.LowFrequencyFactor);
        return ((1.0 - smooth) * frequency / p.Factor) + (smooth * frequency);
    }

    // low, high = the dimensions with beta_fast and beta_slow turns; r = i's place between them in [0, 1]: f/factor * (1-(1-r)) + f * (1-r)
    private static double YarnFrequency(RotaryParameters p, int i, double frequency)
    {
        double low = Math.Max(Math.Floor(YarnDimension(p, p.BetaFast)), 0);
        double high = Math.Min(Math.Ceiling(YarnDimension(p, p.BetaSlow)), p.Dimensions - 1);
        high = low == high ? high + 0.001 : high;
        double keep = 1.0 - Math.Min(Math.Max((i - low) / (high - low), 0), 1);
        return (frequency / p.Factor * (1.0 - keep)) + (frequency * keep);
    }

    // d*log(L/(turns*2*pi)) / (2*log(theta))
    private static double YarnDimension(RotaryParameters p, double turns) =>
        p.Dimensions * Float64.Log(p.OriginalPositions / (turns * 2.0 * Math.PI)) / (2.0 * Float64.Log(p.Theta));

    private static double Scale(RotaryParameters p) =>
        p.Scaling == RotaryScaling.Yarn ? p.AttentionFactor ?? ((0.1 * Float64.Log(p.Factor)) + 1.0) : 1.0;
}
