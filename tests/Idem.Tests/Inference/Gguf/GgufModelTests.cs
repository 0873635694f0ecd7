using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Idem.Tests.Models;
using Idem.Tests.Support;

namespace Idem.Tests.Inference.Gguf;

/// <summary>GGUF files of the reference models, laid out as llama.cpp does it, have the bits of the folders they were made of.</summary>
public class GgufModelTests
{
    private static readonly int[] Ids = [.. Enumerable.Range(0, 33).Select(i => ((i * i * 7) + (i * 5) + 3) % 300)];

    public static TheoryData<string> Names =>
        ["llama-a", "llama-tied-a", "llama-sharded-a", "llama-rope3-a", "llama-bf16-a", "llama-fp16-a", "qwen2-a", "qwen3-a", "gemma-a", "gpt2-a", "gpt_neox-a", "bert-a"];

    /// <summary>As float32 the file is the model; the configuration says the same, whatever its fields.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Float32_is_the_folder(string name)
    {
        using TemporaryFolder folder = new();
        string path = SharedData.Require($"reference/models/{name}"), file = folder.Write("m.gguf", LlamaCpp.Convert(path, LlamaCpp.F32).File);
        LanguageModel expected = ModelFolder.Load(path).Model, actual = ModelFolder.Load(file).Model;
        Same(expected, actual, name);
        Assert.Equal(expected.Config.ModelType, actual.Config.ModelType);
        Assert.Equal(expected.Config.EosTokenIds, actual.Config.EosTokenIds);
        Same(expected, ModelFolder.Load(file, PackedDtype.Float32).Model, name + ", packed");
        if (name != "gemma-a" && name != "bert-a") // 1 + weight was rounded; heads are left out
        {
            Assert.Equal(Bits(expected.StateDict()), Bits(actual.StateDict()));
        }
    }

    /// <summary>Half precision and Q8_0 as numbers: the model whose matrices have the values that are stored.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Rounded_files_are_the_model_of_the_rounded_values(string name)
    {
        using TemporaryFolder folder = new();
        string path = SharedData.Require($"reference/models/{name}");
        foreach (uint type in new[] { LlamaCpp.F16, LlamaCpp.BF16, LlamaCpp.Q8 })
        {
            (byte[] bytes, IReadOnlyList<KeyValuePair<string, Tensor>> values) = LlamaCpp.Convert(path, type);
            TensorStateSource source = new(values);
            LanguageModel expected = ModelTypes.Create(File.ReadAllBytes(Path.Combine(path, "config.json")), source);
            expected.LoadStateDict(source);
            expected.Eval();
            Same(expected, ModelFolder.Load(folder.Write("m.gguf", bytes)).Model, $"{name}, type {type}");
        }
    }

    /// <summary>Blocks of Q8_0 are what products of the q8 profile take: none is made anew, in either layout.</summary>
    [Theory]
    [InlineData("llama-a", "model.layers.0.self_attn.k_proj.weight", true)]
    [InlineData("gpt2-a", "transformer.h.1.mlp.c_proj.weight", false)]
    [InlineData("gpt_neox-a", "gpt_neox.layers.1.attention.query_key_value.weight", true)]
    public void Blocks_are_taken_as_they_are_stored(string name, string weight, bool alongRows)
    {
        string path = SharedData.Require($"reference/models/{name}");
        using GgufFile file = GgufFile.Parse(LlamaCpp.Convert(path, LlamaCpp.Q8).File, "m.gguf");
        StoredState state = new("m.gguf", GgufTensors.Of(file));
        Assert.True(state.IsQ8(weight));
        state.TryGetShape(weight, out Shape shape);
        (int k, int n) = alongRows ? (shape[1], shape[0]) : (shape[0], shape[1]);
        sbyte[] codes = new sbyte[k * n];
        ushort[] scales = new ushort[k / 32 * n];
        state.CopyCodes(weight, 0, codes);
        state.CopyScales(weight, alongRows, 0, scales);
        Assert.Throws<InvalidOperationException>(() => state.CopyScales(weight, !alongRows, 0, new ushort[1]));

        float[] x = KernelTesting.Moderate(3, 5 * k), expected = new float[5 * n], actual = new float[5 * n];
        MatMul.ReferenceQ8(alongRows, 5, n, k, x, codes, scales, [], expected);
        Parameter parameter = new(shape) { Use = alongRows ? ParameterUse.OutputsByInputs : ParameterUse.InputsByOutputs };
        parameter.Load(new BlocksOnly(state), weight, PackedDtype.Q8);
        MatMul.Multiply(KernelTesting.Computes[0], 5, x, k, parameter.Packed!, [], actual, n);
        KernelTesting.SameBits(expected, actual, weight);
    }

