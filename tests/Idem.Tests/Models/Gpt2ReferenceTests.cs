using System.Text.Json;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;
using Idem.Tests.Support;

namespace Idem.Tests.Models;

/// <summary>Logits, losses and gradients against Transformers run in double: a foreign oracle, so with tolerances.</summary>
public class Gpt2ReferenceTests
{
    private const double LogitsTolerance = 2e-5;
    private const double RelativeTolerance = 1e-5;

    [Theory]
    [InlineData("gpt2-a")]
    [InlineData("gpt2-legacy-names-a")]
    public void Logits_and_losses(string name)
    {
        (Gpt2 model, JsonElement expected, SafeTensorsFile tensors) = Open(name);
        int checkedSequences = 0;
        using (tensors)
        {
            foreach (JsonElement sequence in expected.GetProperty("sequences").EnumerateArray())
            {
                int[] ids = [.. sequence.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())];
                string label = sequence.GetProperty("name").GetString()!;
                Tensor logits = model.Forward(ids, 1);
                if (Truth(tensors, label) is not { } truth)
                {
                    continue; // the legacy set has two sequences
                }

                checkedSequences++;
                ReadOnlySpan<float> floats = logits.Data[^truth.Length..];
                for (int i = 0; i < truth.Length; i++)
                {
                    Assert.True(Math.Abs(truth[i] - floats[i]) <= LogitsTolerance, $"{label}[{i}]: {floats[i]} for {truth[i]}");
                }

                if (sequence.GetProperty("loss_f64").ValueKind == JsonValueKind.Number)
                {
                    double loss = sequence.GetProperty("loss_f64").GetDouble();
                    Assert.Equal(1, model.Loss(ids.AsSpan(0, ids.Length - 1), ids.AsSpan(1), 1).Item() / loss, RelativeTolerance);
                }
            }
        }

        Assert.Equal(name == "gpt2-a" ? 4 : 2, checkedSequences);
    }

    [Fact]
    public void Gradients()
    {
        (Gpt2 model, JsonElement expected, SafeTensorsFile tensors) = Open("gpt2-a");
        tensors.Dispose();
        JsonElement gradients = expected.GetProperty("gradients");
        int[] ids = [.. expected.GetProperty("sequences").EnumerateArray()
            .First(s => s.GetProperty("name").GetString() == gradients.GetProperty("sequence").GetString())
            .GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())];
        model.Loss(ids, [.. ids.Skip(1), -100], 1).Backward();
        JsonElement parameters = gradients.GetProperty("parameters");
        Assert.Equal(parameters.EnumerateObject().Count(), model.Parameters().Count);
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            JsonElement truth = parameters.GetProperty(name);
            float[] gradient = parameter.Grad!.ToArray();
            double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
            Assert.True(Math.Abs((norm / truth.GetProperty("l2_f64").GetDouble()) - 1) <= RelativeTolerance, $"{name}: norm {norm}");
            int i = 0;
            foreach (JsonElement first in truth.GetProperty("first8_f64").EnumerateArray())
            {
                Assert.True(Math.Abs(first.GetDouble() - gradient[i]) <= 2e-6, $"{name}[{i}]: {gradient[i]} for {first.GetDouble()}");
                i++;
            }
        }
    }

    [Fact]
    public void Greedy_continuation_with_a_cache()
    {
        (Gpt2 model, JsonElement expected, SafeTensorsFile tensors) = Open("gpt2-a");
        tensors.Dispose();
        foreach (JsonElement greedy in expected.GetProperty("greedy").EnumerateArray())
        {
            int[] prompt = [.. greedy.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            KvCache[] cache = [model.NewCache()];
            var logits = new float[model.Config.VocabSize];
            var tokens = new List<int>();
            model.Forward(prompt, cache, logits);
            while (tokens.Count < 20)
            {
                tokens.Add(Array.IndexOf(logits, logits.Max()));
                model.Forward([tokens[^1]], cache, logits);
            }

            Assert.Equal(greedy.GetProperty("new_tokens").EnumerateArray().Select(id => id.GetInt32()), tokens);
        }
    }

    // Upstream's logits in double; in the legacy set, which has none, its float32.
    private static double[]? Truth(SafeTensorsFile tensors, string label) =>
        tensors.TryGet($"logits_f64.{label}", out NamedTensor? truth) || tensors.TryGet($"logits_f64.{label}.last16", out truth)
            ? truth.Values<double>().ToArray()
            : tensors.TryGet($"logits_f32.{label}", out truth) ? Array.ConvertAll(truth.Values<float>().ToArray(), v => (double)v) : null;

    private static (Gpt2 Model, JsonElement Expected, SafeTensorsFile Tensors) Open(string name)
    {
        string path = SharedData.Require($"reference/models/{name}");
        var model = new Gpt2(Gpt2Config.Parse(File.ReadAllBytes(Path.Combine(path, "config.json"))));
        using SafeTensorsFolder folder = SafeTensorsFolder.Open(path);
        model.LoadStateDict(new SafeTensorsState(folder));
        model.Eval();
        JsonElement expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "expected.json"))).RootElement;
        return (model, expected, SafeTensorsFile.Open(Path.Combine(path, "expected.safetensors")));
    }
}
