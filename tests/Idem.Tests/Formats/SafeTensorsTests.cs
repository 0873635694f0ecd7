// The safetensors reader and writer on sound files.

using System.Text;
using Idem.Cli;
using Idem.Formats;
using Idem.Tests.Support;

namespace Idem.Tests.Formats;

public sealed class SafeTensorsTests
{
    internal static byte[] Write(IReadOnlyDictionary<string, string>? metadata, params NamedTensor[] tensors)
    {
        var stream = new MemoryStream();
        SafeTensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }

    private static byte[] All(NamedTensor tensor) => tensor.Data.Bytes(0, (int)tensor.Data.ByteCount).ToArray();

    [Fact]
    public void The_writer_lays_out_these_bytes()
    {
        byte[] file = Write(
            new Dictionary<string, string> { ["z"] = "1", ["format"] = "pt" },
            new NamedTensor("half", DType.BF16, [3], TensorData.Of<ushort>(new ushort[] { 1, 2, 3 })),
            NamedTensor.Of("b", [1, 2], new float[] { 1, -0f }),
            new NamedTensor("a\"\n\u00e9", DType.F32, [], TensorData.Of<float>(new float[] { 2 })),
            new NamedTensor("ids", DType.I64, [0, 5], TensorData.Of<long>(Array.Empty<long>())));
        string header = """
            {"__metadata__":{"format":"pt","z":"1"},"ids":{"dtype":"I64","shape":[0,5],"data_offsets":[0,0]},"a\"\n?":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]},"half":{"dtype":"BF16","shape":[3],"data_offsets":[12,18]}}
            """.Replace("?", "\u00e9", StringComparison.Ordinal);
        int length = (Encoding.UTF8.GetByteCount(header) + 7) & ~7;
        Assert.Equal(length, BitConverter.ToInt64(file));
        Assert.Equal(header, Encoding.UTF8.GetString(file, 8, length).TrimEnd(' '));
        Assert.Equal("00000040" + "0000803F00000080" + "010002000300", Convert.ToHexString(file[(8 + length)..]));
    }

    [Fact]
    public void What_was_written_is_read_and_written_again_the_same()
    {
        NamedTensor[] tensors =
        [
            .. Enum.GetValues<DType>().Select(dtype => new NamedTensor(
                $"layer.{dtype.Name()}", dtype, [3, 5], TensorData.Of<byte>(Enumerable.Range(0, 15 * dtype.Width()).Select(i => (byte)(i + (int)dtype)).ToArray()))),
        ];
        byte[] file = Write(null, tensors);
        Assert.Equal(file, Write(null, [.. tensors.Reverse()]));
        using SafeTensorsFile read = SafeTensorsFile.Parse(file, "memory");
        Assert.Equal("pt", Assert.Single(read.Metadata, pair => pair.Key == "format").Value);
        foreach (NamedTensor tensor in tensors)
        {
            NamedTensor found = read[tensor.Name];
            Assert.Equal(tensor.DType, found.DType);
            Assert.Equal(tensor.Shape, found.Shape);
            Assert.Equal(All(tensor), All(found));
        }

        Assert.Equal(file, Write(read.Metadata, [.. read.Tensors]));
    }

