// bfloat16 and binary16 as storage: whole spans to and from float32, equal to the reference element by element.
// Arithmetic is never done in these formats. The vectors' width follows the machine and is not selected by SimdPath:
// the steps are integer operations, exact conversions, and one addition whose rounding is the wanted one.

using System.Numerics;
using System.Runtime.InteropServices;

namespace Idem.Numerics.Functions;

/// <summary>Conversion between float32 and the 16-bit storage formats (arithmetic.md "Half precision").</summary>
public static partial class HalfPrecision
{
    private interface IWidening
    {
        static abstract float Invoke(ushort encoding);

        static abstract Vector<uint> Invoke(Vector<uint> encodings);
    }

    private interface INarrowing
    {
        static abstract ushort Invoke(float value);

        static abstract Vector<uint> Invoke(Vector<uint> values);
    }

    /// <summary>Widens bfloat16 encodings.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination) => Widen<BFloat16Widening>(source, destination);

    /// <summary>Widens binary16 encodings.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void WidenFloat16(ReadOnlySpan<ushort> source, Span<float> destination) => Widen<Float16Widening>(source, destination);

    /// <summary>Rounds to bfloat16 encodings.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void NarrowBFloat16(ReadOnlySpan<float> source, Span<ushort> destination) => Narrow<BFloat16Narrowing>(source, destination);

    /// <summary>Rounds to binary16 encodings.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void NarrowFloat16(ReadOnlySpan<float> source, Span<ushort> destination) => Narrow<Float16Narrowing>(source, destination);

    private static void Widen<T>(ReadOnlySpan<ushort> source, Span<float> destination)
        where T : struct, IWidening
    {
        CheckLengths(source.Length, destination.Length);
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            T.Invoke(low).CopyTo(bits[i..]);
            T.Invoke(high).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = T.Invoke(source[i]);
        }
    }

    private static void Narrow<T>(ReadOnlySpan<float> source, Span<ushort> destination)
        where T : struct, INarrowing
    {
        CheckLengths(source.Length, destination.Length);
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector<uint> low = T.Invoke(new Vector<uint>(bits[i..]));
            Vector<uint> high = T.Invoke(new Vector<uint>(bits[(i + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = T.Invoke(source[i]);
        }
    }

    private static void CheckLengths(int source, int destination)
    {
        if (source != destination)
        {
            throw new ArgumentException($"conversion of {source} elements into {destination}: the lengths must be equal");
        }
    }

    private static Vector<uint> All(uint value) => new(value);

    // Magnitudes have no sign bit, so signed comparison serves, which every instruction set has.
    private static Vector<uint> IsAbove(Vector<uint> magnitude, uint bound)
        => Vector.GreaterThan(magnitude.As<uint, int>(), new Vector<int>((int)bound)).As<int, uint>();

    private readonly struct BFloat16Widening : IWidening
    {
        public static float Invoke(ushort encoding) => WidenBFloat16(encoding);

        public static Vector<uint> Invoke(Vector<uint> encodings) => encodings << 16;
    }

    private readonly struct BFloat16Narrowing : INarrowing
    {
        public static ushort Invoke(float value) => NarrowBFloat16(value);

        public static Vector<uint> Invoke(Vector<uint> values)
        {
            Vector<uint> kept = values >> 16;
            Vector<uint> rounded = (values + All(0x7FFF) + (kept & All(1))) >> 16;
            Vector<uint> nan = Vector.ConditionalSelect(Vector.Equals(kept & All(0x7F), All(0)), kept | All(0x40), kept);
            return Vector.ConditionalSelect(IsAbove(values & All(~SignBit), Float32Infinity), nan, rounded);
        }
    }

    private readonly struct Float16Widening : IWidening
    {
        public static float Invoke(ushort encoding) => WidenFloat16(encoding);

        public static Vector<uint> Invoke(Vector<uint> encodings)
        {
            Vector<uint> magnitude = encodings & All(0x7FFF);
            Vector<uint> shifted = magnitude << 13;

            // Both exact: an integer below 2^10, scaled by 2^-24.
            var subnormal = (Vector.ConvertToSingle(magnitude.As<uint, int>()) * new Vector<float>(1f / (1 << 24))).As<float, uint>();
            Vector<uint> result = Vector.ConditionalSelect(
                IsAbove(magnitude, 0x7BFF),
                shifted | All(Float32Infinity),
                Vector.ConditionalSelect(IsAbove(magnitude, 0x3FF), shifted + All((127 - 15) << 23), subnormal));
            return result | ((encodings & All(0x8000)) << 16);
        }
    }

    private readonly struct Float16Narrowing : INarrowing
    {
        public static ushort Invoke(float value) => NarrowFloat16(value);

        public static Vector<uint> Invoke(Vector<uint> values)
        {
            Vector<uint> magnitude = values & All(~SignBit);
            Vector<uint> cut = magnitude >> 13;
            Vector<uint> normal = (magnitude - All((127 - 15) << 23) + All(0xFFF) + (cut & All(1))) >> 13;

            // Below 2^-14, adding 0.5 rounds to multiples of 2^-24, the unit of subnormals, ties to even.
            Vector<uint> subnormal = (magnitude.As<uint, float>() + new Vector<float>(0.5f)).As<float, uint>()
                - All(BitConverter.SingleToUInt32Bits(0.5f));
            Vector<uint> payload = cut & All(0x3FF);
            Vector<uint> nan = All(0x7C00) | Vector.ConditionalSelect(Vector.Equals(payload, All(0)), All(0x200), payload);

            Vector<uint> result = Vector.ConditionalSelect(IsAbove(magnitude, 0x387FFFFF), normal, subnormal);
            result = Vector.ConditionalSelect(IsAbove(magnitude, 0x477FFFFF), All(0x7C00), result);
            result = Vector.ConditionalSelect(IsAbove(magnitude, Float32Infinity), nan, result);
            return result | ((values >> 16) & All(0x8000));
        }
    }
}
