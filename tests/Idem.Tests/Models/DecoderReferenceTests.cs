using System.Text.Json;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>Logits, losses, gradients and greedy continuations against Transformers run in double: a foreign oracle, so with tolerances.</summary>
public class DecoderReferenceTests
{
    private const double LogitsTolerance = 2e-5;
    private const double RelativeTolerance = 1e-5;

    public static TheoryData<string> Names =>
    [
        "gpt2-a", "gpt2-legacy-names-a", "llama-a", "llama-tied-a", "llama-sharded-a", "llama-bf16-a", "llama-fp16-a", "llama-rope3-a",
        "mistral-a", "qwen2-a", "qwen3-a", "gpt_neox-a", "gemma-a",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_and_losses(string name)
    {
        ReferenceModel reference = ReferenceModel.Open(name);
        DecoderModel model = (DecoderModel)reference.Model;
        int checkedSequences = 0;
        foreach (JsonElement sequence in reference.Expected.GetProperty("sequences").EnumerateArray())
        {
            int[] ids = ReferenceModel.Ids(sequence.GetProperty("input_ids"));
            string label = sequence.GetProperty("name").GetString()!;
            Tensor logits = model.Forward(ids, 1);
            ReferenceModel.AssertNear(reference.Truth("logits", label), logits.Data, LogitsTolerance, label);
            checkedSequences++;
            if (sequence.GetProperty("loss_f64").ValueKind == JsonValueKind.Number)
            {
                double loss = sequence.GetProperty("loss_f64").GetDouble();
                Assert.Equal(1, model.Loss(ids.AsSpan(0, ids.Length - 1), ids.AsSpan(1), 1).Item() / loss, RelativeTolerance);
            }
        }

        Assert.True(checkedSequences >= 2);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients(string name)
    {
        ReferenceModel reference = ReferenceModel.Open(name);
        Assert.SkipUnless(reference.Expected.TryGetProperty("gradients", out JsonElement gradients), "this set has no gradients");
        int[] ids = ReferenceModel.Ids(reference.Expected.GetProperty("sequences").EnumerateArray()
            .First(s => s.GetProperty("name").GetString() == gradients.GetProperty("sequence").GetString()).GetProperty("input_ids"));
        ((DecoderModel)reference.Model).Loss(ids, [.. ids.Skip(1), -100], 1).Backward();
        reference.AssertGradients(gradients.GetProperty("parameters"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Greedy_continuation_with_a_cache(string name)
    {
        ReferenceModel reference = ReferenceModel.Open(name);
        DecoderModel model = (DecoderModel)reference.Model;
        Assert.SkipUnless(reference.Expected.TryGetProperty("greedy", out JsonElement continuations), "this set has no continuations");
        foreach (JsonElement greedy in continuations.EnumerateArray())
        {
            KvCache[] cache = [model.NewCache()];
            var logits = new float[model.Config.VocabSize];
            var tokens = new List<int>();
            model.Forward(ReferenceModel.Ids(greedy.GetProperty("prompt_ids")), cache, logits);
            while (tokens.Count < 20)
            {
                tokens.Add(Array.IndexOf(logits, logits.Max()));
                model.Forward([tokens[^1]], cache, logits);
            }

            Assert.Equal(ReferenceModel.Ids(greedy.GetProperty("new_tokens")), tokens);
        }
    }
}