    [Fact]
    public void A_mapped_file_gives_the_same_tensors_until_it_is_closed()
    {
        using var temporary = new TemporaryFolder();
        string path = temporary.Write("x.safetensors", Write(null, NamedTensor.Of("w", [2, 2], new float[] { 1, 2, 3, 4 })));
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        NamedTensor w = file["w"];
        Assert.Equal([1f, 2f, 3f, 4f], w.Values<float>().ToArray());
        Assert.Equal([0, 0, 0, 64], w.Data.Bytes(4, 4).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => w.Data.Bytes(13, 4).Length);
        Assert.Throws<InvalidOperationException>(() => w.Values<double>().Length);
        Assert.Equal("absent", Assert.Throws<SafeTensorsException>(() => file["absent"]).Tensor);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => w.Values<float>().Length);
    }

    [Fact]
    public void Array_data_is_windowed_at_any_byte()
    {
        TensorData data = TensorData.Of<double>(new double[] { 1, 2, 3 });
        byte[] all = data.Bytes(0, 24).ToArray();
        for (int offset = 0; offset <= 24; offset++)
        {
            for (int count = 0; offset + count <= 24; count++)
            {
                Assert.Equal(all.AsSpan(offset, count), data.Bytes(offset, count));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => data.Bytes(-1, 1).Length);
    }

    [Fact]
    public void Tensors_that_cannot_be_written_are_refused()
    {
        NamedTensor w = NamedTensor.Of("w", [1], new float[1]);
        Assert.Throws<ArgumentException>(() => Write(null, w, w));
        Assert.Throws<ArgumentException>(() => Write(null, NamedTensor.Of("__metadata__", [1], new float[1])));
        Assert.Throws<ArgumentException>(() => NamedTensor.Of("w", [2], new float[1]));
        Assert.Throws<ArgumentException>(() => NamedTensor.Of("w", [-1, -1], new float[1]));
        Assert.Throws<ArgumentException>(() => NamedTensor.Of("w", [1L << 62, 1L << 62], Array.Empty<float>()));
        Assert.Throws<ArgumentException>(() => NamedTensor.Of("\ud800", [1], new float[1]));
    }

    [Fact]
    public void Names_sort_by_code_point()
        => Assert.Equal(["", "a", "ab", "b", "\uffff", "\U00010000"], new[] { "\U00010000", "b", "\uffff", "ab", "", "a" }.Order(NameOrder.Instance));

    [Fact]
    public void Every_reference_model_opens_and_its_files_are_written_byte_for_byte()
    {
        string models = SharedData.Require("reference/models");
        int files = 0;
        foreach (string folder in Directory.GetDirectories(models))
        {
            using SafeTensorsFolder weights = SafeTensorsFolder.Open(folder);
            Assert.NotEmpty(weights.Tensors);
            foreach (SafeTensorsFile file in weights.Files)
            {
                byte[] original = File.ReadAllBytes(file.Path);
                Assert.True(Write(file.Metadata, [.. file.Tensors]).AsSpan().SequenceEqual(original), file.Path);
                files++;
            }
        }

        Assert.True(files >= 10, $"{files} files");
    }

    [Fact]
    public void Shards_must_agree_with_their_index()
    {
        static string Refused(string index, params string[] second)
        {
            using var temporary = new TemporaryFolder();
            temporary.Write("1.safetensors", Write(null, NamedTensor.Of("a", [1], new float[1])));
            temporary.Write("2.safetensors", Write(null, [.. second.Select(name => NamedTensor.Of(name, [1], new float[1]))]));
            temporary.Write(SafeTensorsFolder.IndexFile, Encoding.UTF8.GetBytes(index));
            try
            {
                using SafeTensorsFolder folder = SafeTensorsFolder.Open(temporary.Path);
                return string.Join(' ', folder.Tensors.Select(t => t.Name));
            }
            catch (SafeTensorsException e)
            {
                return e.Message[(temporary.Path.Length + 1)..];
            }
        }

        const string Index = """{"metadata":{"total_size":8},"weight_map":{"b":"2.safetensors","a":"1.safetensors"}}""";
        Assert.Equal("a b", Refused(Index, "b"));
        Assert.StartsWith("2.safetensors: tensor 'c': is not in the index", Refused(Index, "b", "c"));
        Assert.StartsWith("2.safetensors: tensor 'a': is here, but the index puts it in 1.safetensors", Refused(Index, "b", "a"));
        Assert.StartsWith($"{SafeTensorsFolder.IndexFile}: tensor 'b': is not in 2.safetensors", Refused(Index));
        Assert.StartsWith("3.safetensors: cannot be opened", Refused("""{"weight_map":{"b":"3.safetensors"}}""", "b"));
        foreach (string reach in new[] { "../1.safetensors", "/etc/passwd", "..\\\\1.safetensors", "1.bin", "" })
        {
            Assert.Contains("is not mapped to the plain name", Refused($$$"""{"weight_map":{"a":"{{{reach}}}"}}"""), StringComparison.Ordinal);
        }

        foreach (string junk in new[] { "", "[]", "{}", """{"weight_map":[]}""", """{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}""", """{"weight_map":{"\ud800":"1.safetensors"}}""" })
        {
            Assert.StartsWith($"{SafeTensorsFolder.IndexFile}: ", Refused(junk));
        }

        using var empty = new TemporaryFolder();
        Assert.Contains("holds neither", Assert.Throws<SafeTensorsException>(() => SafeTensorsFolder.Open(empty.Path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A disk that fails is no damage of the file: an I/O failure that names it, whether it fails on opening or on reading.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_cannot_be_read_is_not_called_corrupt(bool onOpening)
    {
        const string Path = "/model/model.safetensors";
        FaultyFileSystem files = new();
        files.CreateDirectory("/model");
        files.CreateFile(Path).Dispose();
        files.Replace(Path, Write(null, NamedTensor.Of("a", [1], new float[1])));
        using (SafeTensorsFile whole = SafeTensorsFile.Open(files, Path))
        {
            Assert.Single(whole.Tensors);
        }

        files.CountsReads = onOpening;
        files.Fault = () => new IOException("Input/output error");
        files.ContentFault = onOpening ? null : files.Fault;
        files.CrashAfter(0);
        IOException failure = Assert.Throws<IOException>(() => SafeTensorsFile.Open(files, Path));
        Assert.StartsWith($"{Path}: cannot be read (Input/output error)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(new Failures.Failure(1, failure.Message), Failures.Describe(failure));

        // What is not there is missing from its folder.
        Assert.Equal(4, Failures.Describe(Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open("/nowhere/model.safetensors")))!.ExitCode);
    }

    [Fact]
    public void A_file_that_the_system_refuses_is_not_called_corrupt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        using var temporary = new TemporaryFolder();
        File.CreateSymbolicLink(temporary["1.safetensors"], temporary["model.gguf"]); // a circle, which the system opens for nobody, root included
        File.CreateSymbolicLink(temporary["model.gguf"], temporary["1.safetensors"]);
        temporary.Write(SafeTensorsFolder.IndexFile, """{"weight_map":{"a":"1.safetensors"}}"""u8.ToArray());
        Assert.StartsWith(temporary["1.safetensors"] + ": cannot be read", Assert.Throws<IOException>(() => SafeTensorsFolder.Open(temporary.Path)).Message, StringComparison.Ordinal);
        Assert.StartsWith(temporary["model.gguf"] + ": cannot be read", Assert.Throws<IOException>(() => GgufFile.Open(temporary["model.gguf"])).Message, StringComparison.Ordinal);
    }
}
