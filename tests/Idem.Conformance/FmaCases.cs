// Operands on which an emulated fused multiply-add could go wrong: significands of few bits or of runs of ones, addends anywhere
// from far above to far below the product, near-cancellation, middles between two results with and without something below them,
// subnormal operands and results, overflow, signed zeros, infinities, NaN. The processor's instruction says what is right.

using System.Numerics;
using System.Runtime.Intrinsics;
using Idem.Numerics;

namespace Idem.Conformance;

/// <summary>Compares the emulation with the instruction, and its integer form with both. Needs a machine that has the instruction.</summary>
internal struct FmaCases(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Tries a number of float64 cases in each form of the emulation; the first difference, or null.</summary>
    public static string? FirstDifferenceDouble(ulong seed, long cases)
    {
        FmaCases random = new(seed);
        for (long i = 0; i < cases; i += 2)
        {
            (double a, double b, double c) = random.Double();
            (double d, double e, double f) = random.Double();
            double first = Fma.Double(a, b, c), second = Fma.Double(d, e, f);
            Vector128<double> lanes = SoftwareFma.Double(Vector128.Create(a, d), Vector128.Create(b, e), Vector128.Create(c, f));
            string? difference = Difference(first, SoftwareFma.Double(a, b, c), "scalar", a, b, c)
                ?? Difference(first, SoftwareFma.ExactDouble(a, b, c), "integers", a, b, c)
                ?? Difference(first, lanes[0], "lane 0", a, b, c)
                ?? Difference(second, lanes[1], "lane 1", d, e, f);
            if (difference is not null)
            {
                return difference;
            }
        }

        return null;
    }

    /// <summary>The same in float32.</summary>
    public static string? FirstDifferenceSingle(ulong seed, long cases)
    {
        FmaCases random = new(seed);
        Span<float> a = stackalloc float[4], b = stackalloc float[4], c = stackalloc float[4];
        for (long i = 0; i < cases; i += 4)
        {
            for (int lane = 0; lane < 4; lane++)
            {
                (a[lane], b[lane], c[lane]) = random.Single();
            }

            Vector128<float> lanes = SoftwareFma.Single(Vector128.Create<float>(a), Vector128.Create<float>(b), Vector128.Create<float>(c));
            for (int lane = 0; lane < 4; lane++)
            {
                float expected = Fma.Single(a[lane], b[lane], c[lane]);
                string? difference = Difference(expected, SoftwareFma.Single(a[lane], b[lane], c[lane]), "scalar", a[lane], b[lane], c[lane])
                    ?? Difference(expected, lanes[lane], $"lane {lane}", a[lane], b[lane], c[lane]);
                if (difference is not null)
                {
                    return difference;
                }
            }
        }

        return null;
    }

    private static string? Difference<T>(T expected, T actual, string form, T a, T b, T c)
        where T : IFloatingPointIeee754<T>
    {
        bool same = T.IsNaN(expected) ? T.IsNaN(actual) : expected == actual && T.IsNegative(expected) == T.IsNegative(actual);
        return same ? null : $"fma({a:R}, {b:R}, {c:R}), {form}: expected {expected:R}, got {actual:R}";
    }

    private (double A, double B, double C) Double()
    {
        if (Below(64) == 0)
        {
            return (SpecialDouble(), SpecialDouble(), SpecialDouble());
        }

        int range = Below(8) == 0 ? 1074 : 40;
        int exponentA = Below((2 * range) + 1) - range, exponentB = Below((2 * range) + 1) - range;
        double a = Math.ScaleB((double)Significand(53), exponentA - 52), b = Math.ScaleB((double)Significand(53), exponentB - 52);
        double c = Below(4) switch
        {
            0 => Near(-a * b),
            1 => Math.ScaleB((double)Significand(53), Below(2200) - 1126 - 52),
            _ => Math.ScaleB((double)Significand(53), Math.Clamp(exponentA + exponentB + Offset(53), -1140, 1023) - 52),
        };
        return (Signed(a), Signed(b), Signed(c));
    }

    private (float A, float B, float C) Single()
    {
        if (Below(64) == 0)
        {
            return ((float)SpecialDouble(), (float)SpecialDouble(), (float)SpecialDouble());
        }

        int range = Below(4) == 0 ? 149 : 20;
        int exponentA = Below((2 * range) + 1) - range, exponentB = Below((2 * range) + 1) - range;
        float a = MathF.ScaleB(Significand(24), exponentA - 23), b = MathF.ScaleB(Significand(24), exponentB - 23);
        float c = Below(4) switch
        {
            0 => (float)Near(-(double)a * b),
            1 => MathF.ScaleB(Significand(24), Below(290) - 160 - 23),
            _ => MathF.ScaleB(Significand(24), Math.Clamp(exponentA + exponentB + Offset(24), -170, 127) - 23),
        };
        return ((float)Signed(a), (float)Signed(b), (float)Signed(c));
    }

    /// <summary>A distance of exponents: small, or near one or two significands up or down, or anything between.</summary>
    private int Offset(int bits)
    {
        int near = Below(9) - 4;
        return Below(6) switch
        {
            0 => near,
            1 => near + bits,
            2 => near - bits,
            3 => near - (2 * bits),
            4 => near + (2 * bits),
            _ => Below((5 * bits) + 1) - (5 * bits / 2),
        };
    }

    /// <summary>A significand with its leading bit: random, of few bits, or with runs of equal bits.</summary>
    private long Significand(int bits)
    {
        ulong leading = 1UL << (bits - 1), below = leading - 1, value = Next();
        value = Below(6) switch
        {
            0 => 0,
            1 => 1UL << Below(bits - 1),
            2 => (1UL << Below(bits - 1)) | (1UL << Below(bits - 1)),
            3 => below << Below(bits - 1),
            4 => (below >> Below(bits - 1)) ^ (Below(2) == 0 ? 0 : 1UL << Below(bits - 1)),
            _ => value,
        };
        return (long)(leading | (value & below));
    }

    private double Near(double x) =>
        double.IsFinite(x) ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(x) + Below(7) - 3) : x;

    private double SpecialDouble() => Below(12) switch
    {
        0 => 0.0,
        1 => -0.0,
        2 => double.PositiveInfinity,
        3 => double.NegativeInfinity,
        4 => double.NaN,
        5 => double.MaxValue,
        6 => -(double)float.MaxValue,
        7 => double.Epsilon * Below(9),
        8 => (double)float.Epsilon * (Below(9) - 4),
        9 => Math.ScaleB(1, Below(2100) - 1076),
        _ => BitConverter.UInt64BitsToDouble(Next()),
    };

    private double Signed(double x) => (Next() & 1) == 0 ? x : -x;

    private int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    // SplitMix64 (Steele, Lea, Flood 2014).
    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
