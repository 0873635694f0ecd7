using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tensors;
using Idem.Tests.Models;
using Idem.Tracing;
using Idem.Verification.Differences;

namespace Idem.Tests.Verification.Differences;

/// <summary>Traces beside each other, and beside what another framework wrote.</summary>
public sealed class TraceDifferenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EqualResultsAreEqualWhateverTheHeadersSay()
    {
        DecoderModel model = TinyDecoders.Create("gpt2");
        using TraceFile a = Trace(model, "a", 1), b = Trace(model, "b", 2);
        DiffReport report = TraceDifference.Find(a, b);
        Assert.True(report.IsEqual);
        Assert.Equal("seed", Assert.Single(report.Differences).What);
    }

    [Fact]
    public void TheFirstResultThatDiffersIsNamedWithItsElement()
    {
        DecoderModel model = TinyDecoders.Create("gpt2");
        using TraceFile a = Trace(model, "a", 1);
        model.NamedParameters().First(named => named.Name == "transformer.h.1.ln_1.bias").Parameter.Data[3] += 0.5f;
        using TraceFile b = Trace(model, "b", 1);
        DiffReport report = TraceDifference.Find(a, b);
        Assert.Equal(("layer_norm", "transformer.h.1.ln_1", "forward"), (report.Place!.Operation, report.Place.Module, report.Place.Phase));
        Assert.Equal([0, 3], report.Place.Tensor!.First!.Index);
        Assert.Equal(12, report.Place.Tensor.Different);
    }

    /// <summary>Layers under their own names and mapped ones, wider or narrower, with more rows than the trace has.</summary>
    [Fact]
    public void LayersOfAnotherFrameworkAreMeasuredInOrder()
    {
        DecoderModel model = TinyDecoders.Create("gpt2");
        using TraceFile trace = Trace(model, "a", 1);
        float[] norm = Values(trace, "transformer.h.0.ln_1", "layer_norm"), sum = Values(trace, "transformer.h.1.ln_1", "add"), logits = Values(trace, "lm_head", "mat_mul");
        sum[5] = MathF.BitIncrement(sum[5]);
        string path = _folder["torch.safetensors"];
        using (FileStream stream = File.Create(path))
        {
            SafeTensorsWriter.Write(stream,
            [
                new NamedTensor("transformer.h.0.ln_1", DType.F64, [1, 12, 48], TensorData.Of<double>(Array.ConvertAll(norm, value => (double)value))),
                NamedTensor.Of("transformer.h.0", [1, 12, 48], sum),
                NamedTensor.Of("lm_head", [1, 24, 61], (float[])[.. new float[logits.Length], .. logits]),
                NamedTensor.Of("elsewhere", [1], new[] { 1f }),
                NamedTensor.Of("transformer", [1, 12, 48], sum), // a module with parts, and with operations of its own
            ]);
        }

        using SafeTensorsFile foreign = SafeTensorsFile.Open(path);
        DiffReport report = TraceDifference.FindForeign(trace, foreign, new Dictionary<string, string> { ["transformer.h.0"] = "transformer.h.1.ln_1:add" });
        Assert.Equal([("transformer.h.0.ln_1", 0), ("transformer.h.0", 1), ("lm_head", 0)], report.Tensors.Select(tensor => (tensor.Name, (int)tensor.Different)));
        Assert.Equal(1ul, report.Place!.Tensor!.First!.Ulps);
        Assert.Equal([0, 5], report.Place.Tensor.First.Index);
        Assert.Contains(report.Notes, note => note.EndsWith("elsewhere, transformer", StringComparison.Ordinal));
        Assert.Contains(report.Notes, note => note.StartsWith("lm_head: its last rows", StringComparison.Ordinal));
    }

    /// <summary>Layers are listed whether they differ or not; that all are equal is equality.</summary>
    [Fact]
    public void AFrameworkWithOurBitsIsEqual()
    {
        using TraceFile trace = Trace(TinyDecoders.Create("gpt2"), "a", 1);
        string path = _folder["torch.safetensors"];
        using (FileStream stream = File.Create(path))
        {
            SafeTensorsWriter.Write(stream, [NamedTensor.Of("transformer.h.0.ln_1", [1, 12, 48], Values(trace, "transformer.h.0.ln_1", "layer_norm"))]);
        }

        using SafeTensorsFile foreign = SafeTensorsFile.Open(path);
        DiffReport report = TraceDifference.FindForeign(trace, foreign, null);
        Assert.Single(report.Tensors);
        Assert.True(report.IsEqual);
    }

    /// <summary>Transformers' logits of its model, in float32, leave ours by rounding.</summary>
    [Fact]
    public void TransformersLogitsLeaveOursByRounding()
    {
        string folder = SharedData.Require("reference/models/gpt2-a");
        DecoderModel model = ModelFolder.Load(folder).Decoder;
        JsonNode sequence = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!["sequences"]!.AsArray().First(node => node!["input_ids"]!.AsArray().Count == 33)!;
        int[] ids = [.. sequence["input_ids"]!.AsArray().Select(id => (int)id!)];
        using TraceFile trace = Trace(model, "a", 1, ids);
        using SafeTensorsFile expected = SafeTensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        DiffReport report = TraceDifference.FindForeign(trace, expected, new Dictionary<string, string> { ["logits_f32.len33"] = "lm_head" });
        TensorDifference logits = Assert.Single(report.Tensors);
        Assert.False(report.IsEqual);
        Assert.InRange(logits.AbsoluteMax, double.Epsilon, 5e-5);
    }

    private TraceFile Trace(DecoderModel model, string name, int seed, int[]? ids = null)
    {
        string path = _folder[name];
        using (TraceWriter writer = TraceWriter.Create(new TraceRequest(path, null, new TensorPattern("*")), "generate", new JsonObject { ["seed"] = seed }))
        {
            writer.Watch(1, () =>
            {
                using NoGradScope none = Autograd.NoGrad();
                _ = model.Logits(ids ?? TinyDecoders.Ids(12));
            });
            writer.Finish();
        }

        return TraceFile.Open(path);
    }

    private static float[] Values(TraceFile trace, string module, string operation) =>
        trace.Tensor(Enumerable.Range(0, trace.Records.Count).First(i => trace.Records[i].Module == module && trace.Records[i].Operation == operation))!.Values<float>().ToArray();
}
