// Digests: their written form, and the digest tree against an independent program.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Idem.Audit;
using Idem.Formats;
using Idem.Tests.Formats;
using Idem.Tests.Support;

namespace Idem.Tests.Audit;

public sealed class DigestTests
{
    private const string Abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    // Printed by tensor_digest.py for the tensors below, in a file it did not get from this project.
    private static readonly (string Name, string Digest)[] KnownDigests =
    [
        ("brain", "sha256:00660c793bd939d69443ee2dbbb2fb18f8c061f4b8eabdcba7c276572f64c237"),
        ("double", "sha256:533c991e77afed42352d7535f59dc157546ab1b352d26d8a4df7952559edc543"),
        ("empty", "sha256:9eeb4248c76547167769a67faeaa45ea51ade7ee544b59147c4fd88306f6cbd3"),
        ("half", "sha256:71115d6a218161a4f8c263ea8dcdc7df0311ce49d40ee32083bbca4bbd6886de"),
        ("ids", "sha256:a212c3e7efa2ee921bafe1b22e12ce2c53c998af90e81c499baaf19871f691aa"),
        ("scalar \u00e9\U0001F600", "sha256:b6ffbab099925cf65e7b2bd412b82d9df51a5583dc2389d5a21e8c915f6e1ce7"),
        ("w", "sha256:6ea913e67706521be5d001f64bb1e51fd5a712bccca48babff20ba186441e509"),
        ("\uffff", "sha256:3611576b18eb0850defb5560b221c05f06621402c65adca99efa9fbe6a063d81"),
    ];

    private const string KnownRoot = "sha256:279cda07e6ea34d1dd212be3559f1a524e92b6bdad76181cde10eb62e6359f24";

    private static uint Word(int i) => unchecked(((uint)i * 0x9E3779B1u) + 12345u);

    private static NamedTensor[] KnownTensors() =>
    [
        new("w", DType.F32, [600, 1000], TensorData.Of<uint>(Enumerable.Range(0, 600_000).Select(Word).ToArray())),
        new("half", DType.F16, [256, 300], TensorData.Of<ushort>(Enumerable.Range(0, 76_800).Select(i => (ushort)Word(i)).ToArray())),
        new("brain", DType.BF16, [65536], TensorData.Of<ushort>(Enumerable.Range(0, 65_536).Select(i => (ushort)i).ToArray())),
        new("double", DType.F64, [4], TensorData.Of<ulong>(new ulong[] { 0xFFF0000000000001, 0x8000000000000000, 0x7FF0000000000000, 0x7FF8000000000000 })),
        new("ids", DType.I64, [3], TensorData.Of<long>(new long[] { -1, 1L << 62, 7 })),
        new("empty", DType.F32, [0, 7], TensorData.Of<byte>(Array.Empty<byte>())),
        new("scalar \u00e9\U0001F600", DType.Bool, [], TensorData.Of<byte>(new byte[] { 1 })),
        new("\uffff", DType.U8, [2], TensorData.Of<byte>(new byte[] { 0xFF, 0x7F })),
    ];

