using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Idem.Numerics.Functions;

namespace Idem.Tests.Functions;

/// <summary>
/// Every elementwise function on every path: pinned digests of a sample, the hard cases that MPFR decided, the edges of every
/// binade, special values. The exhaustive check of all 2^32 inputs is in Idem.Conformance.
/// </summary>
public class FunctionTests
{
    public static TheoryData<SimdPath> Paths => [.. SimdPaths.All];

    [Theory]
    [MemberData(nameof(Paths))]
    public void SampledOutputsArePinned(SimdPath path)
    {
        foreach (NamedFunction function in FunctionTable.All)
        {
            Assert.Equal($"{function.Name} {FunctionChecks.SampledDigests[function.Name]}", $"{function.Name} {FunctionChecks.SampledDigest(function, path)}");
        }
    }

    /// <summary>Inputs whose value lies within 16 units of float64 of the middle between two float32.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void HardCasesAreCorrectlyRounded(SimdPath path)
    {
        int count = 0;
        foreach (IGrouping<string, (string Function, uint Input, uint Output)> cases in HardCases.Read().GroupBy(hard => hard.Function))
        {
            float[] x = [.. cases.Select(hard => BitConverter.UInt32BitsToSingle(hard.Input))], y = new float[x.Length];
            Named(cases.Key).Map(path, x, y);
            int i = 0;
            foreach ((string name, uint input, uint output) in cases)
            {
                uint actual = BitConverter.SingleToUInt32Bits(y[i++]);
                Assert.True(output == actual, $"{name} {path.Name()} 0x{input:X8}: expected 0x{output:X8}, got 0x{actual:X8}");
                count++;
            }
        }

        Assert.True(count > 1000, $"only {count} hard cases were read");
    }

    /// <summary>Functions over rows take four vectors at a time, and the last ones singly: here hard cases as such rows.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void HardCasesInShortRowsAreCorrectlyRounded(SimdPath path)
    {
        foreach (string function in new[] { "exp", "erf", "sigmoid" })
        {
            (string Function, uint Input, uint Output)[] cases = [.. HardCases.Read().Where(hard => hard.Function == function)];
            float[] x = [.. cases.Select(hard => BitConverter.UInt32BitsToSingle(hard.Input))], y = new float[x.Length];
            for (int first = 0, length = 16; first < x.Length; first += length, length = 16 + ((length + 16) % 64))
            {
                int count = Math.Min(length, x.Length - first);
                Named(function).Map(path, x.AsSpan(first, count), y.AsSpan(first, count));
            }

            Assert.Equal(cases.Select(hard => hard.Output), y.Select(BitConverter.SingleToUInt32Bits));
            Assert.True(cases.Length > 30, $"only {cases.Length} hard cases of {function}");
        }
    }

    [Fact]
    public void BinadeEdgesAreTheSameOnEveryPath()
    {
        float[] x = BinadeEdges(), scalar = new float[x.Length], y = new float[x.Length];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (NamedFunction function in FunctionTable.All)
        {
            function.Map(SimdPath.Scalar, x, scalar);
            FunctionChecks.CanonicalizeNaN(scalar);
            hash.AppendData(MemoryMarshal.AsBytes(scalar.AsSpan()));
            foreach (SimdPath path in SimdPaths.All)
            {
                function.Map(path, x, y);
                FunctionChecks.CanonicalizeNaN(y);
                for (int i = 0; i < x.Length; i++)
                {
                    AssertSame(scalar[i], y[i], $"{function.Name} {path.Name()}", x[i]);
                }
            }
        }

        string digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        Assert.True(digest == "58b0e4eabca3be0519c30544e8dcc5506baaa7a0aef080a979ad7e8d2d77cc9b", $"the digest is {digest}");
    }

