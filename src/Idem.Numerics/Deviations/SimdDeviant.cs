// One float32 output at a time, under the rules of a deviating arithmetic: the kernels' own bodies, with other operations in them.
// Float64 operations are the definition's: they make elementwise functions and long sums, which a system without fused multiply-add
// or with flushed subnormals computes by other means, not by these with other roundings.
// What this deliberately is not: fast, or a path that anybody can select.

using System.Runtime.CompilerServices;

namespace Idem.Numerics;

/// <summary>A float32, and the operands if it is a product that was just rounded: what contraction needs to know.</summary>
internal readonly struct DeviantSingle(float value, float left = 0, float right = 0, bool isProduct = false)
{
    public readonly float Value = value;
    public readonly float Left = left;
    public readonly float Right = right;
    public readonly bool IsProduct = isProduct;

    public static implicit operator DeviantSingle(float value) => new(value);
}

/// <summary><see cref="ISimd{F, D}"/> at width one, under the rules that its thread is told.</summary>
internal readonly unsafe struct SimdDeviant : ISimd<DeviantSingle, double>
{
    [ThreadStatic] private static DeviantRules t_rules;

    public static int Lanes => 1;

    public static DeviantSingle Zero => 0f;

    public static int LanesD => 1;

    private static bool Fuses => (t_rules & DeviantRules.Unfused) == 0;

    private static bool Contracts => (t_rules & DeviantRules.Contracted) != 0;

    private static bool Flushes => (t_rules & DeviantRules.Flushed) != 0;

    /// <summary>The rules of what this thread computes next. Read by this type alone, so no other computation sees them.</summary>
    public static void Follow(DeviantRules rules) => t_rules = rules;

    public static DeviantSingle Create(float value) => value;

    public static DeviantSingle Load(float* source) => *source;

    public static void Store(float* destination, DeviantSingle value) => *destination = value.Value;

    public static DeviantSingle Add(DeviantSingle left, DeviantSingle right)
    {
        if (Contracts && (left.IsProduct || right.IsProduct))
        {
            return left.IsProduct ? Fused(left.Left, left.Right, right.Value) : Fused(right.Left, right.Right, left.Value);
        }

        return Out(In(left) + In(right));
    }

    public static DeviantSingle Subtract(DeviantSingle left, DeviantSingle right)
    {
        if (Contracts && (left.IsProduct || right.IsProduct))
        {
            return left.IsProduct ? Fused(left.Left, left.Right, -right.Value) : Fused(-right.Left, right.Right, left.Value);
        }

        return Out(In(left) - In(right));
    }

    public static DeviantSingle Multiply(DeviantSingle left, DeviantSingle right)
    {
        float a = In(left), b = In(right);
        return new DeviantSingle(Out(a * b), a, b, isProduct: true);
    }

    public static DeviantSingle Divide(DeviantSingle left, DeviantSingle right) => Out(In(left) / In(right));

    public static DeviantSingle Fma(DeviantSingle left, DeviantSingle right, DeviantSingle addend) =>
        Fuses ? Fused(In(left), In(right), In(addend)) : Out(Out(In(left) * In(right)) + In(addend));

    public static DeviantSingle Sqrt(DeviantSingle value) => Out(MathF.Sqrt(In(value)));

    public static DeviantSingle Max(DeviantSingle left, DeviantSingle right) => SimdScalar.Max(left.Value, right.Value);

    public static DeviantSingle Min(DeviantSingle left, DeviantSingle right) => SimdScalar.Min(left.Value, right.Value);

    public static DeviantSingle And(DeviantSingle left, DeviantSingle right) => SimdScalar.And(left.Value, right.Value);

    public static DeviantSingle Or(DeviantSingle left, DeviantSingle right) => SimdScalar.Or(left.Value, right.Value);

    public static DeviantSingle Xor(DeviantSingle left, DeviantSingle right) => SimdScalar.Xor(left.Value, right.Value);

    public static DeviantSingle AndNot(DeviantSingle left, DeviantSingle right) => SimdScalar.AndNot(left.Value, right.Value);

    public static DeviantSingle LessThan(DeviantSingle left, DeviantSingle right) => SimdScalar.LessThan(left.Value, right.Value);

    public static DeviantSingle Equal(DeviantSingle left, DeviantSingle right) => SimdScalar.Equal(left.Value, right.Value);

    public static DeviantSingle Select(DeviantSingle mask, DeviantSingle whenTrue, DeviantSingle whenFalse) =>
        SimdScalar.Select(mask.Value, whenTrue.Value, whenFalse.Value);

    public static bool AnyTrue(DeviantSingle mask) => SimdScalar.AnyTrue(mask.Value);

    public static DeviantSingle FirstLanes(int count) => SimdScalar.FirstLanes(count);

    public static DeviantSingle Apply<TFunction>(DeviantSingle value)
        where TFunction : struct, IFloat64Function => Out(SimdScalar.Apply<TFunction>(In(value)));

    public static double LoadWidened(float* source) => Flush(*source);

    public static double CreateD(double value) => value;

    public static double CreateD(long bits) => SimdScalar.CreateD(bits);

    public static double LoadD(double* source) => *source;

    public static void StoreD(double* destination, double value) => *destination = value;

    public static double Add(double left, double right) => left + right;

    public static double Subtract(double left, double right) => left - right;

    public static double Multiply(double left, double right) => left * right;

    public static double Divide(double left, double right) => left / right;

    public static double Fma(double left, double right, double addend) => SimdScalar.Fma(left, right, addend);

    public static double Sqrt(double value) => SimdScalar.Sqrt(value);

    public static double And(double left, double right) => SimdScalar.And(left, right);

    public static double Or(double left, double right) => SimdScalar.Or(left, right);

    public static double Xor(double left, double right) => SimdScalar.Xor(left, right);

    public static double AndNot(double left, double right) => SimdScalar.AndNot(left, right);

    public static double LessThan(double left, double right) => SimdScalar.LessThan(left, right);

    public static double Equal(double left, double right) => SimdScalar.Equal(left, right);

    public static double Select(double mask, double whenTrue, double whenFalse) => SimdScalar.Select(mask, whenTrue, whenFalse);

    public static bool AnyTrue(double mask) => SimdScalar.AnyTrue(mask);

    public static double AddBits(double left, double right) => SimdScalar.AddBits(left, right);

    public static double SubtractBits(double left, double right) => SimdScalar.SubtractBits(left, right);

    public static double ShiftLeftBits(double value, int count) => SimdScalar.ShiftLeftBits(value, count);

    public static double ShiftRightBits(double value, int count) => SimdScalar.ShiftRightBits(value, count);

    public static double ShiftRightArithmeticBits(double value, int count) => SimdScalar.ShiftRightArithmeticBits(value, count);

    /// <summary>A zero of its sign for a subnormal, where the rules say so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Flush(float value) => Flushes && float.IsSubnormal(value) ? MathF.CopySign(0f, value) : value;

    private static float In(DeviantSingle value) => Flush(value.Value);

    private static float Out(float value) => Flush(value);

    private static DeviantSingle Fused(float left, float right, float addend) => Out(Numerics.Fma.Single(left, right, Flush(addend)));
}
