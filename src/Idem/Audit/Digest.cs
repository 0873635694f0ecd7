// 32 bytes of SHA-256, and the one way they are written: "sha256:" and 64 lower-case hex digits.
// Set in stone: digests stand in ledgers, receipts and documents, and are compared as text.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Idem.Audit;

/// <summary>A SHA-256 digest.</summary>
public readonly struct Digest : IEquatable<Digest>
{
    /// <summary>Bytes of a digest.</summary>
    public const int ByteCount = SHA256.HashSizeInBytes;

    /// <summary>What every written digest starts with.</summary>
    public const string Prefix = "sha256:";

    private readonly Content _content;

    /// <summary>A digest of these 32 bytes.</summary>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != ByteCount)
        {
            throw new ArgumentException($"a digest has {ByteCount} bytes, not {bytes.Length}", nameof(bytes));
        }

        bytes.CopyTo(_content);
    }

    /// <summary>The bytes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => _content;

    /// <summary>The SHA-256 of <paramref name="data"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[ByteCount];
        SHA256.HashData(data, hash);
        return new Digest(hash);
    }

    /// <summary>Reads the written form; upper-case digits and other algorithms are refused.</summary>
    /// <exception cref="FormatException">It is not that form.</exception>
    public static Digest Parse(string text) => TryParse(text, out Digest digest)
        ? digest
        : throw new FormatException($"'{text}' is not a digest: expected '{Prefix}' and {2 * ByteCount} lower-case hex digits");

    /// <summary>Reads the written form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Digest digest)
    {
        Span<byte> bytes = stackalloc byte[ByteCount];
        bool good = text.Length == Prefix.Length + (2 * ByteCount)
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text[Prefix.Length..].ContainsAnyInRange('A', 'F')
            && Convert.FromHexString(text[Prefix.Length..], bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        digest = good ? new Digest(bytes) : default;
        return good;
    }

    /// <summary>Bytes of the written form.</summary>
    internal const int TextBytes = 7 + (2 * ByteCount);

    /// <summary>Writes the written form, <see cref="TextBytes"/> long.</summary>
    internal void Format(Span<byte> text)
    {
        "sha256:"u8.CopyTo(text);
        if (!Convert.TryToHexStringLower(Bytes, text[7..], out _))
        {
            throw new ArgumentException("too short for a digest", nameof(text));
        }
    }

    /// <summary>The 64 hex digits alone.</summary>
    public string ToHex() => Convert.ToHexStringLower(Bytes);

    /// <summary>The written form.</summary>
    public override string ToString() => Prefix + ToHex();

    /// <inheritdoc/>
    public bool Equals(Digest other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => MemoryMarshal.Read<int>(Bytes);

    /// <summary>Whether all bytes are equal.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Whether any byte differs.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    [InlineArray(ByteCount)]
    private struct Content
    {
        private byte _first;
    }
}
