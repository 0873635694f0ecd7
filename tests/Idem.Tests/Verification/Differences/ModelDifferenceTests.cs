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
    public void ANarrowerStorageTypeIsNamed(DType dtype)
    {
        string a = TinyFolder.Write(_folder, "llama", "a");
        ModelConverter.Convert(a, _folder["b"], dtype == DType.BF16 ? StoredDtype.BF16 : StoredDtype.F16);
        foreach (DiffReport report in new[] { Find(a, _folder["b"]), Find(_folder["b"], a) })
        {
            DiffCause cause = Assert.Single(report.Causes);
            Assert.Equal((ArithmeticCauses.Narrower, true), (cause.Name, cause.IsConfirmed));
            Assert.Contains($"rounded to {dtype.Name()}", cause.Detail, StringComparison.Ordinal);
            Assert.NotNull(report.Place);
        }
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
