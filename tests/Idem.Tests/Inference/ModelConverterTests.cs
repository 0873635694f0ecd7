using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tests.Inference.Gguf;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Inference;

/// <summary>A converted model has the bits of the model with the profile that it was converted to.</summary>
public class ModelConverterTests
{
    private static readonly int[] Ids = TinyDecoders.Ids(30);

    public static TheoryData<string> Names => [.. TinyDecoders.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Profiles_are_stored_with_their_bits(string name)
    {
        using TemporaryFolder folder = new();
        string source = TinyFolder.Write(folder, name);
        LanguageModel whole = ModelFolder.Load(source).Model;
        foreach ((StoredDtype dtype, PackedDtype profile) in new[] { (StoredDtype.F32, PackedDtype.Float32), (StoredDtype.BF16, PackedDtype.BFloat16), (StoredDtype.Q8, PackedDtype.Q8) })
        {
            string path = folder[$"{dtype}"];
            ConvertedModel converted = ModelConverter.Convert(source, path, dtype);
            Assert.Equal(whole.Config.ModelType, converted.ModelType);
            float[] expected = Logits(source, profile), actual = Logits(path, profile);
            KernelTesting.SameBits(expected, actual, $"{name}, {dtype}");
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, "tokenizer.json")), File.ReadAllBytes(Path.Combine(path, "tokenizer.json")));
            if (dtype != StoredDtype.Q8)
            {
                KernelTesting.SameBits(expected, Logits(path, null), $"{name}, {dtype} as float32"); // products see the rounded values
            }