    /// <summary>A lane's result depends on nothing but its own input: large angles, NaN and infinity beside it change no bit.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public void LanesAreIndependent(SimdPath path)
    {
        float[] neighbours = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 3e38f, -1e30f, 0f, -0f, 1e-40f, -2f, 9830.398f];
        float[] values = [0.3f, -0.7f, 1.5f, 9830.398f, 5e7f, 1e-42f, 88f];
        Span<float> x = stackalloc float[37], y = stackalloc float[37];
        foreach (NamedFunction function in FunctionTable.All)
        {
            foreach (float value in values)
            {
                float alone = default;
                function.Map(path, [value], MemoryMarshal.CreateSpan(ref alone, 1));
                for (int position = 0; position < x.Length; position++)
                {
                    for (int i = 0; i < x.Length; i++)
                    {
                        x[i] = neighbours[(i + position) % neighbours.Length];
                    }

                    x[position] = value;
                    function.Map(path, x, y);
                    AssertSame(alone, y[position], $"{function.Name} {path.Name()} position {position}", value);
                }
            }
        }
    }

    [Theory]
    [InlineData("exp", 0f, 1f, -0f, 1f, float.NegativeInfinity, 0f, float.PositiveInfinity, float.PositiveInfinity, 88.72284f, float.PositiveInfinity, 88.72283f, 3.4027985E+38f, -103.97208f, 1E-45f, -103.97209f, 0f)]
    [InlineData("expm1", 0f, 0f, -0f, -0f, float.NegativeInfinity, -1f, float.PositiveInfinity, float.PositiveInfinity, 1E-45f, 1E-45f, -1E-45f, -1E-45f)]
    [InlineData("log", 0f, float.NegativeInfinity, -0f, float.NegativeInfinity, 1f, 0f, -1f, float.NaN, float.PositiveInfinity, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1E-45f, -103.27893f)]
    [InlineData("log1p", 0f, 0f, -0f, -0f, -1f, float.NegativeInfinity, -1.5f, float.NaN, float.PositiveInfinity, float.PositiveInfinity, 1E-45f, 1E-45f)]
    [InlineData("log2", 0f, float.NegativeInfinity, -0f, float.NegativeInfinity, 1f, 0f, 8f, 3f, 1E-45f, -149f, -1f, float.NaN, float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData("tanh", 0f, 0f, -0f, -0f, float.NegativeInfinity, -1f, float.PositiveInfinity, 1f, 1E-45f, 1E-45f)]
    [InlineData("sigmoid", 0f, 0.5f, -0f, 0.5f, float.NegativeInfinity, 0f, float.PositiveInfinity, 1f, 1E-45f, 0.5f)]
    [InlineData("erf", 0f, 0f, -0f, -0f, float.NegativeInfinity, -1f, float.PositiveInfinity, 1f, 1E-45f, 1E-45f)]
    [InlineData("sin", 0f, 0f, -0f, -0f, float.NegativeInfinity, float.NaN, float.PositiveInfinity, float.NaN, -1E-45f, -1E-45f)]
    [InlineData("cos", 0f, 1f, -0f, 1f, float.NegativeInfinity, float.NaN, float.PositiveInfinity, float.NaN, 1E-45f, 1f)]
    [InlineData("rsqrt", 0f, float.PositiveInfinity, -0f, float.NegativeInfinity, 4f, 0.5f, -1f, float.NaN, float.PositiveInfinity, 0f)]
    public void SpecialValues(string name, params float[] inputsAndOutputs)
    {
        foreach (SimdPath path in SimdPaths.All)
        {
            for (int i = 0; i < inputsAndOutputs.Length; i += 2)
            {
                float[] y = new float[1];
                Named(name).Map(path, [inputsAndOutputs[i]], y);
                AssertSame(inputsAndOutputs[i + 1], y[0], $"{name} {path.Name()}", inputsAndOutputs[i]);
            }

            float[] ofNaN = new float[1];
            Named(name).Map(path, [float.NaN], ofNaN);
            Assert.True(float.IsNaN(ofNaN[0]), $"{name} {path.Name()} of NaN");
        }
    }

    /// <summary>A digest of different bits is different: the pinned digests can fail.</summary>
    [Fact]
    public void OneWrongBitChangesTheSampledDigest()
    {
        NamedFunction exp = Named("exp"), expm1 = Named("expm1");
        Assert.NotEqual(FunctionChecks.SampledDigest(exp, SimdPath.Scalar), FunctionChecks.SampledDigest(expm1, SimdPath.Scalar));
        Assert.Null(FunctionChecks.FirstWrong(SimdPaths.Widest));
        SortedList<string, string> altered = new(FunctionChecks.SampledDigests.ToDictionary(), StringComparer.Ordinal) { ["log1p"] = FunctionChecks.SampledDigests["log"] };
        Assert.Equal("log1p", FunctionChecks.FirstWrong(SimdPaths.Widest, altered));
    }

    private static NamedFunction Named(string name) => FunctionTable.All.Single(function => function.Name == name);

    /// <summary>Each sign and exponent with significands at both ends, in the middle and at powers of two.</summary>
    private static float[] BinadeEdges()
    {
        List<uint> significands = [0, 1, 2, 3, 0x2AAAAA, 0x3504F2, 0x3504F3, 0x3504F4, 0x3FFFFF, 0x400001, 0x555555, 0x7FFFFD, 0x7FFFFE, 0x7FFFFF];
        significands.AddRange(Enumerable.Range(2, 21).Select(bit => 1u << bit));
        return [.. Enumerable.Range(0, 512).SelectMany(head => significands.Select(low => BitConverter.UInt32BitsToSingle(((uint)head << 23) | low)))];
    }

    private static void AssertSame(float expected, float actual, string what, float input)
    {
        bool same = float.IsNaN(expected) ? float.IsNaN(actual) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
        Assert.True(same, $"{what} of {input:R}: expected {expected:R}, got {actual:R}");
    }
}
