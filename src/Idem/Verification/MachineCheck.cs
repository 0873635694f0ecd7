// idem doctor: whether this machine computes what arithmetic.md says, in seconds. Each check compares with constants that were
// established elsewhere (exhaustively, or by the scalar references), never with this machine's own other answers alone.

using Idem.Audit;
using Idem.Numerics;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;

namespace Idem.Verification;

/// <summary>One check of the machine.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Passed">Whether it is as it must be.</param>
/// <param name="Detail">What was found.</param>
public sealed record MachineCheckResult(string Name, bool Passed, string Detail);

/// <summary>What the self-check found.</summary>
/// <param name="Results">The checks, in order.</param>
/// <param name="Digest">The conformance digest: of all that was computed; one on every sound machine.</param>
public sealed record MachineReport(IReadOnlyList<MachineCheckResult> Results, Digest Digest)
{
    /// <summary>Whether everything is as it must be, the conformance digest included.</summary>
    public bool Passed => Results.All(result => result.Passed);
}

/// <summary>Checks the machine.</summary>
public static class MachineCheck
{
    /// <summary>The conformance digest of arithmetic <c>idem-1</c>, published in the README.</summary>
    public static Digest Published { get; } = Digest.Parse("sha256:94bc0feccb8694f633a87deb25675ee53cc64d8f9320d833ce9d8f89dd3b784e");

    /// <summary>Runs all checks.</summary>
    public static MachineReport Run(Compute compute)
    {
        List<MachineCheckResult> results =
        [
            Check("fused multiply-add", FusesOnce, Fma.IsHardware ? "instruction" : "exact emulation"),
            Check("rounding to nearest even", RoundsToNearestEven, "ties to even"),
            Check("subnormals", KeepsSubnormals, "kept"),
            Check("no contraction", DoesNotContract, "a*b+c rounds twice"),
        ];
        Digest first = default;
        foreach (SimdPath path in SimdPaths.All)
        {
            Compute other = new(path, path == SimdPath.Scalar ? 1 : Math.Max(2, compute.Threads));
            IReadOnlyList<(string Name, Digest Digest)> parts = ConformanceProgram.Run(other);
            Digest digest = ConformanceProgram.Combine(parts);
            string? wrong = FunctionChecks.FirstWrong(path);
            results.Add(new MachineCheckResult(
                $"functions, path {path.Name()}",
                wrong is null,
                wrong is null ? $"{FunctionChecks.SampledDigests.Count} functions as known on sampled inputs" : $"{wrong} is wrong on sampled inputs"));
            first = path == SimdPath.Scalar ? digest : first;
            results.Add(new MachineCheckResult(
                $"kernels, path {path.Name()}, {other.Threads} {(other.Threads == 1 ? "thread" : "threads")}",
                digest == Published,
                digest == Published ? $"{parts.Count} parts as published" : $"computed {digest}, published is {Published}"));
            string? deviation = SummationTreeOf(other);
            results.Add(new MachineCheckResult($"summation tree, path {path.Name()}", deviation is null, deviation ?? "the chain-tree"));
        }

        return new MachineReport(results, first);
    }

    private static string? SummationTreeOf(Compute compute)
    {
        const int Count = 1025, Rows = 24;
        float[] ones = new float[Count * Rows];
        Array.Fill(ones, 1f);
        float[] product = new float[Rows * Rows];
        return SummationTree.FindDeviation(
            (terms, sums) =>
            {
                // Row r of terms times a column of ones: the sum of the row, in the order of matrix multiplication.
                MatMul.Multiply(compute, false, true, Rows, Rows, Count, terms, Count, ones, Count, default, product, Rows);
                for (int row = 0; row < Rows; row++)
                {
                    sums[row] = product[row * Rows];
                }
            },
            Count,
            Rows);
    }

    private static MachineCheckResult Check(string name, Func<bool> holds, string detail)
    {
        bool passed = holds();
        return new MachineCheckResult(name, passed, passed ? detail : "wrong result: this machine or runtime does not compute as IEEE-754 says");
    }

    private static bool FusesOnce()
    {
        float a = Opaque(1f + MathF.ScaleB(1, -12)), product = a * a;
        double b = Opaque(1.0 + Math.ScaleB(1, -30)), square = b * b;
        return Fma.Single(a, a, -product) == MathF.ScaleB(1, -24) && Fma.Double(b, b, -square) == Math.ScaleB(1, -60)
            && Fma.Single(Opaque(MathF.ScaleB(1, -100)), MathF.ScaleB(1, -49), 0f) == float.Epsilon;
    }

    private static bool RoundsToNearestEven()
    {
        float one = Opaque(1f), half = Opaque(MathF.ScaleB(1, -24));
        double big = Opaque(1.0), tie = Opaque(Math.ScaleB(1, -53));
        return one + half == 1f && (one + (2 * half)) + half == 1f + (4 * half)
            && one + (half * 1.5f) == 1f + (2 * half) && -one - half == -1f && big + tie == 1.0 && -big - tie == -1.0;
    }

    private static bool KeepsSubnormals()
    {
        float smallest = Opaque(float.Epsilon), normal = Opaque(MathF.ScaleB(1, -126));
        double tiny = Opaque(double.Epsilon);
        return smallest * 1f == float.Epsilon && normal / 2f == MathF.ScaleB(1, -127) && smallest + smallest == 2 * float.Epsilon
            && tiny * 1.0 == double.Epsilon && BitConverter.SingleToInt32Bits(normal * 0.5f) == 0x00400000;
    }

    private static bool DoesNotContract()
    {
        float a = Opaque(1f + MathF.ScaleB(1, -12)), product = a * a;
        return MultiplyAdd(a, a, -product) == 0f;
    }

    private static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    // Keeps the compiler from evaluating checks at build time.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static T Opaque<T>(T value) => value;
}
