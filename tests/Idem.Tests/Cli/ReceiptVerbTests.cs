using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>Receipts as people make and check them.</summary>
public sealed class ReceiptVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ReceiptVerbTests() => _model = TinyFolder.Write(_folder, "gpt2", "model");

    public void Dispose() => _folder.Dispose();

    private IdemProcess.Outcome Generate(string file, params string[] more) =>
        IdemProcess.Run(["generate", _model, "--prompt", "the quick", "--max-tokens", "12", "--seed", "5", "--receipt", _folder[file], .. more]);

    private IdemProcess.Outcome Verify(string file, params string[] more) => IdemProcess.Run(["verify", _folder[file], "--model", _model, .. more]);

    [Fact]
    public void AReceiptIsTheSameWhicheverWayItIsMadeAndVerifies()
    {
        IdemProcess.Outcome made = Generate("a.json", "--n", "3", "--repetition-penalty", "1.2", "--stop", "qu", "--kv-cache-dtype", "bf16", "--json");
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Equal(0, Generate("b.json", "--n", "3", "--repetition-penalty", "1.2", "--stop", "qu", "--kv-cache-dtype", "bf16", "--threads", "3", "--simd", "scalar").ExitCode);
        Assert.Equal(File.ReadAllText(_folder["a.json"]), File.ReadAllText(_folder["b.json"]));

        JsonNode all = Verify("a.json", "--threads", "2", "--simd", "128", "--json").LastJson;
        Assert.True((bool)all["equal"]!);
        Assert.Equal((string)made.LastJson["receipt"]!["id"]!, (string)all["id"]!);
        JsonNode one = Verify("a.json", "--token", "1:0", "--json").LastJson;
        Assert.True((bool)one["equal"]!);
        Assert.Equal(1, (int)one["tokens_executed"]!);
    }

    [Fact]
    public void IdsAndProfilesHaveReceiptsToo()
    {
        foreach (string dtype in new[] { "bf16", "q8" })
        {
            Assert.Equal(0, IdemProcess.Run("generate", _model, "--ids", "1,2,60", "--max-tokens", "5", "--dtype", dtype, "--receipt", _folder["r.json"]).ExitCode);
            Assert.Equal(0, Verify("r.json").ExitCode);
        }
    }

    [Fact]
    public void ForgeriesAreMismatchesAndSaidToBeWhatTheyAre()
    {
        Assert.Equal(0, Generate("r.json").ExitCode);
        Receipt receipt = Receipt.Decode(File.ReadAllBytes(_folder["r.json"]), "r.json", out _);
        ReceiptSample sample = receipt.Samples[0];
        ReceiptToken token = sample.Tokens[5];
        int other = (token.Id + 1) % 61;
        Forge(receipt with { Samples = [sample with { Tokens = [.. sample.Tokens.Select((t, i) => i == 5 ? t with { Id = other } : t)] }] },
            $"token 5: the receipt says id {other}, the model draws {token.Id}: the id was changed");
        Forge(receipt with { Sampling = receipt.Sampling with { Temperature = 5f } }, "a sampling parameter, the seed or the sample's number was changed");
        Forge(receipt with { PromptIds = [.. receipt.PromptIds.Select(id => id == 0 ? 1 : id - 1)] }, "the prompt was changed");
        Forge(receipt with { Model = receipt.Model with { Weights = Digest.Of("other"u8) } }, $"the receipt says weights {Digest.Of("other"u8)}, the model has {receipt.Model.Weights}");
        Forge(receipt with { Model = receipt.Model with { CacheDtype = "bf16" } }, "kv_cache_dtype bf16, its logits are those of f32");
        Forge(receipt with { Samples = [sample with { FinishReason = ReceiptSample.Stop }] }, "'stop' after 12 tokens, it is 'length'");

        void Forge(Receipt forged, string reason)
        {
            File.WriteAllBytes(_folder["forged.json"], forged.Encode(out _));
            ExitCodeTests.AssertFailure(Verify("forged.json"), 3, reason);
        }
    }

    /// <summary>One who edits a receipt and leaves its digests alone; the model says which field it was.</summary>
    [Fact]
    public void AnEditedReceiptIsCorruptAndTheFieldIsNamed()
    {
        Assert.Equal(0, Generate("r.json").ExitCode);
        string text = File.ReadAllText(_folder["r.json"]);
        Edit("\"seed\":5", "\"seed\":6", "sampling.digest", "a sampling parameter, the seed or");
        Edit("\"max_tokens\":12", "\"max_tokens\":13", "sampling.digest", "max_tokens was changed");
        Edit("\"dtype\":\"f32\"", "\"dtype\":\"q8\"", "model.digest", "the receipt says dtype q8, its logits are those of f32");
        Edit("\"finish_reason\":\"length\"", "\"finish_reason\":\"stop\"", "samples[0].hash", "it is 'length'");
        Edit("\"chat_template\":null", $"\"chat_template\":\"{Digest.Of("a template"u8)}\"", "model.digest", "the model has none");

        void Edit(string from, string to, string part, string reason)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            File.WriteAllText(_folder["edited.json"], text.Replace(from, to, StringComparison.Ordinal));
            IdemProcess.Outcome outcome = Verify("edited.json");
            ExitCodeTests.AssertFailure(outcome, 4, reason);
            Assert.Contains($": {part}: ", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnotherModelIsNamed()
    {
        Assert.Equal(0, Generate("r.json").ExitCode);
        string other = TinyFolder.Write(_folder, Models.TinyDecoders.Create("gpt2", seed: 2), "other");
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _folder["r.json"], "--model", other), 3, "the receipt says weights sha256:");
    }

    [Fact]
    public void WrongCommandLinesAndFilesAreNamed()
    {
        Assert.Equal(0, Generate("r.json").ExitCode);
        ExitCodeTests.AssertFailure(IdemProcess.Run("verify", _folder["r.json"]), 2, "give --model");
        ExitCodeTests.AssertFailure(Verify("r.json", "--token", "12"), 2, "12 tokens, numbered from 0");
        ExitCodeTests.AssertFailure(Verify("r.json", "--token", "1:2"), 2, "no sample 1");
        ExitCodeTests.AssertFailure(Verify("r.json", "--token", "first"), 2, "--token first");
        ExitCodeTests.AssertFailure(Verify("r.json", "--sample", "1"), 2, "--sample is for a run folder");
        ExitCodeTests.AssertFailure(Verify("model/config.json"), 4, "is not a receipt");
        ExitCodeTests.AssertFailure(Generate("nowhere/r.json"), 1, "does not exist");
        ExitCodeTests.AssertFailure(Generate("model"), 2, "is a folder");
    }

    [Fact]
    public void AnInterruptedGenerationHasTheReceiptOfWhatThereWas()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are sent by kill");

        // More tokens than a pipe holds: nobody reads them before the signal, so the generation cannot end first, however late that comes.
        Mistral patient = new(new MistralConfig
        {
            VocabSize = 61, HiddenSize = 8, IntermediateSize = 8, NumHiddenLayers = 1, NumAttentionHeads = 1, NumKeyValueHeads = 1,
            MaxPositionEmbeddings = 1 << 20, SlidingWindow = 4, InitializerRange = 0.2, EosTokenIds = [],
        });
        patient.Initialize(1);
        string model = TinyFolder.Write(_folder, patient, "patient");
        using Process process = IdemProcess.Start(null, "generate", model, "--prompt", "the", "--max-tokens", "400000", "--receipt", _folder["r.json"]);
        for (int read = 0; read < 20; read++)
        {
            Assert.NotEqual(-1, process.StandardOutput.Read()); // it generates
        }

        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Receipt receipt = Receipt.Decode(File.ReadAllBytes(_folder["r.json"]), "r.json", out _);
        Assert.Equal(ReceiptSample.Interrupted, receipt.Samples[0].FinishReason);
        Assert.NotEmpty(receipt.Samples[0].Tokens);
        Assert.Equal(0, IdemProcess.Run("verify", _folder["r.json"], "--model", model, "--token", "3").ExitCode);
    }
}
