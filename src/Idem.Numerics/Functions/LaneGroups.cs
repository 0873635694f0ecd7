// Vectors side by side that a function evaluates step by step: while one waits for its own result, the others go on, and what is loaded
// from a table serves them all. Lanes stay independent, so the grouping cannot reach a result. Groups spell the instructions out: the JIT
// stops inlining in a method of 512 locals, and every call that is inlined brings some.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Idem.Numerics.Functions;

internal readonly struct Two<V>(V v0, V v1)
    where V : struct
{
    public readonly V V0 = v0, V1 = v1;
}

internal readonly struct Four<V>(V v0, V v1, V v2, V v3)
    where V : struct
{
    public readonly V V0 = v0, V1 = v1, V2 = v2, V3 = v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<V> Join(Two<V> lower, Two<V> upper) => new(lower.V0, lower.V1, upper.V0, upper.V1);

    /// <summary>The same vectors, by the name of their type that the caller knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Four<W> As<W>()
        where W : struct => new(Unsafe.BitCast<V, W>(V0), Unsafe.BitCast<V, W>(V1), Unsafe.BitCast<V, W>(V2), Unsafe.BitCast<V, W>(V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Two<W> Lower<W>()
        where W : struct => new(Unsafe.BitCast<V, W>(V0), Unsafe.BitCast<V, W>(V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Two<W> Upper<W>()
        where W : struct => new(Unsafe.BitCast<V, W>(V2), Unsafe.BitCast<V, W>(V3));
}

/// <summary>A function that is evaluated with coefficients from tables in registers, in all but some lanes.</summary>
internal interface ILaneTable
{
    /// <summary>The function in the lanes that are not in the set <paramref name="open"/>.</summary>
    static abstract V Evaluate512<G, V>(V x, out ulong open)
        where G : struct, IGroup512<V>
        where V : struct;

    /// <summary>The same.</summary>
    static abstract V Evaluate256<G, V>(V x, out ulong open)
        where G : struct, IGroup256<V>
        where V : struct;
}

internal static class Group
{
    /// <summary>Bits of a set of lanes that belong to one vector; lane 0 of vector 0 is the lowest.</summary>
    public const int BitsPerVector = 16;

    /// <summary>A function of one vector, 512 bits or 256.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Evaluate<F, TTable>(F x, out ulong open)
        where F : struct
        where TTable : struct, ILaneTable => typeof(F) == typeof(Vector512<float>)
            ? Unsafe.BitCast<Vector512<float>, F>(TTable.Evaluate512<Group512, Vector512<float>>(Unsafe.BitCast<F, Vector512<float>>(x), out open))
            : Unsafe.BitCast<Vector256<float>, F>(TTable.Evaluate256<Group256, Vector256<float>>(Unsafe.BitCast<F, Vector256<float>>(x), out open));

    /// <summary>Of four vectors; those of 256 bits go in pairs, for more of which there are not registers enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<F> Evaluate<F, TTable>(Four<F> x, out ulong open)
        where F : struct
        where TTable : struct, ILaneTable
    {
        if (typeof(F) == typeof(Vector512<float>))
        {
            return TTable.Evaluate512<Group512x4, Four<Vector512<float>>>(x.As<Vector512<float>>(), out open).As<F>();
        }

        Two<Vector256<float>> y0 = TTable.Evaluate256<Group256x2, Two<Vector256<float>>>(x.Lower<Vector256<float>>(), out open);
        Two<Vector256<float>> y1 = TTable.Evaluate256<Group256x2, Two<Vector256<float>>>(x.Upper<Vector256<float>>(), out ulong openUpper);
        open |= openUpper << (2 * BitsPerVector);
        return Four<Vector256<float>>.Join(y0, y1).As<F>();
    }
}

/// <summary>Operations on all lanes of a group.</summary>
internal interface IGroup<V>
    where V : struct
{
    /// <summary>The set of all lanes.</summary>
    static abstract ulong All { get; }

    static abstract V Create(float value);

    static abstract V Add(V x, V y);

    static abstract V Subtract(V x, V y);

    static abstract V Multiply(V x, V y);

    static abstract V Divide(V x, V y);

    static abstract V Fma(V x, V y, V z);

    static abstract V Abs(V x);

    static abstract V Negate(V x);

    /// <summary>The greater one; y if either is NaN.</summary>
    static abstract V Max(V x, V y);

    /// <summary>The lesser one; y if either is NaN.</summary>
    static abstract V Min(V x, V y);

    /// <summary>y with x's sign, for y of the sign +.</summary>
    static abstract V WithSign(V y, V x);

    /// <summary>The set of lanes where y is z and x is at most limit.</summary>
    static abstract ulong Decided(V y, V z, V x, V limit);
}

/// <summary>Groups of 512-bit vectors.</summary>
internal interface IGroup512<V> : IGroup<V>
    where V : struct
{
    /// <summary>The elements of two vectors that the low 5 bits of <paramref name="index"/> name.</summary>
    static abstract V Look(Vector512<float> lower, Vector512<float> upper, V index);

    /// <summary>x times 2^floor(k).</summary>
    static abstract V Scale(V x, V k);
}

/// <summary>Groups of 256-bit vectors.</summary>
internal interface IGroup256<V> : IGroup<V>
    where V : struct
{
    /// <summary>The elements that the low 3 bits of <paramref name="index"/> name.</summary>
    static abstract V Look(Vector256<float> table, V index);

    /// <summary>The same in the vector that the next bit names, see <see cref="Half"/>.</summary>
    static abstract V Look(Vector256<float> lower, Vector256<float> upper, V index, V half);

    /// <summary>The fourth bit of <paramref name="index"/> as a sign.</summary>
    static abstract V Half(V index);

    /// <summary>x times 2 to what stands above the low 3 bits of <paramref name="shifted"/>.</summary>
    static abstract V AddExponent(V x, V shifted);
}

internal readonly struct Group512 : IGroup512<Vector512<float>>
{
    public static ulong All => 0xFFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Create(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> x, Vector512<float> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> x, Vector512<float> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> x, Vector512<float> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> x, Vector512<float> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Negate(Vector512<float> x) => x ^ Vector512.Create(-0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> x, Vector512<float> y) => Avx512F.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fma(Vector512<float> x, Vector512<float> y, Vector512<float> z) => Avx512F.FusedMultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Abs(Vector512<float> x) => Vector512.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Decided(Vector512<float> y, Vector512<float> z, Vector512<float> x, Vector512<float> limit) =>
        (Vector512.Equals(y, z) & Vector512.LessThanOrEqual(x, limit)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Look(Vector512<float> lower, Vector512<float> upper, Vector512<float> index) =>
        Avx512F.PermuteVar16x32x2(lower, index.AsInt32(), upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Scale(Vector512<float> x, Vector512<float> k) => Avx512F.Scale(x, k);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> x, Vector512<float> y) => Avx512F.Min(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WithSign(Vector512<float> y, Vector512<float> x) => y | (x & Vector512.Create(-0f));
}

internal readonly struct Group512x4 : IGroup512<Four<Vector512<float>>>
{
    public static ulong All => 0xFFFF_FFFF_FFFF_FFFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Create(float value)
    {
        Vector512<float> all = Vector512.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Add(Four<Vector512<float>> x, Four<Vector512<float>> y) => new(x.V0 + y.V0, x.V1 + y.V1, x.V2 + y.V2, x.V3 + y.V3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Subtract(Four<Vector512<float>> x, Four<Vector512<float>> y) =>
        new(x.V0 - y.V0, x.V1 - y.V1, x.V2 - y.V2, x.V3 - y.V3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Multiply(Four<Vector512<float>> x, Four<Vector512<float>> y) =>
        new(x.V0 * y.V0, x.V1 * y.V1, x.V2 * y.V2, x.V3 * y.V3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Divide(Four<Vector512<float>> x, Four<Vector512<float>> y) => new(x.V0 / y.V0, x.V1 / y.V1, x.V2 / y.V2, x.V3 / y.V3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Negate(Four<Vector512<float>> x) =>
        new(x.V0 ^ Vector512.Create(-0f), x.V1 ^ Vector512.Create(-0f), x.V2 ^ Vector512.Create(-0f), x.V3 ^ Vector512.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Max(Four<Vector512<float>> x, Four<Vector512<float>> y) =>
        new(Avx512F.Max(x.V0, y.V0), Avx512F.Max(x.V1, y.V1), Avx512F.Max(x.V2, y.V2), Avx512F.Max(x.V3, y.V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Fma(Four<Vector512<float>> x, Four<Vector512<float>> y, Four<Vector512<float>> z) =>
        new(
            Avx512F.FusedMultiplyAdd(x.V0, y.V0, z.V0), Avx512F.FusedMultiplyAdd(x.V1, y.V1, z.V1),
            Avx512F.FusedMultiplyAdd(x.V2, y.V2, z.V2), Avx512F.FusedMultiplyAdd(x.V3, y.V3, z.V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Abs(Four<Vector512<float>> x) =>
        new(Vector512.Abs(x.V0), Vector512.Abs(x.V1), Vector512.Abs(x.V2), Vector512.Abs(x.V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Decided(Four<Vector512<float>> y, Four<Vector512<float>> z, Four<Vector512<float>> x, Four<Vector512<float>> limit) =>
        Group512.Decided(y.V0, z.V0, x.V0, limit.V0)
        | (Group512.Decided(y.V1, z.V1, x.V1, limit.V1) << Group.BitsPerVector)
        | (Group512.Decided(y.V2, z.V2, x.V2, limit.V2) << (2 * Group.BitsPerVector))
        | (Group512.Decided(y.V3, z.V3, x.V3, limit.V3) << (3 * Group.BitsPerVector));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Look(Vector512<float> lower, Vector512<float> upper, Four<Vector512<float>> index) =>
        new(
            Avx512F.PermuteVar16x32x2(lower, index.V0.AsInt32(), upper), Avx512F.PermuteVar16x32x2(lower, index.V1.AsInt32(), upper),
            Avx512F.PermuteVar16x32x2(lower, index.V2.AsInt32(), upper), Avx512F.PermuteVar16x32x2(lower, index.V3.AsInt32(), upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Scale(Four<Vector512<float>> x, Four<Vector512<float>> k) =>
        new(Avx512F.Scale(x.V0, k.V0), Avx512F.Scale(x.V1, k.V1), Avx512F.Scale(x.V2, k.V2), Avx512F.Scale(x.V3, k.V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> Min(Four<Vector512<float>> x, Four<Vector512<float>> y) =>
        new(Avx512F.Min(x.V0, y.V0), Avx512F.Min(x.V1, y.V1), Avx512F.Min(x.V2, y.V2), Avx512F.Min(x.V3, y.V3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<Vector512<float>> WithSign(Four<Vector512<float>> y, Four<Vector512<float>> x) =>
        new(y.V0 | (x.V0 & Vector512.Create(-0f)), y.V1 | (x.V1 & Vector512.Create(-0f)), y.V2 | (x.V2 & Vector512.Create(-0f)), y.V3 | (x.V3 & Vector512.Create(-0f)));
}

internal readonly struct Group256 : IGroup256<Vector256<float>>
{
    public static ulong All => 0xFF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Create(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> x, Vector256<float> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> x, Vector256<float> y) => x - y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> x, Vector256<float> y) => x * y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> x, Vector256<float> y) => x / y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Negate(Vector256<float> x) => x ^ Vector256.Create(-0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> x, Vector256<float> y) => Avx.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fma(Vector256<float> x, Vector256<float> y, Vector256<float> z) => X86.Fma.MultiplyAdd(x, y, z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> x) => Vector256.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Decided(Vector256<float> y, Vector256<float> z, Vector256<float> x, Vector256<float> limit) =>
        (uint)Avx.MoveMask(Vector256.Equals(y, z) & Vector256.LessThanOrEqual(x, limit));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Look(Vector256<float> table, Vector256<float> index) => Avx2.PermuteVar8x32(table, index.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Look(Vector256<float> lower, Vector256<float> upper, Vector256<float> index, Vector256<float> half) =>
        Avx.BlendVariable(Avx2.PermuteVar8x32(lower, index.AsInt32()), Avx2.PermuteVar8x32(upper, index.AsInt32()), half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Half(Vector256<float> index) => (index.AsInt32() << 28).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> x, Vector256<float> y) => Avx.Min(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WithSign(Vector256<float> y, Vector256<float> x) => y | (x & Vector256.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddExponent(Vector256<float> x, Vector256<float> shifted) =>
        (x.AsInt32() + ((shifted.AsInt32() << 20) & Vector256.Create(unchecked((int)0xFF800000)))).AsSingle();
}

internal readonly struct Group256x2 : IGroup256<Two<Vector256<float>>>
{
    public static ulong All => 0x00FF_00FF;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Create(float value)
    {
        Vector256<float> all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Add(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(x.V0 + y.V0, x.V1 + y.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Subtract(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(x.V0 - y.V0, x.V1 - y.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Multiply(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(x.V0 * y.V0, x.V1 * y.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Divide(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(x.V0 / y.V0, x.V1 / y.V1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Negate(Two<Vector256<float>> x) => new(x.V0 ^ Vector256.Create(-0f), x.V1 ^ Vector256.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Max(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(Avx.Max(x.V0, y.V0), Avx.Max(x.V1, y.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Fma(Two<Vector256<float>> x, Two<Vector256<float>> y, Two<Vector256<float>> z) =>
        new(X86.Fma.MultiplyAdd(x.V0, y.V0, z.V0), X86.Fma.MultiplyAdd(x.V1, y.V1, z.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Abs(Two<Vector256<float>> x) => new(Vector256.Abs(x.V0), Vector256.Abs(x.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Decided(Two<Vector256<float>> y, Two<Vector256<float>> z, Two<Vector256<float>> x, Two<Vector256<float>> limit) =>
        Group256.Decided(y.V0, z.V0, x.V0, limit.V0)
        | (Group256.Decided(y.V1, z.V1, x.V1, limit.V1) << Group.BitsPerVector);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Look(Vector256<float> table, Two<Vector256<float>> index) =>
        new(Avx2.PermuteVar8x32(table, index.V0.AsInt32()), Avx2.PermuteVar8x32(table, index.V1.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Look(Vector256<float> lower, Vector256<float> upper, Two<Vector256<float>> index, Two<Vector256<float>> half) =>
        new(
            Avx.BlendVariable(Avx2.PermuteVar8x32(lower, index.V0.AsInt32()), Avx2.PermuteVar8x32(upper, index.V0.AsInt32()), half.V0),
            Avx.BlendVariable(Avx2.PermuteVar8x32(lower, index.V1.AsInt32()), Avx2.PermuteVar8x32(upper, index.V1.AsInt32()), half.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Half(Two<Vector256<float>> index) => new(Group256.Half(index.V0), Group256.Half(index.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> Min(Two<Vector256<float>> x, Two<Vector256<float>> y) => new(Avx.Min(x.V0, y.V0), Avx.Min(x.V1, y.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> WithSign(Two<Vector256<float>> y, Two<Vector256<float>> x) => new(Group256.WithSign(y.V0, x.V0), Group256.WithSign(y.V1, x.V1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Two<Vector256<float>> AddExponent(Two<Vector256<float>> x, Two<Vector256<float>> shifted) =>
        new(Group256.AddExponent(x.V0, shifted.V0), Group256.AddExponent(x.V1, shifted.V1));
}
