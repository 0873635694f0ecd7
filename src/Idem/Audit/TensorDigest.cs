// The digest of tensors: a SHA-256 tree over canonical bytes, the same whatever file, sharding, thread count or machine
// the tensors come from. Bytes: docs/formats.md "Digest tree" (format "idem-tensor-1"). SET IN STONE: a change here is
// a new format name. tests/Idem.Tests/Audit/tensor_digest.py is an independent implementation.

using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Idem.Formats;

namespace Idem.Audit;

/// <summary>The digest of one tensor, beside what it covers.</summary>
public sealed record TensorDigestEntry(string Name, DType DType, ImmutableArray<long> Shape, Digest Digest);

/// <summary>The digests of a set of tensors, in ordinal name order, and their root.</summary>
public sealed record TensorDigests(Digest Root, IReadOnlyList<TensorDigestEntry> Tensors);

/// <summary>Computes the digest tree of tensors.</summary>
public static class TensorDigest
{
    /// <summary>Bytes hashed at once, and the unit of parallel work. A multiple of every element width.</summary>
    public const int ChunkBytes = 1 << 20;

    private static readonly byte[] TensorDomain = "idem-tensor-1\n"u8.ToArray();
    private static readonly byte[] RootDomain = "idem-tensors-1\n"u8.ToArray();

    /// <summary>The digest of one tensor.</summary>
    public static Digest Compute(NamedTensor tensor, int threads = 1) => ComputeAll([tensor], threads).Tensors[0].Digest;

    /// <summary>The digests of all <paramref name="tensors"/>, in any order, and their root.</summary>
    /// <exception cref="ArgumentException">Two tensors of one name.</exception>
    public static TensorDigests ComputeAll(IEnumerable<NamedTensor> tensors, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("tensor bytes are read as little-endian; this machine is not");
        }

        NamedTensor[] ordered = [.. tensors];
        Array.Sort(ordered, (a, b) => NameOrder.Instance.Compare(a.Name, b.Name));
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].Name == ordered[i - 1].Name)
            {
                throw new ArgumentException($"two tensors are named '{ordered[i].Name}'", nameof(tensors));
            }
        }

        byte[][] chunkDigests = HashChunks(ordered, threads);
        TensorDigestEntry[] entries = [.. ordered.Select((tensor, i) => new TensorDigestEntry(
            tensor.Name, tensor.DType, tensor.Shape, HashTensor(tensor, chunkDigests[i])))];
        return new TensorDigests(HashRoot(entries), entries);
    }

    /// <summary>The digest of a tensor under an empty name, of bytes in any memory.</summary>
    internal static Digest Compute(DType dtype, ReadOnlySpan<long> shape, ReadOnlySpan<byte> data)
    {
        byte[] chunks = new byte[((data.Length + (long)ChunkBytes - 1) / ChunkBytes) * Digest.ByteCount];
        for (int chunk = 0; chunk * (long)ChunkBytes < data.Length; chunk++)
        {
            ReadOnlySpan<byte> part = data.Slice(chunk * ChunkBytes, Math.Min(ChunkBytes, data.Length - (chunk * ChunkBytes)));
            HashChunk(part, dtype, chunks.AsSpan(chunk * Digest.ByteCount, Digest.ByteCount));
        }

        return HashTensor("", dtype, shape, chunks);
    }

    /// <summary>The root of a set of tensors in which one has other values than when <paramref name="digests"/> was computed.</summary>
    internal static Digest RootWith(TensorDigests digests, NamedTensor changed)
    {
        TensorDigestEntry[] entries = [.. digests.Tensors];
        int index = Array.FindIndex(entries, entry => entry.Name == changed.Name);
        long chunks = (changed.Data.ByteCount + ChunkBytes - 1) / ChunkBytes;
        byte[] chunkDigests = new byte[checked((int)(chunks * Digest.ByteCount))];
        for (long chunk = 0; chunk < chunks; chunk++)
        {
            HashChunk(changed, chunk, chunkDigests.AsSpan((int)(chunk * Digest.ByteCount), Digest.ByteCount));
        }

        entries[index] = entries[index] with { Digest = HashTensor(changed, chunkDigests) };
        return HashRoot(entries);
    }

    // Chunks are independent and each has its own place for its digest: the schedule cannot show in the result.
    private static byte[][] HashChunks(NamedTensor[] tensors, int threads)
    {
        byte[][] digests = new byte[tensors.Length][];
        var chunks = new List<(int Tensor, long Chunk)>();
        for (int t = 0; t < tensors.Length; t++)
        {
            long count = (tensors[t].Data.ByteCount + ChunkBytes - 1) / ChunkBytes;
            digests[t] = new byte[checked((int)(count * Digest.ByteCount))];
            for (long c = 0; c < count; c++)
            {
                chunks.Add((t, c));
            }
        }

        if (threads == 1 || chunks.Count == 1)
        {
            for (int i = 0; i < chunks.Count; i++) // rows of logits, one a token: no tasks for these
            {
                Hash(i);
            }
        }
        else
        {
            Parallel.For(0, chunks.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, Hash);
        }

        return digests;

        void Hash(int i)
        {
            (int t, long chunk) = chunks[i];
            HashChunk(tensors[t], chunk, digests[t].AsSpan((int)(chunk * Digest.ByteCount), Digest.ByteCount));
        }
    }

    private static void HashChunk(NamedTensor tensor, long chunk, Span<byte> digest)
    {
        long offset = chunk * ChunkBytes;
        HashChunk(tensor.Data.Bytes(offset, (int)Math.Min(ChunkBytes, tensor.Data.ByteCount - offset)), tensor.DType, digest);
    }

    private static void HashChunk(ReadOnlySpan<byte> data, DType dtype, Span<byte> digest)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        SHA256.HashData(CanonicalNaN.Of(data, dtype, buffer), digest);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static Digest HashTensor(NamedTensor tensor, byte[] chunkDigests) => HashTensor(tensor.Name, tensor.DType, tensor.Shape.AsSpan(), chunkDigests);

    private static Digest HashTensor(string name, DType dtype, ReadOnlySpan<long> shape, byte[] chunkDigests)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(TensorDomain);
        AppendText(hash, name);
        AppendText(hash, dtype.Name());
        AppendInteger(hash, shape.Length);
        foreach (long dimension in shape)
        {
            AppendInteger(hash, dimension);
        }

        hash.AppendData(chunkDigests);
        return new Digest(hash.GetHashAndReset());
    }

    private static Digest HashRoot(TensorDigestEntry[] entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(RootDomain);
        AppendInteger(hash, entries.Length);
        foreach (TensorDigestEntry entry in entries)
        {
            hash.AppendData(entry.Digest.Bytes);
        }

        return new Digest(hash.GetHashAndReset());
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        AppendInteger(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendInteger(IncrementalHash hash, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }
}
