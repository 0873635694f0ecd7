// The one place that selects how wide kernels compute. A path changes speed, never a bit: every kernel returns the
// result of its scalar reference on every path. A path wider than the hardware runs on .NET's portable vectors.

using System.Runtime.Intrinsics;

namespace Idem.Numerics;

/// <summary>The width in which kernels compute independent outputs side by side. Never changes a result.</summary>
public enum SimdPath
{
    /// <summary>One output at a time.</summary>
    Scalar = 0,

    /// <summary>128-bit vectors (SSE, NEON): four float32 lanes.</summary>
    Vector128 = 128,

    /// <summary>256-bit vectors (AVX2): eight float32 lanes.</summary>
    Vector256 = 256,

    /// <summary>512-bit vectors (AVX-512): sixteen float32 lanes.</summary>
    Vector512 = 512,
}

/// <summary>Parses and selects <see cref="SimdPath"/> values.</summary>
public static class SimdPaths
{
    /// <summary>Environment variable that forces a path: <c>scalar</c>, <c>128</c>, <c>256</c> or <c>512</c>.</summary>
    public const string EnvironmentVariable = "IDEM_SIMD";

    /// <summary>No path: what <see cref="Compute.Deviating"/> has in the place of one, so that the paths' dispatch stays as it is.</summary>
    internal const SimdPath Deviant = (SimdPath)1;

    /// <summary>All paths, narrowest first.</summary>
    public static IReadOnlyList<SimdPath> All { get; } =
        [SimdPath.Scalar, SimdPath.Vector128, SimdPath.Vector256, SimdPath.Vector512];

    /// <summary>The widest path that this machine accelerates.</summary>
    public static SimdPath Widest =>
        Vector512.IsHardwareAccelerated ? SimdPath.Vector512
        : Vector256.IsHardwareAccelerated ? SimdPath.Vector256
        : Vector128.IsHardwareAccelerated ? SimdPath.Vector128
        : SimdPath.Scalar;

    /// <summary>The path that <c>IDEM_SIMD</c> forces, or else <see cref="Widest"/>.</summary>
    /// <exception cref="ArgumentException">The variable holds something else than a path's name.</exception>
    public static SimdPath FromEnvironment()
    {
        string? name = Environment.GetEnvironmentVariable(EnvironmentVariable);
        if (string.IsNullOrEmpty(name))
        {
            return Widest;
        }

        return TryParse(name, out SimdPath path)
            ? path
            : throw new ArgumentException($"{EnvironmentVariable}={name} is not a SIMD path: use scalar, 128, 256 or 512, or unset it.");
    }

    /// <summary>Reads <c>scalar</c>, <c>128</c>, <c>256</c> or <c>512</c>.</summary>
    public static bool TryParse(string? name, out SimdPath path)
    {
        (bool known, path) = name switch
        {
            "scalar" => (true, SimdPath.Scalar),
            "128" => (true, SimdPath.Vector128),
            "256" => (true, SimdPath.Vector256),
            "512" => (true, SimdPath.Vector512),
            _ => (false, SimdPath.Scalar),
        };
        return known;
    }

    /// <summary>The name that <see cref="TryParse"/> reads.</summary>
    public static string Name(this SimdPath path) => path switch
    {
        SimdPath.Scalar => "scalar",
        SimdPath.Vector128 => "128",
        SimdPath.Vector256 => "256",
        SimdPath.Vector512 => "512",
        Deviant => "deviating",
        _ => throw new ArgumentOutOfRangeException(nameof(path), path, "unknown SIMD path"),
    };
}
