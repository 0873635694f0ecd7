using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Idem.Numerics.Functions;

namespace Idem.Tests.Functions;

/// <summary>
/// The float64 functions: pinned bits (the sequence is the definition), special values, and nearness to the runtime's functions.
/// Their distance from MPFR's values is measured in Idem.Conformance.
/// </summary>
public class Float64Tests
{
    [Fact]
    public void BitsArePinned()
    {
        List<double> values = [];
        foreach (double x in Sample(20000))
        {
            values.AddRange([
                Float64.Exp(x), Float64.Log(Math.Abs(x)), Float64.Sin(x), Float64.Cos(x), Float64.Tanh(x),
                Float64.Pow(Math.Abs(x), 0.3), Float64.Pow(1.0009765625, x), Float64.Power(x, 7), Float64.Power(x, -3)]);
        }

        double[] all = [.. values.Select(value => double.IsNaN(value) ? 0.125 : value)];
        string digest = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(all.AsSpan())));
        Assert.True(digest == "a23555b36bdef2e419eb495e5cd7e7e3d17a0793a21bb77d8e2971666c2c7c68", $"the digest is {digest}");
    }

    [Fact]
    public void SpecialValues()
    {
        const double Infinity = double.PositiveInfinity, NaN = double.NaN;
        AssertSame(1, Float64.Exp(-0.0));
        AssertSame(0, Float64.Exp(-Infinity));
        AssertSame(Infinity, Float64.Exp(Infinity));
        AssertSame(Infinity, Float64.Exp(709.79));
        AssertSame(0, Float64.Exp(-745.14));
        AssertSame(double.Epsilon, Float64.Exp(-745.13));
        AssertSame(NaN, Float64.Exp(NaN));
        AssertSame(0, Float64.Log(1));
        AssertSame(-Infinity, Float64.Log(-0.0));
        AssertSame(Infinity, Float64.Log(Infinity));
        AssertSame(NaN, Float64.Log(-1));
        AssertSame(NaN, Float64.Log(NaN));
        AssertSame(-0.0, Float64.Sin(-0.0));
        AssertSame(double.Epsilon, Float64.Sin(double.Epsilon));
        AssertSame(NaN, Float64.Sin(Infinity));
        AssertSame(1, Float64.Cos(0));
        AssertSame(NaN, Float64.Cos(-Infinity));
        AssertSame(-0.0, Float64.Tanh(-0.0));
        AssertSame(-1, Float64.Tanh(-Infinity));
        AssertSame(NaN, Float64.Tanh(NaN));
        AssertSame(1, Float64.Pow(NaN, 0));
        AssertSame(1, Float64.Pow(1, Infinity));
        AssertSame(0, Float64.Pow(0, 2.5));
        AssertSame(Infinity, Float64.Pow(0, -2.5));
        AssertSame(Infinity, Float64.Pow(10, 400));
        AssertSame(0, Float64.Pow(10, -400));
        AssertSame(0, Float64.Pow(Infinity, -1));
        AssertSame(0, Float64.Pow(2, -Infinity));
        AssertSame(NaN, Float64.Pow(-8, 1.0 / 3));
        AssertSame(NaN, Float64.Pow(2, NaN));
        AssertSame(1, Float64.Power(NaN, 0));
        AssertSame(-8, Float64.Power(-2, 3));
        AssertSame(0.0625, Float64.Power(2, -4));
        AssertSame(0, Float64.Power(2, long.MinValue));
    }

    /// <summary>pow of exact operands with an exact result is that result.</summary>
    [Fact]
    public void ExactPowersAreExact()
    {
        AssertSame(1024, Float64.Pow(2, 10));
        AssertSame(0.125, Float64.Pow(4, -1.5));
        AssertSame(1e15, Float64.Pow(10, 15));
    }

    /// <summary>A foreign oracle: the runtime's functions, themselves within about one unit in the last place.</summary>
    [Fact]
    public void NearTheRuntimesFunctions()
    {
        foreach (double x in Sample(20000))
        {
            double magnitude = Math.Abs(x);
            AssertNear(Math.Log(magnitude), Float64.Log(magnitude), x);
            AssertNear(Math.Sin(x), Float64.Sin(x), x);
            AssertNear(Math.Cos(x), Float64.Cos(x), x);
            AssertNear(Math.Tanh(x), Float64.Tanh(x), x);
            AssertNear(Math.Pow(magnitude, 0.3), Float64.Pow(magnitude, 0.3), x);
            if (magnitude < 700)
            {
                AssertNear(Math.Exp(x), Float64.Exp(x), x);
            }
        }
    }

    /// <summary>Half the values of everyday size, half of any size.</summary>
    private static IEnumerable<double> Sample(int count)
    {
        ulong state = 1;
        for (int i = 0; i < count; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            long bits = (long)(state ^ (state >> 31));
            double any = BitConverter.Int64BitsToDouble(bits);
            yield return i % 2 == 0 || !double.IsFinite(any) ? (bits >> 11) * (1.0 / (1L << 48)) : any;
        }
    }

    private static void AssertNear(double expected, double actual, double x)
    {
        double magnitude = Math.Abs(expected);
        double unit = Math.BitIncrement(magnitude) - magnitude;
        Assert.True(Math.Abs(expected - actual) <= 2 * unit, $"of {x:R}: expected about {expected:R}, got {actual:R}");
    }

    private static void AssertSame(double expected, double actual) =>
        Assert.True(
            double.IsNaN(expected) ? double.IsNaN(actual) : BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual),
            $"expected {expected:R}, got {actual:R}");
}
