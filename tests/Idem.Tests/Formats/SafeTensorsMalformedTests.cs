// The safetensors reader on bad files: every one is refused with a SafeTensorsException, fast and in bounded memory.

using System.Text;
using Idem.Formats;
using Idem.Tests.Support;

namespace Idem.Tests.Formats;

public sealed class SafeTensorsMalformedTests
{
    private static byte[] Raw(string header, int dataBytes, long? length = null)
        => [.. BitConverter.GetBytes(length ?? Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[dataBytes]];

    private static string Refused(byte[] file) => Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Parse(file, "f")).Message;

    private static string Entry(string name, string dtype, string shape, string offsets)
        => $$$"""{"{{{name}}}":{"dtype":"{{{dtype}}}","shape":{{{shape}}},"data_offsets":{{{offsets}}}}}""";

    [Theory]
    [InlineData("F32", "[2]", "[0,8]", 8, null)]
    [InlineData("F32", "[]", "[0,4]", 4, null)]
    [InlineData("F32", "[0,4611686018427387904]", "[0,0]", 0, null)]
    [InlineData("F32", "[2]", "[0,8]", 7, "tensor 'w': data_offsets [0, 8] reach past the 7 bytes")]
    [InlineData("F32", "[2]", "[0,8]", 9, "the last 1 of 9 bytes of data belong to no tensor")]
    [InlineData("F32", "[2]", "[4,12]", 12, "tensor 'w': bytes 0 to 4 before it belong to no tensor")]
    [InlineData("F32", "[2]", "[8,0]", 8, "tensor 'w': data_offsets [8, 0] run backwards")]
    [InlineData("F32", "[3]", "[0,8]", 8, "tensor 'w': shape [3] of F32 takes 12 bytes, data_offsets hold 8")]
    [InlineData("F32", "[4294967296,4294967296]", "[0,0]", 0, "tensor 'w': the product of shape [4294967296, 4294967296] overflows")]
    [InlineData("F32", "[4611686018427387904]", "[0,0]", 0, "tensor 'w': the product")]
    [InlineData("F32", "[9223372036854775808]", "[0,0]", 0, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "[-1]", "[0,4]", 4, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "[-0]", "[0,0]", 0, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "[2.0]", "[0,8]", 8, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "[2e0]", "[0,8]", 8, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "[\"2\"]", "[0,8]", 8, "tensor 'w': shape must hold integers")]
    [InlineData("F32", "2", "[0,8]", 8, "tensor 'w': shape must be an array")]
    [InlineData("F32", "[2]", "[0]", 8, "tensor 'w': its entry needs")]
    [InlineData("F32", "[2]", "[0,8,8]", 8, "tensor 'w': data_offsets has more than 2")]
    [InlineData("F8_E4M3", "[2]", "[0,2]", 2, "tensor 'w': dtype 'F8_E4M3' is not supported. Convert the tensor to one of BOOL U8")]
    public void Entries_are_checked(string dtype, string shape, string offsets, int dataBytes, string? error)
    {
        byte[] file = Raw(Entry("w", dtype, shape, offsets), dataBytes);
        if (error is null)
        {
            Assert.Equal(dataBytes, SafeTensorsFile.Parse(file, "f")["w"].Data.ByteCount);
        }
        else
        {
            Assert.StartsWith("f: " + error, Refused(file));
        }
    }

    [Theory]
    [InlineData("", "the header does not start with '{'")]
    [InlineData(" {}", "the header does not start with '{'")]
    [InlineData("{", "the header is not the JSON")]
    [InlineData("{}x", "the header is not the JSON")]
    [InlineData("{}{}", "the header is not the JSON")]
    [InlineData("{\"w\":1}", "tensor 'w': its entry must be an object")]
    [InlineData("{\"w\":{}}", "tensor 'w': its entry needs dtype")]
    [InlineData("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "tensor 'w': its entry has a duplicate or unknown field")]
    [InlineData("{\"w\":{\"shapes\":[]}}", "tensor 'w': its entry has a duplicate or unknown field")]
    [InlineData("{\"w\":{\"shape\":[[[[1]]]]}}", "tensor 'w': ")]
    [InlineData("{\"\\ud800\":{}}", "a string of the header is not valid Unicode")]
    [InlineData("{\"__metadata__\":null}", "__metadata__ must be an object")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", "values of __metadata__ must be strings")]
    [InlineData("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "duplicate key in __metadata__")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "duplicate key '__metadata__'")]
    [InlineData("{} // c", "the header is not the JSON")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", "tensor 'a': duplicate key")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", "tensor 'a': duplicate key")]
    public void Headers_are_checked(string header, string error) => Assert.StartsWith("f: " + error, Refused(Raw(header, 0)));

    [Fact]
    public void Overlap_is_named()
        => Assert.StartsWith("f: tensor 'b': data_offsets [1, 3] overlap", Refused(Raw(
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3)));

    [Fact]
    public void Lengths_and_encodings_are_checked()
    {
        Assert.StartsWith("f: truncated: 0 bytes", Refused([]));
        Assert.StartsWith("f: truncated: 7 bytes", Refused(new byte[7]));
        Assert.StartsWith("f: truncated: header of 3 bytes announced, 2", Refused(Raw("{}", 0, 3)));
        Assert.StartsWith("f: header of 100000001 bytes exceeds", Refused(Raw("{}", 0, 100_000_001)));
        Assert.StartsWith("f: header of 18446744073709551615 bytes exceeds", Refused(Raw("{}", 0, -1)));
        byte[] latin = Raw("{\"w\":0}", 0);
        latin[10] = 0xE9;
        Assert.StartsWith("f: the header is not valid UTF-8", Refused(latin));
        Assert.Empty(SafeTensorsFile.Parse(Raw("{}      ", 0), "f").Tensors);
    }

    [Fact]
    public void Files_on_disk_are_refused_the_same_way()
    {
        using var temporary = new TemporaryFolder();
        foreach (byte[] content in new[] { [], new byte[7], Raw("{", 0), Raw("{}", 1), Raw("{}", 0, long.MaxValue) })
        {
            string path = temporary.Write("x", content);
            Assert.Equal(path, Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(path)).File);
        }

        Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(temporary.Path));
        Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(Path.Combine(temporary.Path, "absent")));
    }

    [Fact]
    public void Deep_and_wide_headers_cost_no_more_than_their_size()
    {
        foreach (string header in new[]
        {
            $$"""{"w":{"shape":{{new string('[', 4_000_000)}}""",
            $$$"""{"w":{"shape":[{{{string.Join(',', Enumerable.Repeat('1', 2_000_000))}}}]}}""",
            $$"""{"{{new string('n', 4_000_000)}}":0}""",
        })
        {
            byte[] file = Raw(header, 0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            string message = Refused(file);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (8L * file.Length) + (1 << 20));
            Assert.InRange(message.Length, 1, 1000);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_files_are_read_or_refused_and_nothing_else(int seed)
    {
        var mutator = new SafeTensorsMutator(seed);
        int valid = 0, refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] file = mutator.Next();
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = SafeTensorsMutator.Try(file) ? valid++ : refused++;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (64L * file.Length) + (1 << 17));
        }

        // Both outcomes must be common, or the mutator explores nothing.
        Assert.True(valid > 500 && refused > 5_000, $"{valid} valid, {refused} refused");
    }
}
