using System.Text.Json.Nodes;
using Idem.Tests.Inference.Gguf;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>GGUF files and idem convert as their users run them.</summary>
public class GgufVerbTests
{
    [Fact]
    public void Every_verb_takes_a_gguf_file_and_convert_writes_it_as_a_folder()
    {
        using TemporaryFolder folder = new();
        string model = SharedData.Require("reference/models/gpt2-a"), ids = string.Join(',', TinyDecoders.Ids(12));
        string[] tokens = [.. "<unk>,</s>".Split(','), .. Enumerable.Range(0, 298).Select(i => i < 26 ? $"{(char)('a' + i)}" : i == 26 ? "\u0120" : $"\u0120{i}")];
        string file = folder.Write("m.gguf", LlamaCpp.Convert(model, LlamaCpp.F32, builder => builder
            .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "gpt-2").Add("tokenizer.ggml.tokens", tokens).Add("tokenizer.ggml.merges", Array.Empty<string>())
            .Add("tokenizer.ggml.token_type", tokens.Select((_, i) => i < 2 ? 3 : 1).ToArray()).Add("tokenizer.chat_template", "{{ messages[0].content }}")).File);
        string text = folder["text"];
        File.WriteAllText(text, "the quick brown fox jumps over the lazy dog");

        Run("logits", model, "--ids", ids, "--out", folder["a"], "--json");
        Run("logits", file, "--ids", ids, "--out", folder["b"], "--json", "--threads", "1");
        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
        JsonNode generated = Run("generate", file, "--prompt", "the fox", "--max-tokens", "5", "--seed", "3", "--json");
        Assert.Equal(Run("generate", model, "--ids", string.Join(',', generated["prompt_ids"]!.AsArray().Select(id => (int)id!)), "--max-tokens", "5", "--seed", "3", "--json")["ids"]!.ToJsonString(), generated["ids"]!.ToJsonString());
        Assert.NotEmpty(Run("embed", file, "the", "--json")["items"]!.AsArray());
        JsonNode evaluated = Run("eval", file, "--data", text, "--context", "16", "--json");

        JsonNode converted = Run("convert", file, folder["out"], "--json");
        Assert.Equal((string)Run("digest", file, "--json")["digest"]!, (string)converted["digest"]!);
        Assert.True((bool)converted["tokenizer"]!);
        Assert.Equal((double)evaluated["loss"]!, (double)Run("eval", folder["out"], "--data", text, "--context", "16", "--json")["loss"]!);
        Assert.Contains("messages[0]", File.ReadAllText(Path.Combine(folder["out"], "tokenizer_config.json")), StringComparison.Ordinal);

        Run("generate", file, "--prompt", "the fox", "--max-tokens", "5", "--receipt", folder["r.json"], "--json");
        Assert.True((bool)Run("verify", folder["r.json"], "--model", folder["out"], "--json")["equal"]!); // the folder is the file's model, tokenizer and template
        using (System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256))
        {
            File.WriteAllText(folder["key.pem"], key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(folder["pub.pem"], key.ExportSubjectPublicKeyInfoPem());
        }

        Run("attest", file, "--key", folder["key.pem"], "--out", folder["a.json"], "--json");
        Assert.True((bool)Run("verify", file, "--attestation", folder["a.json"], "--key", folder["pub.pem"], "--json")["equal"]!);

        string[] train = ["train", "--data", text, "--steps", "1", "--n-positions", "8", "--batch-size", "2", "--val-fraction", "0", "--json"];
        string trained = (string)Run([.. train, "--from", file, "--out", folder["run a"]])["digest"]!;
        Assert.Equal(trained, (string)Run([.. train, "--from", folder["out"], "--out", folder["run b"]])["digest"]!);
        IdemProcess.Outcome lines = IdemProcess.Run("tokenize", file, "--jsonl", folder.Write("lines", "\"ab\"\n"u8.ToArray()));
        Assert.Equal("[2,3]\n", lines.Output);
    }

    [Fact]
    public void A_tokenizer_that_is_not_supported_leaves_ids()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("m.gguf", LlamaCpp.Convert(SharedData.Require("reference/models/llama-a"), LlamaCpp.Q8, builder => builder
            .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "falcon")).File);
        Assert.Null(Run("generate", file, "--ids", "1,2", "--max-tokens", "2", "--dtype", "q8", "--json")["text"]);
        IdemProcess.Outcome refused = IdemProcess.Run("generate", file, "--prompt", "a");
        Assert.Contains("tokenizer.ggml.pre is 'falcon'", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--ids", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.ExitCode);
        IdemProcess.Outcome written = IdemProcess.Run("convert", file, folder["out"], "--dtype", "q8");
        Assert.Equal(0, written.ExitCode);
        Assert.Contains("without a tokenizer", written.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "exists", "convert", "{model}", "{model}")]
    [InlineData(2, "q4", "convert", "{model}", "{folder}/out", "--dtype", "q4")]
    [InlineData(4, "does not start with 'GGUF'", "generate", "{folder}/bad.gguf", "--ids", "1")]
    [InlineData(4, "elements Q4_K", "convert", "{folder}/q4.gguf", "{folder}/out")]
    [InlineData(4, "truncated", "digest", "{folder}/short.gguf")]
    [InlineData(4, "general.architecture", "logits", "{folder}/empty.gguf", "--ids", "1", "--out", "{folder}/x")]
    [InlineData(2, "no name", "convert", "{model}", "")]
    [InlineData(1, "to use its GGUF file, name {folder}/bad.gguf", "generate", "{folder}", "--ids", "1")]
    [InlineData(4, "begins as a GGUF file does", "digest", "{folder}/renamed")]
    [InlineData(1, "nothing.gguf does not exist", "generate", "{folder}/nothing.gguf", "--ids", "1")]
    public void Errors_are_one_line_with_a_remedy(int exitCode, string says, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        string model = TinyFolder.Write(folder, "llama");
        folder.Write("bad.gguf", "not a model, but long enough"u8.ToArray());
        folder.Write("q4.gguf", new GgufBuilder().Add("general.architecture", "llama").Tensor("t", 12, [256], new byte[144]).Build());
        folder.Write("short.gguf", new GgufBuilder().Add("general.architecture", "llama").Build()[..40]);
        Directory.CreateDirectory(folder["renamed"]);
        folder.Write("renamed/model.safetensors", [.. "GGUF"u8, .. new byte[20]]);
        folder.Write("empty.gguf", new GgufBuilder().Build());
        IdemProcess.Outcome outcome = IdemProcess.Run([.. arguments.Select(argument => argument
            .Replace("{model}", model, StringComparison.Ordinal).Replace("{folder}", folder.Path, StringComparison.Ordinal))]);
        Assert.True(outcome.ExitCode == exitCode, outcome.ToString());
        Assert.Contains(says.Replace("{folder}", folder.Path, StringComparison.Ordinal), outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }

    private static JsonNode Run(params string[] arguments)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(arguments);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.LastJson;
    }
}
