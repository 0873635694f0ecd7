// Weights in another element type, made window by window while a file is written: from the file that is read to the one that is
// written, nothing whole between.

using System.Runtime.InteropServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Formats;

/// <summary>A value that the type it was to be stored in cannot hold.</summary>
public sealed class ConversionException : Exception
{
    /// <summary>An error with a whole message.</summary>
    public ConversionException(string message)
        : base(message)
    {
    }

    /// <summary>An error without details; prefer the others.</summary>
    public ConversionException()
    {
    }

    /// <summary>An error with its cause.</summary>
    public ConversionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Tensors of a source as they are to be written.</summary>
internal static class ConvertedData
{
    /// <summary>A tensor as float32, or rounded to bfloat16 or binary16.</summary>
    public static NamedTensor Numbers(IStateSource source, string name, Shape shape, DType dtype) =>
        new(name, dtype, Long(shape), new Narrowed(source, name, shape.Length, dtype));

    /// <summary>A matrix as blocks of the q8 profile: those that are stored, or made of its values.</summary>
    /// <param name="source">The values.</param>
    /// <param name="name">The matrix.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="alongRows">Whether products sum along its rows.</param>
    public static IEnumerable<NamedTensor> Blocks(IStateSource source, string name, Shape shape, bool alongRows)
    {
        long rows = shape[0], columns = shape[1];
        long[] blocks = alongRows ? [rows, Q8Pair.BlocksOf(columns)] : [Q8Pair.BlocksOf(rows), columns];
        yield return new NamedTensor(name, DType.I8, [rows, columns], new Codes(source, name, shape, alongRows));
        yield return new NamedTensor(name + Q8Pair.ScaleSuffix, DType.F16, blocks, new Scales(source, name, shape, alongRows, blocks[0] * blocks[1]));
    }

    private static long[] Long(Shape shape) => Array.ConvertAll(shape.ToArray(), dimension => (long)dimension);

    private sealed class Narrowed(IStateSource source, string name, int length, DType dtype) : ComputedData
    {
        public override long ByteCount => (long)length * dtype.Width();

        protected override void Fill(long offset, Span<byte> destination)
        {
            float[] values = new float[destination.Length / dtype.Width()];
            source.CopyTo(name, (int)(offset / dtype.Width()), values);
            Span<ushort> halves = dtype == DType.F32 ? default : MemoryMarshal.Cast<byte, ushort>(destination);
            switch (dtype)
            {
                case DType.BF16:
                    HalfPrecision.NarrowBFloat16(values, halves);
                    break;
                case DType.F16:
                    HalfPrecision.NarrowFloat16(values, halves);
                    CheckHeld(values, halves);
                    break;
                default:
                    MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(destination);
                    break;
            }
        }

        private void CheckHeld(ReadOnlySpan<float> values, ReadOnlySpan<ushort> halves)
        {
            const int Infinity = 0x7C00;
            for (int i = 0; i < values.Length; i++)
            {
                if ((halves[i] & 0x7FFF) == Infinity && float.IsFinite(values[i]))
                {
                    throw new ConversionException($"'{name}' holds {values[i]}, which exceeds the range of f16: convert to bf16 or f32");
                }
            }
        }
    }

    // Units are quantised whole: a row, or 32 rows whose columns are cut into blocks.
    private abstract class Quantized(IStateSource source, string name, Shape shape, bool alongRows) : ComputedData
    {
        protected IStateSource Source => source;

        protected string Name => name;

        protected bool AlongRows => alongRows;

        protected int Columns => shape[1];

        protected int UnitRows => alongRows ? 1 : Q8Storage.BlockLength;

        /// <summary>Codes and scales of the unit that begins with a row.</summary>
        protected (sbyte[] Codes, ushort[] Scales) Quantize(int row)
        {
            float[] values = new float[Math.Min(UnitRows, shape[0] - row) * Columns];
            sbyte[] codes = new sbyte[values.Length];
            ushort[] scales = new ushort[alongRows ? (int)Q8Pair.BlocksOf(Columns) : Columns];
            source.CopyTo(name, row * Columns, values);
            if (alongRows)
            {
                Q8Storage.QuantizeRow(values, codes, scales);
            }
            else
            {
                Q8Storage.QuantizeColumns(values, Columns, codes, scales);
            }

            return (codes, scales);
        }

        /// <summary>Copies the window out of units of so many elements each.</summary>
        protected void Gather<T>(long first, Span<T> window, int unitElements, Func<int, T[]> unit)
        {
            while (!window.IsEmpty)
            {
                (long index, long within) = Math.DivRem(first, unitElements);
                ReadOnlySpan<T> part = unit((int)index * UnitRows).AsSpan((int)within);
                part = part[..Math.Min(part.Length, window.Length)];
                part.CopyTo(window);
                window = window[part.Length..];
                first += part.Length;
            }
        }
    }

    private sealed class Codes(IStateSource source, string name, Shape shape, bool alongRows) : Quantized(source, name, shape, alongRows)
    {
        private readonly int _length = shape.Length;

        public override long ByteCount => _length;

        protected override void Fill(long offset, Span<byte> destination)
        {
            Span<sbyte> codes = MemoryMarshal.Cast<byte, sbyte>(destination);
            if (Source.IsQ8(Name))
            {
                Source.CopyCodes(Name, (int)offset, codes);
                return;
            }

            Gather(offset, codes, UnitRows * Columns, row => Quantize(row).Codes);
        }
    }

    private sealed class Scales(IStateSource source, string name, Shape shape, bool alongRows, long count) : Quantized(source, name, shape, alongRows)
    {
        public override long ByteCount => count * sizeof(ushort);

        protected override void Fill(long offset, Span<byte> destination)
        {
            Span<ushort> scales = MemoryMarshal.Cast<byte, ushort>(destination);
            long first = offset / sizeof(ushort);
            if (Source.IsQ8(Name))
            {
                Source.CopyScales(Name, AlongRows, (int)first, scales);
                return;
            }

            Gather(first, scales, AlongRows ? (int)Q8Pair.BlocksOf(Columns) : Columns, row => Quantize(row).Scales);
        }
    }
}
