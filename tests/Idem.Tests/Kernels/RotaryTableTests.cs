using Idem.Numerics.Kernels;

namespace Idem.Tests.Kernels;

/// <summary>Angles against the C library's double functions (a foreign oracle), and what every table must have.</summary>
public class RotaryTableTests
{
    private static readonly RotaryParameters Plain = new() { Theta = 10_000, Dimensions = 32 };

    public static TheoryData<RotaryScaling> Scalings => new(Enum.GetValues<RotaryScaling>());

    [Theory]
    [MemberData(nameof(Scalings))]
    public void CosinesAndSinesAreThoseOfTheFrequencies(RotaryScaling scaling)
    {
        RotaryParameters parameters = Plain with { Scaling = scaling, Factor = 4, OriginalPositions = 50 };
        RotaryTable table = RotaryTable.Create(parameters, 3000);
        double scale = scaling == RotaryScaling.Yarn ? (0.1 * Math.Log(4)) + 1 : 1;
        for (int t = 0; t < table.Positions; t += 7)
        {
            for (int i = 0; i < table.Pairs; i++)
            {
                double angle = t * Frequency(parameters, i, t);
                Assert.Equal(Math.Cos(angle) * scale, table.Cos[(t * table.Pairs) + i], 1e-7 * scale);
                Assert.Equal(Math.Sin(angle) * scale, table.Sin[(t * table.Pairs) + i], 1e-7 * scale);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scalings))]
    public void ALongerTableBeginsWithTheShorter(RotaryScaling scaling)
    {
        RotaryParameters parameters = Plain with { Scaling = scaling, Factor = 4, OriginalPositions = 50 };
        RotaryTable shorter = RotaryTable.Create(parameters, 77), longer = RotaryTable.Create(parameters, 300);
        Assert.True(longer.Cos.StartsWith(shorter.Cos));
        Assert.True(longer.Sin.StartsWith(shorter.Sin));
    }

    [Fact]
    public void DynamicIsPlainWithinTheOriginalContext()
    {
        RotaryTable plain = RotaryTable.Create(Plain, 60);
        RotaryTable dynamic = RotaryTable.Create(Plain with { Scaling = RotaryScaling.Dynamic, Factor = 3, OriginalPositions = 50 }, 60);
        Assert.True(dynamic.Cos.StartsWith(plain.Cos[..(50 * 16)]));
        Assert.False(dynamic.Sin[(51 * 16)..].SequenceEqual(plain.Sin[(51 * 16)..]));
    }

    [Fact]
    public void ImpossibleParametersAreNamed()
    {
        foreach ((RotaryParameters parameters, string names) in new[]
        {
            (Plain with { Dimensions = 5 }, "5 dimensions"), (Plain with { Theta = double.NaN }, "rope_theta"), (Plain with { Factor = 0.5 }, "factor"),
            (Plain with { Scaling = RotaryScaling.Llama3 }, "original positions"),
            (Plain with { Scaling = RotaryScaling.Llama3, OriginalPositions = 9, HighFrequencyFactor = 1 }, "high_freq_factor"),
            (Plain with { Scaling = RotaryScaling.Yarn, OriginalPositions = 9, BetaFast = 0.5 }, "beta_fast"),
            (Plain with { Scaling = RotaryScaling.Dynamic, OriginalPositions = 9, Dimensions = 2 }, "Dynamic"),
        })
        {
            Assert.Contains(names, Assert.Throws<ArgumentException>(() => RotaryTable.Create(parameters, 4)).Message, StringComparison.Ordinal);
        }
    }

    // Transformers' formulas (modeling_rope_utils), in another arrangement.
    private static double Frequency(RotaryParameters p, int i, int t)
    {
        double f = Math.Pow(p.Theta, -2.0 * i / p.Dimensions), turns = p.OriginalPositions * f / (2 * Math.PI);
        double Correction(double beta) => p.Dimensions * Math.Log(p.OriginalPositions / (beta * 2 * Math.PI)) / (2 * Math.Log(p.Theta));
        switch (p.Scaling)
        {
            case RotaryScaling.Linear:
                return f / p.Factor;
            case RotaryScaling.Dynamic:
                double length = Math.Max(t + 1, p.OriginalPositions);
                double theta = p.Theta * Math.Pow((p.Factor * length / p.OriginalPositions) - (p.Factor - 1), p.Dimensions / (p.Dimensions - 2.0));
                return Math.Pow(theta, -2.0 * i / p.Dimensions);
            case RotaryScaling.Llama3:
                double smooth = Math.Clamp((turns - p.LowFrequencyFactor) / (p.HighFrequencyFactor - p.LowFrequencyFactor), 0, 1);
                return (f / p.Factor * (1 - smooth)) + (f * smooth);
            case RotaryScaling.Yarn:
                double low = Math.Max(Math.Floor(Correction(p.BetaFast)), 0), high = Math.Min(Math.Ceiling(Correction(p.BetaSlow)), p.Dimensions - 1);
                double ramp = Math.Clamp((i - low) / (high - low), 0, 1);
                return (f / p.Factor * ramp) + (f * (1 - ramp));
            default:
                return f;
        }
    }
}
