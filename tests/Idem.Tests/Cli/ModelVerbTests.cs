using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Models;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>The verbs that take a model folder, as their users run them.</summary>
public class ModelVerbTests
{
    [Fact]
    public void Generate_and_logits_from_ids_need_no_tokenizer_and_are_the_reference()
    {
        ReferenceModel reference = ReferenceModel.Open("qwen3-a");
        System.Text.Json.JsonElement greedy = reference.Expected.GetProperty("greedy")[0];
        string ids = string.Join(',', ReferenceModel.Ids(greedy.GetProperty("prompt_ids")));
        JsonNode generated = Run("generate", reference.Path, "--ids", ids, "--temperature", "0", "--max-tokens", "20", "--json", "--threads", "1");
        Assert.Equal(ReferenceModel.Ids(greedy.GetProperty("new_tokens")), generated["ids"]!.AsArray().Select(id => (int)id!));
        Assert.Equal("f32", (string)generated["kv_cache_dtype"]!);
        JsonNode rounded = Run("generate", reference.Path, "--ids", ids, "--temperature", "0", "--max-tokens", "20", "--json", "--kv-cache-dtype", "bf16");
        Assert.Equal("bf16", (string)rounded["kv_cache_dtype"]!);
        Assert.NotEqual((string)generated["logits_digest"]!, (string)rounded["logits_digest"]!);
        Assert.Null(generated["text"]);

        using TemporaryFolder folder = new();
        int[] sequence = ReferenceModel.Ids(reference.Expected.GetProperty("sequences").EnumerateArray().First(s => s.GetProperty("name").GetString() == "len33").GetProperty("input_ids"));
        JsonNode written = Run("logits", reference.Path, "--ids", string.Join(',', sequence), "--out", folder["a.safetensors"], "--json", "--simd", "scalar");
        Run("logits", reference.Path, "--ids", string.Join(',', sequence), "--out", folder["b.safetensors"], "--json", "--threads", "2");
        Assert.Equal(File.ReadAllBytes(folder["a.safetensors"]), File.ReadAllBytes(folder["b.safetensors"]));
        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a.safetensors"]);
        Assert.Equal([33L, 300], file["logits"].Shape);
        ReferenceModel.AssertNear(reference.Truth("logits", "len33"), file["logits"].Values<float>(), 2e-5, "len33");
        Assert.Equal((string)Run("digest", folder["a.safetensors"], "--json")["digest"]!, (string)written["digest"]!);
    }

    [Fact]
    public void Embed_gives_the_poolers_and_the_hidden_states()
    {
        ReferenceModel reference = ReferenceModel.Open("bert-a");
        int[] ids = ReferenceModel.Ids(reference.Expected.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == "len7").GetProperty("input_ids")[0]);
        JsonNode bert = Run("embed", reference.Path, "--ids", string.Join(',', ids), "--ids", "5", "--json")["items"]!;
        Assert.Equal(2, bert.AsArray().Count);
        Assert.Equal("pooler", (string)bert[0]!["pooling"]!);
        ReferenceModel.AssertNear(reference.Truth("pooler_output", "len7"), [.. bert[0]!["pooled"]!.AsArray().Select(v => (float)v!)], 2e-5, "pooled");
        ReferenceModel.AssertNear(
            reference.Truth("last_hidden_state", "len7"), [.. bert[0]!["last_hidden_state"]!.AsArray().SelectMany(row => row!.AsArray()).Select(v => (float)v!)], 2e-5, "hidden");

