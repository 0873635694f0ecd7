// Pinned digests of the elementwise functions, for self-checks. A digest here changes only with a new arithmetic version.

using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Idem.Numerics.Functions;

/// <summary>Digests of the functions' outputs: sampled ones that take milliseconds, whole ones that the conformance program checks.</summary>
public static class FunctionChecks
{
    /// <summary>The sample: every 65521st encoding (a prime), so all exponents and signs occur with ever different significands.</summary>
    private const uint Stride = 65521;
    private const int Count = (int)(uint.MaxValue / Stride) + 1;

    /// <summary>SHA-256 of all 2^32 outputs, float32 little endian, in the order of the inputs' encodings, NaN as 0x7FC00000.</summary>
    public static IReadOnlyDictionary<string, string> WholeDigests { get; } = new SortedList<string, string>(StringComparer.Ordinal)
    {
        ["cos"] = "8876c8ab9d8b15ad78585952f48ad9f75b0a0a46cf287831c89dffe7bba25ed5",
        ["erf"] = "78257773b3bd91235b521840aadf1a5c1df0b7564c0ddbe301e99041c525affe",
        ["exp"] = "3454f5cced57c37cac2f523ef8964563430f8e0c85837626724955094b614dce",
        ["expm1"] = "955b970eb04cd981472a477d8ad57d3c17a4402721efc69ed6716dbb40cc495a",
        ["log"] = "982250baecdb23cc9115a63b45f4411e049fa408f560511661dc27788911396d",
        ["log1p"] = "518e602cbcc47e4091c8ed0862365ab6d9a984ed03ebe339f7569eca756057db",
        ["log2"] = "4bc6b4e00865e3ec3f25a3c1c2680a36754fdfb2aaa8eaf5b4b911e71c2d3750",
        ["rsqrt"] = "9067d8620728aa891722469e033d397e0fac408cfa1dc94cdd05653976a88dd3",
        ["sigmoid"] = "c149b73994d107eee110edd07d1d7f57f3030777c32c3ee357155f64e446c77d",
        ["sin"] = "bf1a6ade6d2dbc3f056c1a34a6c27d652be2553e48fcba77fed2c70adb311df2",
        ["tanh"] = "acf381dfd18183008c897cc785fd4eca996cec9a119db91281c68232e7b6e8a0",
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
    public static string? FirstWrong(SimdPath path) => FirstWrong(path, SampledDigests);

    /// <summary>The same against other digests.</summary>
    internal static string? FirstWrong(SimdPath path, IReadOnlyDictionary<string, string> sampledDigests)
    {
        foreach (NamedFunction function in FunctionTable.All)
        {
            if (SampledDigest(function, path) != sampledDigests[function.Name])
            {
                return function.Name;
            }
        }

        return null;
    }

    /// <summary>SHA-256 of a function's outputs for the sample of inputs.</summary>
    internal static string SampledDigest(NamedFunction function, SimdPath path)
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
    internal static void CanonicalizeNaN(Span<float> values)
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
