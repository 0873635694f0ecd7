// The hashes of a receipt. Each kind begins with a name of its own, so that none can stand for another. SET IN STONE.

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Idem.Audit;

internal static class ReceiptChain
{
    /// <summary>Of an object of the header: its text as it would be without the digest.</summary>
    public static Digest Section(string text) => Hash("idem-receipt-1 section\n"u8, Encoding.UTF8.GetBytes(text));

    /// <summary>Of everything before the samples.</summary>
    public static Digest Header(string text) => Hash("idem-receipt-1 header\n"u8, Encoding.UTF8.GetBytes(text));

    /// <summary>Where a sample's chain begins.</summary>
    public static Digest Begin(Digest header, int sample)
    {
        Span<byte> data = stackalloc byte[Digest.ByteCount + 8];
        header.Bytes.CopyTo(data);
        BinaryPrimitives.WriteInt64LittleEndian(data[Digest.ByteCount..], sample);
        return Hash("idem-receipt-1 sample\n"u8, data);
    }

    /// <summary>The link of a token.</summary>
    public static Digest Link(Digest prev, long position, in ReceiptToken token)
    {
        Span<byte> data = stackalloc byte[Digest.ByteCount + 20 + Digest.ByteCount];
        prev.Bytes.CopyTo(data);
        BinaryPrimitives.WriteInt64LittleEndian(data[Digest.ByteCount..], position);
        BinaryPrimitives.WriteInt64LittleEndian(data[(Digest.ByteCount + 8)..], token.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(data[(Digest.ByteCount + 16)..], Bits(token.LogProbability));
        token.Logits.Bytes.CopyTo(data[(Digest.ByteCount + 20)..]);
        return Hash("idem-receipt-1 token\n"u8, data);
    }

    /// <summary>The end of a sample's chain.</summary>
    public static Digest End(Digest prev, string finishReason) => Hash("idem-receipt-1 finish\n"u8, [.. prev.Bytes, .. Encoding.UTF8.GetBytes(finishReason)]);

    /// <summary>The receipt's name: of everything before it.</summary>
    public static Digest Id(string text) => Digest.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>The encoding of a log-probability; there is one NaN.</summary>
    public static uint Bits(float value) => float.IsNaN(value) ? 0x7FC00000 : BitConverter.SingleToUInt32Bits(value);

    private static Digest Hash(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(name);
        hash.AppendData(data);
        return new Digest(hash.GetHashAndReset());
    }
}