        using TemporaryFolder folder = new();
        JsonNode llama = Run("embed", TinyFolder.Write(folder, "llama"), "the fox", "--json")["items"]![0]!;
        Assert.Equal("last_token", (string)llama["pooling"]!);
        Assert.Equal(llama["pooled"]!.ToJsonString(), llama["last_hidden_state"]![6]!.ToJsonString());
    }

    [Fact]
    public void Train_from_a_cached_repository_then_eval_and_generate()
    {
        using TemporaryFolder folder = new();
        string snapshots = folder["hub/models--someone--small/snapshots"], refs = folder["hub/models--someone--small/refs"];
        Directory.CreateDirectory(snapshots);
        Directory.CreateDirectory(refs);
        Directory.Move(TinyFolder.Write(folder, "gemma"), Path.Combine(snapshots, "0123abcd"));
        File.WriteAllText(Path.Combine(refs, "main"), "0123abcd");
        File.WriteAllText(folder["text"], TinyFolder.Text);
        Dictionary<string, string> hub = new() { ["HF_HUB_CACHE"] = folder["hub"] }, home = new() { ["HF_HOME"] = folder.Path, ["HF_HUB_CACHE"] = "" };
        string[] train = ["train", "--from", "someone/small", "--data", folder["text"], "--steps", "2", "--n-positions", "16", "--batch-size", "2", "--val-fraction", "0", "--json"];
        string first = (string)Run(hub, [.. train, "--out", folder["a"], "--threads", "1", "--simd", "128"])["digest"]!;
        Assert.Equal(first, (string)Run(home, [.. train, "--out", folder["b"]])["digest"]!);

        JsonNode before = Run(hub, "eval", "someone/small@0123abcd", "--data", folder["text"], "--json"), after = Run(hub, "eval", folder["a"], "--data", folder["text"], "--json", "--threads", "3");
        Assert.Equal(80, (int)before["context"]!);
        Assert.True((double)after["perplexity"]! < (double)before["perplexity"]!);
        Assert.Equal(TinyFolder.Text.Length, (int)after["tokens"]!);
        Assert.NotEmpty((string)Run("generate", folder["a"], "--prompt", "the", "--max-tokens", "4", "--json")["text"]!);
    }

    [Fact]
    public void Train_from_an_encoder_by_masked_tokens_then_verify_compare_and_embed()
    {
        ReferenceModel reference = ReferenceModel.Open("bert-a");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["bert"]);
        File.Copy(Path.Combine(reference.Path, "config.json"), Path.Combine(folder["bert"], "config.json"));
        File.Copy(Path.Combine(reference.Path, "model.safetensors"), Path.Combine(folder["bert"], "model.safetensors"));
        File.WriteAllBytes(Path.Combine(folder["bert"], "tokenizer.json"), TinyBert.TokenizerJson);
        File.WriteAllText(folder["text"], TinyFolder.Text);
        string[] train = ["train", "--from", folder["bert"], "--data", folder["text"], "--steps", "4", "--n-positions", "16", "--batch-size", "4", "--checkpoint-every", "2", "--eval-every", "2", "--warmup-steps", "0", "--learning-rate", "1e-3", "--json"];
        JsonNode first = Run([.. train, "--out", folder["a"], "--threads", "1", "--simd", "128", "--trace", folder["trace"]]);
        Assert.Equal((string)first["digest"]!, (string)Run([.. train, "--out", folder["b"], "--threads", "3"])["digest"]!);
        Assert.True((double)first["val_loss"]! > 0);
        Assert.True(File.Exists(folder["trace"]));
        Assert.Equal(4, (int)Run("verify", folder["a"], "--full", "--json", "--simd", "scalar")["steps_executed"]!);
        Assert.True((bool)Run("diff", folder["a"], folder["b"], "--json")["equal"]!);
        Assert.Equal("pooler", (string)Run("embed", folder["a"], "the fox", "--json")["items"]![0]!["pooling"]!);
        foreach (string[] refused in new string[][] { ["generate", folder["a"], "--prompt", "the"], ["eval", folder["a"], "--data", folder["text"]] })
        {
            IdemProcess.Outcome outcome = IdemProcess.Run(refused);
            Assert.Equal((2, true), (outcome.ExitCode, outcome.Error.Contains("encoder", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(2, "not both", "generate", "{model}", "--ids", "1", "--prompt", "a")]
    [InlineData(2, "'x'", "generate", "{model}", "--ids", "1,x")]
    [InlineData(2, "61", "generate", "{model}", "--ids", "61")]
    [InlineData(2, "--out", "logits", "{model}", "--ids", "1")]
    [InlineData(2, "--prompt TEXT or --ids", "logits", "{model}", "--out", "{folder}/x")]
    [InlineData(2, "at least one TEXT", "embed", "{model}")]
    [InlineData(2, "--context", "eval", "{model}", "--data", "{folder}/text", "--context", "81")]
    [InlineData(2, "name the model's folder", "generate", "{model}/model.safetensors", "--ids", "1")]
    [InlineData(2, "'n_layer'", "train", "--from", "{model}", "--data", "{folder}/text", "--out", "{folder}/run", "--n-layer", "3")]
    [InlineData(2, "'sample_every'", "train", "--from", "{bert}", "--data", "{folder}/text", "--out", "{folder}/run", "--sample-every", "5")]
    [InlineData(2, "is an encoder, which does not continue a text; use 'idem embed'", "generate", "{bert}", "--ids", "1")]
    [InlineData(4, "pickle", "generate", "{folder}/model.bin", "--ids", "1")]
    [InlineData(4, "{folder}/model.bin: is a Python pickle, a program that runs when it is read: Idem reads none. Convert it", "digest", "{folder}/model.bin")]
    [InlineData(4, "{folder}/model.pt: is a Python pickle", "diff", "{folder}/model.pt", "{model}")]
    [InlineData(1, "does not exist: name a file of JSON lines", "tokenize", "{model}", "--jsonl", "{folder}/none")]
    [InlineData(1, "the folder {folder}/none does not exist: create it, or name another", "convert", "{model}", "{folder}/none/out")]
    [InlineData(1, "{folder}/text is a file, in which there is no folder", "convert", "{model}", "{folder}/text/out")]
    [InlineData(2, "is a folder: name a file", "tokenize", "{model}", "--jsonl", "{folder}")]
    [InlineData(1, "hf download nobody/nothing", "generate", "nobody/nothing", "--ids", "1")]
    [InlineData(1, "nothing.txt", "eval", "{model}", "--data", "{folder}/nothing.txt")]
    public void Errors_are_one_line_with_a_remedy(int exitCode, string names, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        string model = TinyFolder.Write(folder, "llama");
        Bert bert = new(new BertConfig { VocabSize = 61, HiddenSize = 8, NumHiddenLayers = 1, NumAttentionHeads = 2, IntermediateSize = 8, MaxPositionEmbeddings = 9 });
        string encoder = TinyFolder.Write(folder, bert, "bert");
        File.WriteAllText(folder["text"], TinyFolder.Text);
        File.WriteAllBytes(folder["model.bin"], [0x80, 2]);
        File.WriteAllText(folder["model.pt"], "PK\u0003\u0004 as torch.save writes");
        string Named(string text) => text
            .Replace("{model}", model, StringComparison.Ordinal).Replace("{bert}", encoder, StringComparison.Ordinal).Replace("{folder}", folder.Path, StringComparison.Ordinal);
        ExitCodeTests.AssertFailure(IdemProcess.Run([.. arguments.Select(Named)]), exitCode, Named(names));
    }

    [Fact]
    public void A_configuration_that_does_not_fit_is_named_with_its_folder_once()
    {
        using TemporaryFolder folder = new();
        string model = TinyFolder.Write(folder, "llama"), config = Path.Combine(model, "config.json"), text = File.ReadAllText(config);
        File.WriteAllText(config, System.Text.RegularExpressions.Regex.Replace(text, "\"intermediate_size\": [0-9]+", "\"intermediate_size\": 8"));
        foreach (string[] verb in new string[][] { ["generate", model, "--ids", "1"], ["convert", model, folder["out"]] })
        {
            IdemProcess.Outcome outcome = IdemProcess.Run(verb);
            ExitCodeTests.AssertFailure(outcome, 4, $"idem: {model}: Llama: the values do not fit: 'model.layers.0.mlp.gate_proj.weight' has shape ");
            Assert.Equal(3, outcome.Error.Split("has shape").Length - 1);
            Assert.Matches("; and [0-9]+ more[.] Load them", outcome.Error);
        }

        File.WriteAllText(config, text.Replace("\"llama\"", "\"mixtral\"", StringComparison.Ordinal));
        ExitCodeTests.AssertFailure(IdemProcess.Run("generate", model, "--ids", "1"), 4, $"idem: {config}: model_type is 'mixtral'");
    }

    private static JsonNode Run(params string[] arguments) => Run(null, arguments);

    private static JsonNode Run(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(environment, arguments);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.LastJson;
    }
}