            // Once more from what was written: the same bytes, whatever the threads.
            ModelConverter.Convert(path, folder[$"{dtype} again"], dtype);
            foreach (string file in Directory.EnumerateFiles(path))
            {
                Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder[$"{dtype} again"], Path.GetFileName(file))));
            }
        }
    }

    /// <summary>Codes and scales are the profile's of each block, in each layout; the configuration says so; numbers are scale * code.</summary>
    [Theory]
    [InlineData("llama", "model.layers.1.mlp.down_proj.weight", new[] { 48L, 70 }, new[] { 48L, 3 })]
    [InlineData("gpt2", "transformer.h.0.mlp.c_fc.weight", new[] { 48L, 192 }, new[] { 2L, 192 })]
    public void Q8_is_codes_with_scales_beside(string name, string weight, long[] shape, long[] scaleShape)
    {
        using TemporaryFolder folder = new();
        ModelConverter.Convert(TinyFolder.Write(folder, name), folder["q8"], StoredDtype.Q8);
        using SafeTensorsFolder file = SafeTensorsFolder.Open(folder["q8"]);
        Assert.Equal((DType.I8, DType.F16), (file[weight].DType, file[weight + "_scale"].DType));
        Assert.Equal(shape, file[weight].Shape);
        Assert.Equal(scaleShape, file[weight + "_scale"].Shape);
        JsonNode quantization = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder["q8"], "config.json")))!["quantization_config"]!;
        Assert.Equal("""{"quant_method":"idem-q8","block_size":32}""", quantization.ToJsonString());

        // What is read as numbers and rounded to blocks again is the same blocks.
        LanguageModel numbers = ModelFolder.Load(folder["q8"]).Model;
        string again = TinyFolder.Write(folder, numbers, "numbers");
        KernelTesting.SameBits(Logits(folder["q8"], PackedDtype.Q8), Logits(again, PackedDtype.Q8), name);
    }

    /// <summary>As it is: a GGUF file's types, blocks and digest stay; the tokenizer comes along.</summary>
    [Theory]
    [InlineData("llama-a", LlamaCpp.Q8)]
    [InlineData("gpt2-a", LlamaCpp.Q8)]
    [InlineData("gemma-a", LlamaCpp.Q8)]
    [InlineData("gpt_neox-a", LlamaCpp.F16)]
    [InlineData("qwen2-a", LlamaCpp.BF16)]
    public void Gguf_becomes_a_folder_of_the_same_bits(string name, uint type)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("m.gguf", LlamaCpp.Convert(SharedData.Require($"reference/models/{name}"), type).File);
        ConvertedModel converted = ModelConverter.Convert(file, folder["out"], null);
        Assert.Contains("has no tokenizer", converted.TokenizerProblem, StringComparison.Ordinal);
        Assert.Equal(ModelFolder.Digests(file, 2).Root, DigestPath.Compute(folder["out"], 1).Root);
        foreach (PackedDtype? profile in new PackedDtype?[] { null, PackedDtype.Float32, PackedDtype.BFloat16, PackedDtype.Q8 })
        {
            KernelTesting.SameBits(Logits(file, profile), Logits(folder["out"], profile), $"{name}, {profile}");
        }

        ModelConverter.Convert(file, folder["q8"], StoredDtype.Q8);
        KernelTesting.SameBits(Logits(file, PackedDtype.Q8), Logits(folder["q8"], PackedDtype.Q8), $"{name}, to q8");
        Assert.Equal(ModelFolder.Load(file).StopIds, ModelFolder.Load(folder["out"]).StopIds);
    }

    [Fact]
    public void What_cannot_be_written_is_refused_and_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Llama model = (Llama)TinyDecoders.Create("llama");
        model.StateDict().First(entry => entry.Key == "lm_head.weight").Value.Data[5] = 65536f;
        string source = TinyFolder.Write(folder, model);
        Assert.Contains("'lm_head.weight' holds 65536, which exceeds the range of f16", Assert.Throws<ConversionException>(() => ModelConverter.Convert(source, folder["out"], StoredDtype.F16)).Message, StringComparison.Ordinal);
        using CancellationTokenSource cancelled = new();
        Assert.Throws<OperationCanceledException>(() => ModelConverter.Convert(source, folder["out"], StoredDtype.BF16, (begun, _) => { if (begun == 3) { cancelled.Cancel(); } }, cancelled.Token));
        Assert.Equal([source], Directory.EnumerateFileSystemEntries(folder.Path));
        Assert.Contains("exists", Assert.Throws<ConversionException>(() => ModelConverter.Convert(source, source, null)).Message, StringComparison.Ordinal);

        // Weights that are not the configuration's are found before anything is written.
        string config = Path.Combine(source, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"mlp_bias\": false", "\"mlp_bias\": true", StringComparison.Ordinal));
        Assert.Throws<StateDictException>(() => ModelConverter.Convert(source, folder["out"], null));
    }

    /// <summary>A folder inside a model's would make that model's manifest wrong.</summary>
    [Fact]
    public void A_model_is_not_written_into_itself()
    {
        using TemporaryFolder folder = new();
        string source = folder["a"], beside = folder["a b"];
        ModelConverter.Convert(TinyFolder.Write(folder, "llama"), source, null);
        foreach (string inside in new[] { Path.Combine(source, "out"), Path.Combine(folder.Path, ".", "x", "..", "a", "out") })
        {
            Assert.Contains("is inside", Assert.Throws<ConversionException>(() => ModelConverter.Convert(source, inside, null)).Message, StringComparison.Ordinal);
        }

        Assert.Contains("no name", Assert.Throws<ConversionException>(() => ModelConverter.Convert(source, "", null)).Message, StringComparison.Ordinal);
        ModelConverter.Convert(source + Path.DirectorySeparatorChar, beside, null);
        Assert.Equal(File.ReadAllBytes(Path.Combine(source, "manifest.json")), File.ReadAllBytes(Path.Combine(beside, "manifest.json")));
    }

    [Theory]
    [InlineData("""{"quant_method":"gptq","bits":4}""")]
    [InlineData("""{"quant_method":"idem-q8","block_size":64}""")]
    [InlineData("""{"quant_method":"idem-q8","group":1}""")]
    public void Other_quantizations_are_refused_by_name(string quantization)
    {
        using TemporaryFolder folder = new();
        string source = TinyFolder.Write(folder, "llama"), config = Path.Combine(source, "config.json");
        JsonObject json = JsonNode.Parse(File.ReadAllBytes(config))!.AsObject();
        json["quantization_config"] = JsonNode.Parse(quantization);
        File.WriteAllText(config, json.ToJsonString());
        Assert.Contains("quantization_config", Assert.Throws<ModelConfigException>(() => ModelFolder.Load(source)).Message, StringComparison.Ordinal);
    }

    private static float[] Logits(string path, PackedDtype? profile) => ModelFolder.Load(path, profile).Model.Logits(Ids).ToArray();
}
