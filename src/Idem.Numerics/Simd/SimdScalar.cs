// One float32 output at a time. Masks are encodings with all bits set or none, as in the vector widths.

using System.Runtime.CompilerServices;

namespace Idem.Numerics;

/// <summary><see cref="ISimd{F, D}"/> at width one.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float, double>
{
    public static int Lanes => 1;

    public static float Zero => 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Create(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, float value) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float left, float right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float left, float right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float left, float right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divide(float left, float right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fma(float left, float right, float addend) => Idem.Numerics.Fma.Single(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float value) => MathF.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float left, float right) => MathF.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min(float left, float right) => MathF.Min(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float And(float left, float right) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(left) & BitConverter.SingleToInt32Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Or(float left, float right) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(left) | BitConverter.SingleToInt32Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Xor(float left, float right) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(left) ^ BitConverter.SingleToInt32Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float AndNot(float left, float right) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(left) & ~BitConverter.SingleToInt32Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LessThan(float left, float right) => BitConverter.Int32BitsToSingle(left < right ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Equal(float left, float right) => BitConverter.Int32BitsToSingle(left == right ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Select(float mask, float whenTrue, float whenFalse) => BitConverter.SingleToInt32Bits(mask) != 0 ? whenTrue : whenFalse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyTrue(float mask) => BitConverter.SingleToInt32Bits(mask) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Add(double left, double right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Subtract(double left, double right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Multiply(double left, double right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Divide(double left, double right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Fma(double left, double right, double addend) => Idem.Numerics.Fma.Double(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sqrt(double value) => Math.Sqrt(value);

    public static int LanesD => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double LoadWidened(float* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double CreateD(double value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double CreateD(long bits) => BitConverter.Int64BitsToDouble(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double LoadD(double* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreD(double* destination, double value) => *destination = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double And(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) & BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Or(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) | BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Xor(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) ^ BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double AndNot(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) & ~BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double LessThan(double left, double right) => BitConverter.Int64BitsToDouble(left < right ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Equal(double left, double right) => BitConverter.Int64BitsToDouble(left == right ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Select(double mask, double whenTrue, double whenFalse) => BitConverter.DoubleToInt64Bits(mask) != 0 ? whenTrue : whenFalse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyTrue(double mask) => BitConverter.DoubleToInt64Bits(mask) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FirstLanes(int count) => BitConverter.Int32BitsToSingle(count > 0 ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply<TFunction>(float value)
        where TFunction : struct, IFloat64Function =>
        (float)TFunction.Invoke<SimdScalar, float, double>(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double AddBits(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) + BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double SubtractBits(double left, double right) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(left) - BitConverter.DoubleToInt64Bits(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ShiftLeftBits(double value, int count) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) << count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ShiftRightBits(double value, int count) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) >>> count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ShiftRightArithmeticBits(double value, int count) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) >> count);
}
