using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Models;
using Idem.Numerics.Kernels;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tokenizers;
using Idem.Verification;

namespace Idem.Tests.Verification;

/// <summary>Receipts of random generations verify, and changed ones are rejected for the right reason (the whole campaign: Idem.Conformance receipts).</summary>
public class ReceiptVerifierTests
{
    [Fact]
    public void ReceiptsVerifyAndChangedOnesAreRejectedForTheRightReason()
    {
        using ReceiptCampaign campaign = new();
        List<string> wrong = [];
        for (int i = 0; i < 8 * TinyDecoders.Names.Count; i++)
        {
            string name = TinyDecoders.Names[i % TinyDecoders.Names.Count];
            if (campaign.Run(name, new Random(i)) is { } difference)
            {
                wrong.Add($"case {i} ({name}): {difference}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(campaign.Accepted == 8 * TinyDecoders.Names.Count && campaign.Rejected > campaign.StillTrue, $"{campaign.Rejected} rejected, {campaign.StillTrue} still true");
    }

    /// <summary>What restricted the tokens is in the receipt, and another restriction is found.</summary>
    [Fact]
    public void AnAnswerHeldToASchemaVerifies()
    {
        const string Schema = """{"type":"object","properties":{"a":{"type":"integer"},"b":{"enum":["xy","yx"]}},"required":["a","b"],"additionalProperties":false}""";
        using TemporaryFolder folder = new();
        LanguageModel model = TinyDecoders.Create("llama");
        byte[] tokenizer = CharacterTrainer.Train(["{}[]\":, 0123456789-+.eabxytrufalsn"]).ToJson();
        AtomicFolder.Write(DiskFileSystem.Instance, folder["model"], [.. ModelFolder.Files(model, tokenizer, model.StateDict().ToNamedTensors())]);
        ModelFolder loaded = ModelFolder.Load(folder["model"], PackedDtype.Float32);
        ReceiptModel identity = Receipts.Identify(loaded, default);
        SamplingSettings settings = new()
        {
            MaxTokens = 60, Seed = 4, StopIds = [60], Temperature = 1.5f,
            Constraint = new JsonSchemaConstraints(loaded.Tokenizer, loaded.Model.Config.VocabSize, [60]).Create(Schema),
        };
        Engine engine = new(loaded.Decoder);
        TextGeneration[] all = [.. engine.Submit([1, 2, 3], settings, 3).Select(generation => new TextGeneration(engine, generation, loaded.Tokenizer, []))];
        while (engine.HasWork)
        {
            engine.Step();
            Array.ForEach(all, text => text.Read());
        }

        Receipt receipt = Decoded(Receipts.Create(identity, [1, 2, 3], settings, [], [.. all.Select(Receipts.SampleOf)]));
        Assert.Contains(receipt.Samples, sample => sample.FinishReason == ReceiptSample.Stop);
        Assert.Empty(Verify(receipt).Mismatches);
        Assert.Empty(Verify(receipt, new ReceiptPlace(1, 4)).Mismatches);
        Assert.Equal("sampling", Verify(Other(Schema.Replace("xy", "xx", StringComparison.Ordinal))).Mismatches[0].Field);
        Assert.Equal("sampling", Assert.Throws<ReceiptException>(() => Verify(Other("""{"type":"text"}"""))).Field);
        ReceiptSample first = receipt.Samples[0];
        ReceiptSample cut = first with { Tokens = [.. first.Tokens.SkipLast(1)] };
        Assert.Equal("samples[0].finish_reason", Verify(receipt with { Samples = [cut] }).Mismatches[0].Field);

        ReceiptReport Verify(Receipt stated, ReceiptPlace? only = null) => ReceiptVerifier.Verify(Decoded(stated), "r.json", loaded, identity, only);
        Receipt Other(string schema) => receipt with { Sampling = receipt.Sampling with { Constraint = new ReceiptConstraint(JsonSchemaConstraints.Kind, schema) } };
        static Receipt Decoded(Receipt made) => Receipt.Decode(made.Encode(out _), "r.json", out _);
    }
}
