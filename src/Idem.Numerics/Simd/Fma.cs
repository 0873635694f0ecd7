// Fused multiply-add: a*b+c with ONE rounding, on every machine. With the hardware instruction it is that instruction;
// without, it is the exact emulation below, never the C runtime's (which misrounds on some systems, dotnet/runtime#98704).
// What may never change: the result is the correctly rounded a*b+c for all operands, NaN excepted (its bits are not promised).

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Idem.Numerics;

/// <summary>Exact fused multiply-add for float32 and float64, in hardware or by exact emulation.</summary>
public static class Fma
{
    /// <summary>Whether the machine's instruction is used. A constant to the JIT.</summary>
    public static bool IsHardware
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported;
    }

#pragma warning disable RS0030 // The only two calls of the runtime's fused multiply-add: both compile to the instruction.
    /// <summary>a*b+c in float32, rounded once to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Single(float a, float b, float c) =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : SoftwareFma.Single(a, b, c);

    /// <summary>a*b+c in float64, rounded once to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Double(double a, double b, double c) =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported ? Math.FusedMultiplyAdd(a, b, c) : SoftwareFma.Double(a, b, c);
#pragma warning restore RS0030
}
