// Small operations on float32 lanes that functions share.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Functions;

internal static class FunctionLanes
{
    /// <summary>Brings x into [low, high]; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Clamp<S, F, D>(F x, float low, float high)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => AtMost<S, F, D>(S.Select(S.LessThan(x, S.Create(low)), S.Create(low), x), high);

    /// <summary>The lesser of x and <paramref name="high"/>; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F AtMost<S, F, D>(F x, float high)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Select(S.LessThan(S.Create(high), x), S.Create(high), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Abs<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.AndNot(x, S.Create(-0f));

    /// <summary>y with x's sign, for y of the sign + or of x's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F WithSign<S, F, D>(F y, F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Or(y, S.And(x, S.Create(-0f)));

    /// <summary>Replaces the result of the one input that the double evaluation leaves on the wrong side of a midpoint. Both are encodings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Repair<S, F, D>(F x, F y, uint input, uint output)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Select(S.Equal(x, S.Create(BitConverter.UInt32BitsToSingle(input))), S.Create(BitConverter.UInt32BitsToSingle(output)), y);
}
