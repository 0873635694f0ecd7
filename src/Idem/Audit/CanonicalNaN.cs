// NaN before hashing. x86 and Arm give different signs and payloads to the NaN of an invalid operation, so digests see
// one NaN per dtype: sign 0, quiet bit, no payload. All other encodings, both zeros included, are hashed as they are.
// Integer work on encodings only: nothing here rounds.

using System.Numerics;
using System.Runtime.InteropServices;
using Idem.Formats;

namespace Idem.Audit;

internal static class CanonicalNaN
{
    /// <summary>Returns <paramref name="data"/> itself, or a copy in <paramref name="buffer"/> if it holds a NaN.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> data, DType dtype, Span<byte> buffer) => dtype switch
    {
        DType.F16 => Of<short>(data, 0x7C00, 0x7E00, buffer),
        DType.BF16 => Of<short>(data, 0x7F80, 0x7FC0, buffer),
        DType.F32 => Of(data, 0x7F800000, 0x7FC00000, buffer),
        DType.F64 => Of(data, 0x7FF0000000000000, 0x7FF8000000000000, buffer),
        _ => data,
    };

    // A magnitude (the encoding without its sign) above infinity's is a NaN.
    private static ReadOnlySpan<byte> Of<T>(ReadOnlySpan<byte> data, T infinity, T canonical, Span<byte> buffer)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ReadOnlySpan<T> encodings = MemoryMarshal.Cast<byte, T>(data);
        if (!HasNaN(encodings, infinity))
        {
            return data;
        }

        Span<T> copy = MemoryMarshal.Cast<byte, T>(buffer)[..encodings.Length];
        int i = 0;
        for (; i <= encodings.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var x = new Vector<T>(encodings[i..]);
            Vector<T> isNaN = Vector.GreaterThan(x & new Vector<T>(T.MaxValue), new Vector<T>(infinity));
            Vector.ConditionalSelect(isNaN, new Vector<T>(canonical), x).CopyTo(copy[i..]);
        }

        for (; i < encodings.Length; i++)
        {
            copy[i] = (encodings[i] & T.MaxValue) > infinity ? canonical : encodings[i];
        }

        return buffer[..data.Length];
    }

    private static bool HasNaN<T>(ReadOnlySpan<T> encodings, T infinity)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int i = 0;
        for (; i <= encodings.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            if (Vector.GreaterThanAny(new Vector<T>(encodings[i..]) & new Vector<T>(T.MaxValue), new Vector<T>(infinity)))
            {
                return true;
            }
        }

        for (; i < encodings.Length; i++)
        {
            if ((encodings[i] & T.MaxValue) > infinity)
            {
                return true;
            }
        }

        return false;
    }
}