    [Fact]
    public void Written_form_is_sha256_and_lower_case_hex()
    {
        Digest digest = Digest.Of("abc"u8);
        Assert.Equal(Abc, digest.ToString());
        Assert.Equal(digest, Digest.Parse(Abc));
        Assert.Equal(digest.GetHashCode(), Digest.Parse(Abc).GetHashCode());
        Assert.True(digest == new Digest(digest.Bytes) && digest != Digest.Of("abd"u8));
        Assert.Throws<ArgumentException>(() => new Digest(new byte[31]));
        foreach (string bad in new[]
        {
            "", Abc[7..], "sha256:", Abc[..^1], Abc + "0", Abc + "00", Abc.ToUpperInvariant(), Abc.Replace("a", "A", StringComparison.Ordinal),
            "SHA256:" + Abc[7..], "sha1:00" + Abc[7..], Abc[..^1] + "g", " " + Abc, Abc + "\n", "sha256: " + Abc[8..],
        })
        {
            Assert.False(Digest.TryParse(bad, out Digest none), bad);
            Assert.Equal(default, none);
            Assert.Throws<FormatException>(() => Digest.Parse(bad));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void The_tree_is_that_of_the_independent_program_at_any_thread_count(int threads)
    {
        TensorDigests digests = TensorDigest.ComputeAll(KnownTensors(), threads);
        Assert.Equal(KnownDigests, digests.Tensors.Select(t => (t.Name, t.Digest.ToString())));
        Assert.Equal(KnownRoot, digests.Root.ToString());
        Assert.Equal(digests.Root, TensorDigest.ComputeAll(KnownTensors().Reverse(), threads).Root);
    }

    [Fact]
    public void Name_shape_dtype_order_and_content_all_count()
    {
        byte[] zeros = new byte[8];
        Digest[] digests =
        [
            .. new NamedTensor[]
            {
                new("a", DType.F32, [2], TensorData.Of<byte>(zeros)),
                new("b", DType.F32, [2], TensorData.Of<byte>(zeros)),
                new("a", DType.I32, [2], TensorData.Of<byte>(zeros)),
                new("a", DType.F32, [2, 1], TensorData.Of<byte>(zeros)),
                new("a", DType.F32, [1, 2], TensorData.Of<byte>(zeros)),
                new("a", DType.F32, [2], TensorData.Of<float>(new float[] { 0, -0f })),
                new("a", DType.F32, [2], TensorData.Of<float>(new float[] { 0, float.NaN })),
                new("a", DType.F32, [3], TensorData.Of<float>(new float[3])),
            }.Select(t => TensorDigest.Compute(t)),
        ];
        Assert.Equal(digests.Length, digests.Distinct().Count());
        Assert.Throws<ArgumentException>(() => TensorDigest.ComputeAll([KnownTensors()[0], KnownTensors()[0]], 1));
        Assert.NotEqual(TensorDigest.ComputeAll([], 1).Root, TensorDigest.ComputeAll([KnownTensors()[5]], 1).Root);
    }

    // Every position of a vector and its remainder, signalling and quiet, both signs; neighbours keep their bits.
    [Fact]
    public void Every_NaN_counts_as_one_and_nothing_else_changes()
    {
        static void Check<T>(DType dtype, T infinity, T[] nans, T canonical)
            where T : unmanaged, System.Numerics.IBinaryInteger<T>
        {
            foreach (int length in new[] { 1, 7, 8, 31, 64, 67 })
            {
                for (int at = 0; at < length; at++)
                {
                    foreach (T nan in nans)
                    {
                        T[] values = [.. Enumerable.Range(0, length).Select(i => i % 3 == 0 ? infinity : i % 3 == 1 ? T.CreateTruncating(i) : ~T.CreateTruncating(0) ^ (infinity ^ (infinity >> 1)))];
                        T[] expected = [.. values];
                        (values[at], expected[at]) = (nan, canonical);
                        ReadOnlySpan<byte> data = MemoryMarshal.AsBytes<T>(values);
                        byte[] before = data.ToArray();
                        byte[] buffer = new byte[data.Length];
                        Assert.Equal(MemoryMarshal.AsBytes<T>(expected), CanonicalNaN.Of(data, dtype, buffer));
                        Assert.Equal(before, data);
                    }
                }
            }
        }

        Check<short>(DType.F16, 0x7C00, [0x7C01, 0x7E00, 0x7FFF, unchecked((short)0xFC01), -1], 0x7E00);
        Check<short>(DType.BF16, 0x7F80, [0x7F81, 0x7FC0, 0x7FFF, unchecked((short)0xFF81), -1], 0x7FC0);
        Check(DType.F32, 0x7F800000, [0x7F800001, 0x7FC00000, 0x7FFFFFFF, unchecked((int)0xFF800001), -1], 0x7FC00000);
        Check(DType.F64, 0x7FF0000000000000, [0x7FF0000000000001, 0x7FF8000000000000, long.MaxValue, unchecked((long)0xFFF0000000000001), -1], 0x7FF8000000000000);

        byte[] clean = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(clean, -1);
        Assert.Equal(clean, CanonicalNaN.Of(clean, DType.I32, []));
    }

    [Fact]
    public void File_folder_and_shards_of_the_same_tensors_have_one_digest()
    {
        using var temporary = new TemporaryFolder();
        string path = temporary.Write(SafeTensorsFolder.SingleFile, SafeTensorsTests.Write(null, KnownTensors()));
        Assert.Equal(KnownRoot, DigestPath.Compute(path, 2).Root.ToString());
        Assert.Equal(KnownRoot, DigestPath.Compute(temporary.Path, 2).Root.ToString());
        Assert.Throws<SafeTensorsException>(() => DigestPath.Compute(Path.Combine(temporary.Path, "absent"), 1));

        string sharded = SharedData.Require("reference/models/llama-sharded-a");
        using SafeTensorsFolder folder = SafeTensorsFolder.Open(sharded);
        Assert.Equal(2, folder.Files.Count);
        string whole = temporary.Write("whole.safetensors", SafeTensorsTests.Write(null, [.. folder.Tensors]));
        Assert.Equal(DigestPath.Compute(sharded, 2).Root, DigestPath.Compute(whole, 1).Root);
    }
}
