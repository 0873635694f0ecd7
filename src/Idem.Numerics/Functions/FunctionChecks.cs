// Pinned digests of the elementwise functions, for self-checks. A digest here changes only with a new arithmetic version.

using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Idem.Numerics.Functions;

/// <summary>Digests of the functions' outputs: sampled ones that take milliseconds, whole ones that the conformance program checks.</summary>
internal static class FunctionChecks
{
    /// <summary>The sample: every 65521st encoding (a prime), so all exponents and signs occur with ever different significands.</summary>
    private const uint Stride = 65521;
    private const int Count = (int)(uint.MaxValue / Stride) + 1;

    /// <summary>SHA-256 of all 2^32 outputs, float32 little endian, in the order of the inputs' encodings, NaN as 0x7FC00000.</summary>
    public static IReadOnlyDictionary<string, string> WholeDigests { get; } = new SortedList<string, string>(StringComparer.Ordinal)
    {
    };

    /// <summary>The same of the outputs of the sample.</summary>
    public static IReadOnlyDictionary<string, string> SampledDigests { get; } = new SortedList<string, string>(StringComparer.Ordinal)
    {
        ["cos"] = "4ae5ffaf6e282c15ad73e3d6a2d4b4f74c51f62772fc4845d7eb87a1bf2215a5",
        ["erf"] = "15b52e844a4b96d88ee435ab54446840133477e38b5165f504cd5d39d380fbf8",
        ["exp"] = "e1fbc0e6fb9c31da022c6a463f5bf379b2770a9bd67005ac8fb4e5544757ef2d",
        ["expm1"] = "8faba1cd4ffb9344784aa3537b5a2ffded81c6ade7aa9e615d6b3bb8edea5e8a",
        ["log"] = "6bcbb6d6558274914e7b8910e15c520c7e3452ae64b6c06a55edbcc2b028785d",
        ["log1p"] = "6a81cc9483ddb9c408b8aed123f8d0bfefa10c09f8f74d0b4a72950a24f0851e",
        ["log2"] = "63dc53b3cff3acc05fd08378873cf2a3bdb5378c3b436e392bba9dd3d51e5c4e",
        ["rsqrt"] = "2e522024a75a32341430f376bf6d66bad0fb4754d61a067b740cbb0b3fbbff4d",
        ["sigmoid"] = "81eab08113ece35038a3346b69531efbeb6e00cd519c1d3a8eba88f5ed37a8dc",
        ["sin"] = "37e879b8983d1d2fbf2b60ce1af4138400ca0163a05fbfb8546f53b71ec2e611",
        ["tanh"] = "7aaaba1e261ede93b6c6bfea9e65acd741db42e5a3ab4bcb6fc6d4ba5653cb24",
    };

    /// <summary>The name of the first function whose sampled outputs on a path are not the pinned ones, or null.</summary>
    public static string? FirstWrong(SimdPath path)
    {
        foreach (NamedFunction function in FunctionTable.All)
        {
            if (SampledDigest(function, path) != SampledDigests[function.Name])
            {
                return function.Name;
            }
        }

        return null;
    }

    /// <summary>SHA-256 of a function's outputs for the sample of inputs.</summary>
    public static string SampledDigest(NamedFunction function, SimdPath path)
    {
        float[] x = new float[Count], y = new float[Count];
        for (int i = 0; i < Count; i++)
        {
            x[i] = BitConverter.UInt32BitsToSingle((uint)i * Stride);
        }

        function.Map(path, x, y);
        CanonicalizeNaN(y);
        return Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(y.AsSpan())));
    }

    /// <summary>Replaces every NaN by 0x7FC00000: processors differ in its sign and payload.</summary>
    public static void CanonicalizeNaN(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (float.IsNaN(values[i]))
            {
                values[i] = BitConverter.UInt32BitsToSingle(0x7FC00000);
            }
        }
    }
}
