using System.Text;
using Idem.Formats;
using Idem.Tests.Support;

namespace Idem.Tests.Formats;

/// <summary>The GGUF reader on bad files: every one is refused with a GgufException, fast and in bounded memory.</summary>
public sealed class GgufMalformedTests
{
    [Fact]
    public void Values_of_every_type_are_read()
    {
        GgufMetadata metadata = GgufFile.Parse(new GgufBuilder()
            .Add("u8", (byte)200).Add("i8", (sbyte)-3).Add("u16", (ushort)60000).Add("i16", (short)-4).Add("u32", 4_000_000_000u).Add("i32", -5).Add("u64", 7ul).Add("i64", long.MinValue)
            .Add("f32", 0.1f).Add("f64", 0.1).Add("yes", true).Add("no", false).Add("text", "a\u00e9\u4e16").Add("texts", new[] { "a", "", "b" }).Add("floats", new[] { 1.5f, -2f })
            .Add("shorts", new short[] { -1, 2 }).Add("empty", Array.Empty<int>())
            .AddRaw("nested", 9, [9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            .Build(), "f").Metadata;
        Assert.Equal(18, metadata.Keys.Count);
        Assert.Equal([200L, -3, 60000, -4, 4_000_000_000, -5, 7, long.MinValue], new[] { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64" }.Select(key => metadata.Integer(key)!.Value));
        Assert.Equal(0.1f, metadata.Number("f32"));
        Assert.True(metadata.Flag("yes"));
        Assert.False(metadata.Flag("no"));
        Assert.Equal("a\u00e9\u4e16", metadata.Text("text"));
        Assert.Equal(["a", "", "b"], metadata.Texts("texts")!);
        Assert.Equal([1.5f, -2f], metadata.Numbers("floats")!);
        Assert.Equal([-1L, 2], metadata.Integers("shorts")!);
        Assert.Empty(metadata.Integers("empty")!);
        Assert.Null(metadata.Text("absent"));
        Assert.Contains("'text': is of type Text, but must be an integer", Assert.Throws<GgufException>(() => metadata.Integer("text")).Message, StringComparison.Ordinal);
        Assert.Contains("is an array of Text values", Assert.Throws<GgufException>(() => metadata.Integers("texts")).Message, StringComparison.Ordinal);
        Assert.Throws<GgufException>(() => metadata.Flag("u8"));
        Assert.Throws<GgufException>(() => metadata.Number("f64"));
        Assert.Throws<GgufException>(() => metadata.Texts("nested"));
    }

    [Fact]
    public void Tensors_are_read_in_both_versions_and_any_alignment()
    {
        foreach ((uint version, uint alignment) in new[] { (2u, 32u), (3u, 32u), (3u, 64u), (3u, 1u) })
        {
            byte[] first = [.. Enumerable.Range(0, 24).Select(i => (byte)i)], second = new byte[68];
            GgufBuilder builder = new() { Version = version, Alignment = alignment };
            using GgufFile file = GgufFile.Parse(builder.Add("general.alignment", alignment).Tensor("a", 0, [3, 2], first).Tensor("b", 8, [2, 32], second).Tensor("e", 1, [0], []).Build(), "f");
            Assert.Equal(["a", "b", "e"], file.Tensors.Select(tensor => tensor.Name));
            Assert.True(file.TryGet("a", out GgufTensor? a));
            Assert.Equal([3L, 2], a.Shape);
            Assert.Equal(first, a.Data.Bytes(0, 24).ToArray());
            Assert.Equal(68, file.Tensors[1].Data.ByteCount);
            Assert.Equal(0, file.Tensors[2].Data.ByteCount);
        }
    }

    public static TheoryData<string, string> Cases => new(All.Select(entry => (entry.Key, entry.Value.Says)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bad_files_are_refused(string name, string says)
    {
        byte[] file = All[name].File();
        GgufException error = Assert.Throws<GgufException>(() => GgufFile.Parse(file, "f"));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
        Assert.InRange(error.Message.Length, 1, 1000);
    }

    private static readonly Dictionary<string, (Func<byte[]> File, string Says)> All = new()
    {
        ["empty"] = (() => [], "truncated"),
        ["short"] = (() => [.. "GGUF"u8], "truncated"),
        ["magic"] = (() => new GgufBuilder { Magic = 0x46554748 }.Build(), "does not start with 'GGUF'"),
        ["version 1"] = (() => new GgufBuilder { Version = 1 }.Build(), "GGUF version 1; versions 2 and 3 are read"),
        ["version 4"] = (() => new GgufBuilder { Version = 4 }.Build(), "GGUF version 4"),
        ["big endian"] = (() => new GgufBuilder { Version = 0x03000000 }.Build(), "big-endian"),
        ["more values"] = (() => new GgufBuilder { ValueCount = ulong.MaxValue }.Build(), "truncated"),
        ["more tensors"] = (() => new GgufBuilder { TensorCount = ulong.MaxValue }.Build(), "truncated"),
        ["duplicate key"] = (() => new GgufBuilder().Add("k", 1u).Add("k", 1u).Build(), "'k': duplicate key"),
        ["value type"] = (() => new GgufBuilder().AddRaw("k", 13, new byte[8]).Build(), "'k': type 13 is no type"),
        ["truth"] = (() => new GgufBuilder().AddRaw("k", 7, [2]).Build(), "'k': a truth value is neither 0 nor 1"),
        ["truths"] = (() => new GgufBuilder().AddRaw("k", 9, [7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]).Build(), "neither 0 nor 1"),
        ["element type"] = (() => new GgufBuilder().AddRaw("k", 9, [99, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]).Build(), "type 99"),
        ["array count"] = (() => new GgufBuilder().AddRaw("k", 9, [4, 0, 0, 0, .. Enumerable.Repeat((byte)255, 8)]).Build(), "truncated"),
        ["text count"] = (() => new GgufBuilder().AddRaw("k", 9, [8, 0, 0, 0, .. Enumerable.Repeat((byte)255, 8)]).Build(), "truncated"),
        ["text length"] = (() => new GgufBuilder().AddRaw("k", 8, [.. Enumerable.Repeat((byte)255, 8)]).Build(), "truncated"),
        ["nesting"] = (() => new GgufBuilder().AddRaw("k", 9, [.. Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 9).SelectMany(head => head)]).Build(), "nested more than 4 deep"),
        ["key not UTF-8"] = (() => Patched(new GgufBuilder().Add("kkkk", 1u).Build(), "kkkk", 0xFF), "a key is not UTF-8"),
        ["name not UTF-8"] = (() => Patched(new GgufBuilder().Tensor("kkkk", 0, [1], new byte[4]).Build(), "kkkk", 0xC0), "a tensor's name is not UTF-8"),
        ["alignment"] = (() => new GgufBuilder().Add("general.alignment", 48u).Build(), "'general.alignment': is 48, which is no power of two"),
        ["alignment 0"] = (() => new GgufBuilder().Add("general.alignment", 0u).Build(), "is 0"),
        ["alignment type"] = (() => new GgufBuilder().Add("general.alignment", "32").Build(), "must be an integer"),
        ["rank"] = (() => new GgufBuilder().Tensor("t", 0, [1, 1, 1, 1, 1], new byte[4]).Build(), "'t': has 5 dimensions"),
        ["dimension"] = (() => new GgufBuilder().Tensor("t", 0, [-1], new byte[4]).Build(), "'t': has a dimension of"),
        ["overflow"] = (() => new GgufBuilder().Tensor("t", 0, [1L << 40, 1L << 40], new byte[4]).Build(), "'t': has shape [1099511627776, 1099511627776], which overflows"),
        ["beyond"] = (() => new GgufBuilder().Tensor("t", 0, [2], new byte[4]).Build(), "'t': truncated: its 8 bytes end at"),
        ["empty but huge"] = (() => new GgufBuilder().Tensor("t", 1, [long.MaxValue, 0], []).Build(), "'t': has shape [9223372036854775807, 0], which overflows"),
        ["huge"] = (() => new GgufBuilder().Tensor("t", 0, [1L << 60], new byte[4]).Build(), "'t': truncated"),
        ["offset"] = (() => new GgufBuilder().Tensor("t", 0, [1], new byte[4], 16).Build(), "'t': begins at 16, which is no multiple"),
        ["far offset"] = (() => new GgufBuilder().Tensor("t", 0, [1], new byte[4], ulong.MaxValue - 31).Build(), "'t': truncated"),
        ["overlap"] = (() => new GgufBuilder().Tensor("t", 0, [16], new byte[64]).Tensor("u", 0, [1], new byte[4], 32).Build(), "'u': overlaps 't'"),
        ["duplicate tensor"] = (() => new GgufBuilder().Tensor("t", 0, [1], new byte[4]).Tensor("t", 0, [1], new byte[4]).Build(), "'t': duplicate tensor"),
        ["Q4_K"] = (() => new GgufBuilder().Tensor("t", 12, [256], new byte[144]).Build(), "'t': has elements Q4_K; F32, F16, BF16 and Q8_0 are read"),
        ["IQ4_XS"] = (() => new GgufBuilder().Tensor("t", 23, [256], new byte[136]).Build(), "elements IQ4_XS"),
        ["unknown type"] = (() => new GgufBuilder().Tensor("t", 77, [1], new byte[4]).Build(), "of unknown number 77"),
        ["blocks"] = (() => new GgufBuilder().Tensor("t", 8, [2, 31], new byte[68]).Build(), "'t': has rows of 31 elements, which do not divide into blocks of 32"),
    };

    [Fact]
    public void Every_truncation_is_refused_or_whole()
    {
        byte[] file = new GgufBuilder().Add("a", 1u).Add("b", "text").Add("c", new[] { "x", "y" }).Tensor("t", 0, [2], new byte[8]).Tensor("u", 8, [32], new byte[34]).Build();
        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<GgufException>(() => GgufFile.Parse(file.AsMemory(0, length), "f"));
        }

        Assert.Equal(2, GgufFile.Parse(file, "f").Tensors.Count);
    }

    [Fact]
    public void Files_on_disk_are_mapped_and_their_errors_name_them()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("m.bin", new GgufBuilder().Tensor("t", 0, [1], BitConverter.GetBytes(2.5f)).Build());
        Assert.True(GgufFile.IsGguf(path));
        Assert.False(GgufFile.IsGguf(folder.Path));
        using (GgufFile file = GgufFile.Open(path))
        {
            Assert.Equal(2.5f, BitConverter.ToSingle(file.Tensors[0].Data.Bytes(0, 4)));
        }

        path = folder.Write("bad.gguf", []);
        Assert.True(GgufFile.IsGguf(path));
        Assert.Equal(path, Assert.Throws<GgufException>(() => GgufFile.Open(path)).File);
        Assert.Throws<GgufException>(() => GgufFile.Open(folder["absent.gguf"]));
        Assert.Throws<GgufException>(() => GgufFile.Open(folder.Path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_files_are_read_or_refused_and_nothing_else(int seed)
    {
        var mutator = new GgufMutator(seed);
        int good = 0, refused = 0;
        for (int i = 0; i < 10_000; i++)
        {
            byte[] file = mutator.Next();
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = GgufMutator.Try(file) ? good++ : refused++;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (256L * file.Length) + (1 << 19));
        }

        // Both outcomes must be common, or the mutator explores nothing.
        Assert.True(good > 500 && refused > 2_500, $"{good} good, {refused} refused");
    }

    // The first bytes of a text replaced: an encoding that no UTF-8 has.
    private static byte[] Patched(byte[] file, string text, byte value)
    {
        file.AsSpan()[file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text))] = value;
        return file;
    }
}