    /// <summary>Whatever would make it another model is refused by name.</summary>
    [Theory]
    [InlineData("llama.expert_count", 8u, "is not a key")]
    [InlineData("llama.attention.sliding_window", 16u, "windows are not supported")]
    [InlineData("llama.rope.scaling.type", "longrope", "supported are none, linear and yarn")]
    [InlineData("llama.attention.value_length", 8u, "supported with 16")]
    [InlineData("llama.rope.dimension_count", 8u, "supported with 16")]
    [InlineData("llama.attention.clamp_kqv", 3f, "is not a key")]
    [InlineData("split.count", (ushort)2, "--merge")]
    public void Other_models_are_refused_by_name(string key, object value, string says)
    {
        using TemporaryFolder folder = new();
        string path = SharedData.Require("reference/models/llama-tied-a");
        (byte[] file, _) = LlamaCpp.Convert(path, LlamaCpp.F32, builder => builder.Replace(key, value));
        string message = Assert.Throws<GgufException>(() => ModelFolder.Load(folder.Write("m.gguf", file))).Message;
        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_says_nothing_is_read_over_and_lists_that_agree_are_numbers()
    {
        using TemporaryFolder folder = new();
        string path = SharedData.Require("reference/models/llama-a");
        (byte[] file, _) = LlamaCpp.Convert(path, LlamaCpp.F32, builder => builder
            .Add("llama.expert_count", 0u).Add("llama.attention.sliding_window", 4096u).Replace("llama.attention.head_count_kv", new[] { 2, 2 }).Add("quantize.imatrix.file", "x"));
        Same(ModelFolder.Load(path).Model, ModelFolder.Load(folder.Write("m.gguf", file)).Model, "llama-a");
        (file, _) = LlamaCpp.Convert(path, LlamaCpp.F32, builder => builder.Replace("llama.attention.head_count_kv", new[] { 2, 4 }));
        Assert.Contains("differs between layers", Assert.Throws<GgufException>(() => ModelFolder.Load(folder.Write("m.gguf", file))).Message, StringComparison.Ordinal);
    }

    /// <summary>A factor of positions without a type is linear scaling, as in llama.cpp; 0 and 1 are none.</summary>
    [Theory]
    [InlineData("rope.scaling.factor", 4f, "linear")]
    [InlineData("rope.scale_linear", 4f, "linear")]
    [InlineData("rope.scaling.factor", 1f, null)]
    [InlineData("rope.scaling.factor", 0f, null)]
    public void A_factor_alone_is_linear_scaling(string key, float factor, string? type)
    {
        (byte[] bytes, _) = LlamaCpp.Convert(SharedData.Require("reference/models/llama-a"), LlamaCpp.F32, builder => builder.Add("llama." + key, factor));
        using GgufFile file = GgufFile.Parse(bytes, "m.gguf");
        JsonNode? scaling = JsonNode.Parse(GgufConfig.ToJson(file))!["rope_scaling"];
        Assert.Equal(type, (string?)scaling?["rope_type"]);
        Assert.Equal(type is null ? null : factor, (float?)scaling?["factor"]);
    }

    [Fact]
    public void Unknown_architectures_tensors_and_scalings_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = SharedData.Require("reference/models/llama-rope3-a");
        Assert.Contains("'mamba', which is not supported", Refused(builder => builder.Replace("general.architecture", "mamba")), StringComparison.Ordinal);
        Assert.Contains("blk.0.ffn_gate_inp.weight", Refused(builder => builder.Tensor("blk.0.ffn_gate_inp.weight", 0, [1], new byte[4])), StringComparison.Ordinal);
        Assert.Contains("is 'adapter'", Refused(builder => builder.Replace("general.type", "adapter")), StringComparison.Ordinal);
        Assert.Contains("not Llama 3's", Refused(builder => builder.Replace("llama.rope.freq_base", 500f)), StringComparison.Ordinal);

        string Refused(Action<GgufBuilder> change) =>
            Assert.Throws<GgufException>(() => ModelFolder.Load(folder.Write("m.gguf", LlamaCpp.Convert(path, LlamaCpp.F32, change).File))).Message;
    }

    private static void Same(LanguageModel expected, LanguageModel actual, string where) =>
        KernelTesting.SameBits(Results(expected).Data, Results(actual).Data, where);

    private static Tensor Results(LanguageModel model) => model is Bert ? model.HiddenStates(Ids) : model.Logits(Ids);

    private static int[] Bits(IEnumerable<KeyValuePair<string, Tensor>> state) =>
        [.. state.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => entry.Value.ToArray()).Select(BitConverter.SingleToInt32Bits)];

    // A source without numbers: blocks that are made anew would need them.
    private sealed class BlocksOnly(IStateSource source) : IStateSource
    {
        public IEnumerable<string> Names => source.Names;

        public bool TryGetShape(string name, out Shape shape) => source.TryGetShape(name, out shape);

        public void CopyTo(string name, int start, Span<float> destination) => Assert.Fail($"{name} was read as numbers");

        public bool IsQ8(string name) => source.IsQ8(name);

        public void CopyCodes(string name, int start, Span<sbyte> destination) => source.CopyCodes(name, start, destination);

        public void CopyScales(string name, bool alongRows, int start, Span<ushort> destination) => source.CopyScales(name, alongRows, start, destination);
    }
}
