// The bytes of one ledger line (format "idem-ledger-1", docs/formats.md "Ledger"). There is exactly one way to write a
// record, so reading accepts that way only: any other byte is an error of a named field. SET IN STONE.

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Idem.Audit;

internal ref struct LedgerLine
{
    /// <summary>Bytes of a line at most: what a record's nine fields can take is below.</summary>
    public const int LengthMax = 4096;

    private static ReadOnlySpan<byte> Domain => "idem-ledger-1\n"u8;

    private readonly string _file;
    private readonly long _line;
    private ReadOnlySpan<char> _rest;

    private LedgerLine(string file, long line, ReadOnlySpan<char> text)
    {
        _file = file;
        _line = line;
        _rest = text;
    }

    /// <summary>Writes the line, with its line feed, to the beginning of a buffer; returns its length and its hash.</summary>
    public static int Encode(in LedgerRecord record, Digest prev, Span<byte> buffer, out Digest hash)
    {
        var line = new Writer(buffer);
        line.Text("{\"step\":"u8);
        line.Integer(record.Step);
        line.Number("loss"u8, record.Loss);
        line.Number("grad_norm"u8, record.GradNorm);
        line.Number("lr"u8, record.Lr);
        line.Number("val_loss"u8, record.ValLoss);
        line.Digest("data_digest"u8, record.DataDigest);
        line.Digest("params_digest"u8, record.ParamsDigest);
        line.Digest("optimizer_digest"u8, record.OptimizerDigest);
        line.Digest("prev"u8, prev);
        int body = line.Length;
        line.Text("}"u8);
        hash = Hash(prev, buffer[..line.Length]);
        line.Length = body;
        line.Digest("hash"u8, hash);
        line.Text("}\n"u8);
        return line.Length;
    }

    /// <summary>Reads a line without its line feed; checks it against <paramref name="prev"/>.</summary>
    public static LedgerRecord Decode(ReadOnlySpan<byte> bytes, Digest prev, string file, long line, out Digest hash)
    {
        if (bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw new LedgerException(file, line, null, "holds bytes no ledger line has");
        }

        string text = Encoding.ASCII.GetString(bytes);
        return new LedgerLine(file, line, text).Read(text, prev, out hash);
    }

    private LedgerRecord Read(string text, Digest prev, out Digest hash)
    {
        var record = new LedgerRecord
        {
            Step = ReadStep(),
            Loss = ReadNumber("loss"),
            GradNorm = ReadNumber("grad_norm"),
            Lr = ReadNumber("lr"),
            ValLoss = Has("val_loss") ? ReadNumber("val_loss") : null,
            DataDigest = ReadDigest("data_digest"),
            ParamsDigest = Has("params_digest") ? ReadDigest("params_digest") : null,
            OptimizerDigest = Has("optimizer_digest") ? ReadDigest("optimizer_digest") : null,
        };
        if (ReadDigest("prev") is var said && said != prev)
        {
            throw Bad("prev", _line == 1
                ? $"{said} is not the run's genesis {prev}"
                : $"{said} is not the hash {prev} of the line before: a line was removed, added or changed");
        }

        Digest expected = Hash(prev, Encoding.ASCII.GetBytes(string.Concat(text.AsSpan(0, text.Length - _rest.Length), "}")));
        hash = ReadDigest("hash");
        if (hash != expected)
        {
            throw Bad("hash", $"{hash} is not the hash {expected} of the line: it was changed");
        }

        return _rest is "}" ? record : throw Bad(null, "does not end after hash");
    }

    private long ReadStep()
    {
        ReadOnlySpan<char> digits = Take("step", "{\"step\":", ",");
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long step) && (digits[0] != '0' || digits.Length == 1)
            ? step
            : throw Bad("step", "is not a step number");
    }

    private LedgerNumber ReadNumber(string field)
    {
        ReadOnlySpan<char> digits = Take(field, $",\"{field}\":", ",");
        ReadOnlySpan<char> hex = Take(field + "_bits", $",\"{field}_bits\":\"", "\"");
        _rest = _rest[1..];
        if (!LedgerNumber.TryParseHex(hex, out LedgerNumber number) || !number.IsFinite)
        {
            throw Bad(field + "_bits", $"'{hex}' is not the encoding of a finite float32 (8 hex digits) or float64 (16)");
        }

        return digits.SequenceEqual(number.Decimal)
            ? number
            : throw Bad(field, $"{digits} disagrees with {field}_bits {hex}, which are {number.Decimal}");
    }

    private Digest ReadDigest(string field)
    {
        ReadOnlySpan<char> text = Take(field, $",\"{field}\":\"", "\"");
        _rest = _rest[1..];
        return Digest.TryParse(text, out Digest digest) ? digest : throw Bad(field, "is not a digest");
    }

    private readonly bool Has(string field) => _rest.StartsWith($",\"{field}\":", StringComparison.Ordinal);

    // What lies between `before` and `after`; leaves `after` to be read.
    [UnscopedRef]
    private ReadOnlySpan<char> Take(string field, string before, string after)
    {
        int end = -1;
        if (_rest.StartsWith(before, StringComparison.Ordinal))
        {
            _rest = _rest[before.Length..];
            end = _rest.IndexOf(after, StringComparison.Ordinal);
        }

        if (end < 0)
        {
            throw Bad(field, "is missing, misplaced or malformed");
        }

        ReadOnlySpan<char> value = _rest[..end];
        _rest = _rest[end..];
        return value;
    }

    private readonly LedgerException Bad(string? field, string what) => new(_file, _line, field, what);

    private static Digest Hash(Digest prev, ReadOnlySpan<byte> body)
    {
        Span<byte> hashed = stackalloc byte[Domain.Length + Audit.Digest.ByteCount + LengthMax];
        Domain.CopyTo(hashed);
        prev.Bytes.CopyTo(hashed[Domain.Length..]);
        body.CopyTo(hashed[(Domain.Length + Audit.Digest.ByteCount)..]);
        return Audit.Digest.Of(hashed[..(Domain.Length + Audit.Digest.ByteCount + body.Length)]);
    }

    private ref struct Writer(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;

        public int Length { get; set; }

        public void Text(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_buffer[Length..]);
            Length += text.Length;
        }

        public void Integer(long value)
        {
            value.TryFormat(_buffer[Length..], out int length, default, CultureInfo.InvariantCulture);
            Length += length;
        }

        public void Number(ReadOnlySpan<byte> field, LedgerNumber? number)
        {
            if (number is { } value)
            {
                Text(",\""u8);
                Text(field);
                Text("\":"u8);
                Length += value.FormatDecimal(_buffer[Length..]);
                Text(",\""u8);
                Text(field);
                Text("_bits\":\""u8);
                Length += value.FormatHex(_buffer[Length..]);
                Text("\""u8);
            }
        }

        public void Digest(ReadOnlySpan<byte> field, Digest? digest)
        {
            if (digest is { } value)
            {
                Text(",\""u8);
                Text(field);
                Text("\":\""u8);
                value.Format(_buffer[Length..]);
                Length += Audit.Digest.TextBytes;
                Text("\""u8);
            }
        }
    }
}
