// A float32 or float64 as a ledger states it: the shortest decimal that reads back to it, and its encoding in hex.
// The encoding is the truth; the decimal is for people and scripts, and must agree with it.

using System.Globalization;
using System.Text;

namespace Idem.Audit;

/// <summary>A finite floating-point number with its exact encoding.</summary>
public readonly record struct LedgerNumber
{
    /// <summary>Bytes that either form takes at most.</summary>
    internal const int TextBytesMax = 32;

    private LedgerNumber(ulong bits, bool isSingle)
    {
        Bits = bits;
        IsSingle = isSingle;
    }

    /// <summary>The IEEE-754 encoding, in the low 32 bits for a float32.</summary>
    public ulong Bits { get; }

    /// <summary>Whether it is a float32; else a float64.</summary>
    public bool IsSingle { get; }

    /// <summary>Infinities and NaNs are not: JSON cannot state them.</summary>
    public bool IsFinite => double.IsFinite(Value);

    /// <summary>The value; exact for both widths.</summary>
    public double Value => IsSingle ? Single : BitConverter.UInt64BitsToDouble(Bits);

    /// <summary>
    /// The shortest decimal that reads back to the same encoding, as a JSON number. Negative zero is <c>-0.0</c>: many
    /// readers take <c>-0</c> for an integer and lose its sign.
    /// </summary>
    public string Decimal
    {
        get
        {
            Span<byte> text = stackalloc byte[TextBytesMax];
            return Encoding.ASCII.GetString(text[..FormatDecimal(text)]);
        }
    }

    /// <summary>8 or 16 lower-case hex digits.</summary>
    public string Hex
    {
        get
        {
            Span<byte> text = stackalloc byte[TextBytesMax];
            return Encoding.ASCII.GetString(text[..FormatHex(text)]);
        }
    }

    /// <summary>Writes <see cref="Decimal"/>; returns its length.</summary>
    internal int FormatDecimal(Span<byte> text)
    {
        int length;
        bool fits = IsSingle
            ? Single.TryFormat(text, out length, "R", CultureInfo.InvariantCulture)
            : Value.TryFormat(text, out length, "R", CultureInfo.InvariantCulture);
        if (fits && text[..length].SequenceEqual("-0"u8))
        {
            fits = ".0"u8.TryCopyTo(text[length..]);
            length += 2;
        }

        return fits ? length : throw new ArgumentException("too short for a number", nameof(text));
    }

    /// <summary>Writes <see cref="Hex"/>; returns its length.</summary>
    internal int FormatHex(Span<byte> text) =>
        Bits.TryFormat(text, out int length, IsSingle ? "x8" : "x16", CultureInfo.InvariantCulture)
            ? length
            : throw new ArgumentException("too short for a number", nameof(text));

    private float Single => BitConverter.UInt32BitsToSingle((uint)Bits);

    /// <summary>A float32.</summary>
    public static LedgerNumber Of(float value) => new(BitConverter.SingleToUInt32Bits(value), true);

    /// <summary>A float64.</summary>
    public static LedgerNumber Of(double value) => new(BitConverter.DoubleToUInt64Bits(value), false);

    /// <summary>Reads <see cref="Hex"/>; false unless it is 8 or 16 lower-case hex digits.</summary>
    internal static bool TryParseHex(ReadOnlySpan<char> hex, out LedgerNumber number)
    {
        bool good = ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits)
            && hex.Length is 8 or 16 && !hex.ContainsAnyInRange('A', 'F');
        number = new LedgerNumber(bits, hex.Length == 8);
        return good;
    }
}
