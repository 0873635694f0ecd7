using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Models;
using Idem.Tests.Training;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>Models that differ in a bit, a type, a setting, a tensor.</summary>
public sealed class ModelDifferenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AModelIsEqualToItself()
    {
        string a = TinyFolder.Write(_folder, "gpt2", "a"), b = TinyFolder.Write(_folder, "gpt2", "b");
        Assert.True(Find(a, b).IsEqual);
    }

    [Fact]
    public void ABitOfAWeightIsFoundAndTheOperationThatReadsIt()
    {
        DecoderModel model = TinyDecoders.Create("gpt2");
        string a = TinyFolder.Write(_folder, model, "a");
        Span<float> weight = model.NamedParameters().First(named => named.Name == "transformer.h.1.mlp.c_fc.weight").Parameter.Data;
        weight[100] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(weight[100]) ^ 0x400000);
        DiffReport report = Find(a, TinyFolder.Write(_folder, model, "b"));
        TensorDifference tensor = Assert.Single(report.Tensors);
        Assert.Equal(("transformer.h.1.mlp.c_fc.weight", 1), (tensor.Name, tensor.Different));
        Assert.Equal([0, 100], tensor.First!.Index);
        Assert.Equal((WeightCauses.Name, true), (Assert.Single(report.Causes).Name, report.Causes[0].IsConfirmed));
        Assert.StartsWith("one bit of", report.Causes[0].Detail, StringComparison.Ordinal);
        Assert.Equal(("mat_mul", "transformer.h.1.mlp.c_fc"), (report.Place!.Operation, report.Place.Module));
        Assert.Equal(100, report.Place.Tensor!.First!.Index[^1]);
    }

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    public void ANarrowerOrWiderStorageTypeIsNamed(DType dtype)
    {
        string a = TinyFolder.Write(_folder, "llama", "a");
        ModelConverter.Convert(a, _folder["b"], dtype == DType.BF16 ? StoredDtype.BF16 : StoredDtype.F16);
        DiffReport narrower = Find(a, _folder["b"]), wider = Find(_folder["b"], a);
        Assert.Equal(new DiffCause(ArithmeticCauses.Narrower, $"b is a rounded to {dtype.Name()}", "b", true, ""), Assert.Single(narrower.Causes));
        Assert.Equal(new DiffCause(ArithmeticCauses.WiderStorage, $"a is b rounded to {dtype.Name()}", "b", true, ""), Assert.Single(wider.Causes));
        Assert.NotNull(narrower.Place);
        Assert.NotNull(wider.Place);
    }

    /// <summary>The same values in another type are the same model, and the type is told.</summary>
    [Fact]
    public void EqualValuesInAWiderTypeAreEqual()
    {
        ModelConverter.Convert(TinyFolder.Write(_folder, "llama", "model"), _folder["a"], StoredDtype.BF16);
        ModelConverter.Convert(_folder["a"], _folder["b"], StoredDtype.F32);
        DiffReport report = Find(_folder["a"], _folder["b"]);
        Assert.True(report.IsEqual);
        Assert.Contains(report.Differences, difference => difference is { A: "BF16", B: "F32", DecidesBits: false } && difference.What.StartsWith("storage type of", StringComparison.Ordinal));
    }

    /// <summary>Both as they act: a template in either of its two places is one template, and ids that a configuration adds are others.</summary>
    [Fact]
    public void TokenizerAndChatTemplateAreCompared()
    {
        const string Template = "{{ messages[0].content }}";
        string a = TinyFolder.Write(_folder, "llama", "a"), b = TinyFolder.Write(_folder, "llama", "b"), config = Path.Combine(b, "tokenizer_config.json");
        File.WriteAllText(Path.Combine(a, "chat_template.jinja"), Template);
        Assert.Equal(("chat template", "absent"), (Assert.Single(Find(a, b).Differences).What, Find(a, b).Differences[0].B));
        Assert.False(Find(a, b).IsEqual);
        File.WriteAllText(config, $$"""{ "chat_template": "{{Template}}" }""");
        Assert.True(Find(a, b).IsEqual);
        File.WriteAllText(config, $$"""{ "chat_template": "{{Template}}", "tokenizer_class": "LlamaTokenizer", "add_bos_token": true, "bos_token": "t" }""");
        Assert.Equal("tokenizer", Assert.Single(Find(a, b).Differences).What);
        Assert.False(Find(a, b).IsEqual);
    }

    /// <summary>Masks and ids that no model computes with are compared as bytes, and counted.</summary>
    [Fact]
    public void TensorsThatHoldNoNumbersAreComparedAsBytes()
    {
        string Write(string name, long last)
        {
            using FileStream stream = File.Create(_folder[name]);
            SafeTensorsWriter.Write(stream, [new NamedTensor("ids", DType.I64, [3], TensorData.Of<long>(new long[] { 1, 2, last }))]);
            return stream.Name;
        }

        Assert.True(Find(Write("a", 3), Write("b", 3)).IsEqual);
        TensorDifference ids = Assert.Single(Find(_folder["a"], Write("b", 4)).Tensors);
        Assert.Equal((3, 1, false), (ids.Elements, ids.Different, ids.IsEqual));
    }

    [Fact]
    public void OtherModelsHaveOtherSettingsAndTensors()
    {
        DiffReport report = Find(TinyFolder.Write(_folder, "llama", "a"), TinyFolder.Write(_folder, "qwen2", "b"));
        Assert.False(report.IsEqual);
        Assert.Contains(report.Differences, difference => difference.What == "config model_type");
        Assert.Contains(report.Differences, difference => difference.What == "tensor model.layers.0.self_attn.q_proj.bias" && difference.A == "absent");
    }

    private static DiffReport Find(string a, string b) => ModelDifference.Find("models", a, b, null, default);
}
