using System.IO.Compression;
using System.Reflection;
using System.Runtime.InteropServices;
using Idem.Inference;
using Idem.Models;
using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Inference.Gguf;

/// <summary>
/// Files that llama.cpp itself wrote (bench/peers/llama.cpp: <c>quantize</c> of reference models), and the logits that it computed from them, which
/// differ from ours: it rounds activations to the weights' type in products, and takes GELU from a table of halves.
/// </summary>
public class LlamaCppFilesTests
{
    private static readonly int[] Ids = [5, 17, 250, 3, 99, 42, 7, 180, 61, 12, 33, 201];

    /// <summary>Loaded with values as stored and as packed: the logits are llama.cpp's within the rounding of its activations.</summary>
    [Theory]
    [InlineData("llama-f16", 0.005f)]
    [InlineData("qwen2-bf16", 0.03f)]
    [InlineData("gpt_neox-q8_0", 0.1f)]
    public void Logits_are_those_of_llama_cpp(string name, float bound)
    {
        using TemporaryFolder folder = new();
        using GZipStream compressed = new(Resource(name + ".gguf.gz"), CompressionMode.Decompress);
        using MemoryStream file = new();
        compressed.CopyTo(file);
        string path = folder.Write("m.gguf", file.ToArray());
        float[] expected = ReadLogits(name);
        foreach (PackedDtype? packed in new PackedDtype?[] { null, PackedDtype.Float32, name.EndsWith("q8_0", StringComparison.Ordinal) ? PackedDtype.Q8 : PackedDtype.Float32 })
        {
            DecoderModel model = ModelFolder.Load(path, packed).Decoder;
            float[] logits = new float[expected.Length];
            model.Forward(Ids, [model.NewCache(Ids.Length)], [Ids.Length], [.. Enumerable.Range(0, Ids.Length)], logits);
            float largest = 0f;
            for (int i = 0; i < logits.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(logits[i] - expected[i]));
            }

            Assert.True(largest <= bound, $"{name} as {packed?.ToString() ?? "stored"}: {largest}");
        }
    }

    private static float[] ReadLogits(string name)
    {
        using Stream stream = Resource(name + ".logits");
        float[] values = new float[stream.Length / sizeof(float)];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static Stream Resource(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream("llama.cpp/" + name) ?? throw new InvalidOperationException($"no resource {name}");
}
