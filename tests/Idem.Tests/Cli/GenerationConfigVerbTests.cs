using System.Text.Json.Nodes;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>generate where the model's generation_config.json says how: as if its settings had been given.</summary>
public sealed class GenerationConfigVerbTests : IDisposable
{
    private const string Settings = """{"do_sample": true, "temperature": 0.6, "top_k": 9, "top_p": 0.9, "min_p": 0.01, "repetition_penalty": 1.3, "max_new_tokens": 11, "eos_token_id": 60}""";

    private static readonly string[] Given =
        ["--temperature", "0.6", "--top-k", "9", "--top-p", "0.9", "--min-p", "0.01", "--repetition-penalty", "1.3", "--max-tokens", "11"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _file;

    public GenerationConfigVerbTests()
    {
        _model = TinyFolder.Write(_folder, "llama", "model");
        _file = Path.Combine(_model, "generation_config.json");
        File.WriteAllText(_file, Settings);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Its_settings_are_those_of_the_same_flags_and_the_receipt_needs_no_file()
    {
        IdemProcess.Outcome said = Generate("--receipt", _folder["said.json"]), given = Generate([.. Given, "--generation-config", "none", "--receipt", _folder["given.json"]]);
        Assert.Equal(File.ReadAllText(_folder["given.json"]), File.ReadAllText(_folder["said.json"]));
        Assert.Contains("generation_config.json (--generation-config none: without): temperature 0.6, top_k 9, top_p 0.9, min_p 0.01, repetition_penalty 1.3, max_new_tokens 11\n", said.Error, StringComparison.Ordinal);
        Assert.Empty(given.Error);
        Assert.Empty(Generate(Given).Error); // nothing was taken
        JsonNode shown = said.LastJson;
        Assert.Equal((11, 9, 0.6f, 1.3f), ((int)shown["max_tokens"]!, (int)shown["top_k"]!, (float)shown["temperature"]!, (float)shown["repetition_penalty"]!));
        Assert.Equal(0, (int)shown["prompt_tokens_unseen"]!);

        File.Delete(_file);
        IdemProcess.Outcome verified = IdemProcess.Run("verify", _folder["said.json"], "--model", _model);
        Assert.True(verified.ExitCode == 0, verified.ToString());
    }

    [Fact]
    public void Flags_come_first_and_none_leaves_all_but_the_ids_aside()
    {
        IdemProcess.Outcome outcome = Generate("--temperature", "0", "--max-tokens", "3");
        Assert.Equal((0f, 3, 9), ((float)outcome.LastJson["temperature"]!, (int)outcome.LastJson["max_tokens"]!, (int)outcome.LastJson["top_k"]!));
        Assert.DoesNotContain("temperature", outcome.Error, StringComparison.Ordinal);
        JsonNode none = Generate("--generation-config", "none").LastJson;
        Assert.Equal((0.8f, 128, 0, 1f), ((float)none["temperature"]!, (int)none["max_tokens"]!, (int)none["top_k"]!, (float)none["repetition_penalty"]!));

        string first = $"{Generate(Given).LastJson["ids"]![0]}"; // which then ends the text at once
        File.WriteAllText(_file, $$"""{"eos_token_id": {{first}}, "do_sample": false, "num_beams": 4}""");
        JsonNode ended = Generate([.. Given, "--generation-config", "none"]).LastJson;
        Assert.Equal("stop", (string)ended["finish_reason"]!);
        Assert.Single(ended["ids"]!.AsArray());
    }

    [Theory]
    [InlineData(4, "num_beams is 4", """{"num_beams": 4}""")]
    [InlineData(4, "top_p is 7", """{"top_p": 7}""")]
    [InlineData(2, "max_length", """{"max_length": 4}""")]
    public void What_cannot_be_followed_is_refused_with_a_remedy(int exitCode, string names, string file)
    {
        File.WriteAllText(_file, file);
        IdemProcess.Outcome outcome = IdemProcess.Run("generate", _model, "--prompt", "the quick");
        Assert.True(outcome.ExitCode == exitCode, outcome.ToString());
        Assert.Contains(names, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        Assert.Equal(0, IdemProcess.Run("generate", _model, "--prompt", "the quick", "--generation-config", "none", "--max-tokens", "2").ExitCode);
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_told()
    {
        string ids = string.Join(',', Enumerable.Range(0, 100).Select(i => i % 60)), seen = string.Join(',', Enumerable.Range(20, 80).Select(i => i % 60));
        string[] options = ["--generation-config", "none", "--temperature", "0", "--max-tokens", "1", "--json"];
        IdemProcess.Outcome whole = IdemProcess.Run(["generate", _model, "--ids", ids, .. options]), last = IdemProcess.Run(["generate", _model, "--ids", seen, .. options]);
        Assert.Contains("100 tokens, more than the model's context of 80: the model does not see the first 20", Assert.Single(whole.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal((20, 0), ((int)whole.LastJson["prompt_tokens_unseen"]!, (int)last.LastJson["prompt_tokens_unseen"]!));
        Assert.Equal((string)last.LastJson["logits_digest"]!, (string)whole.LastJson["logits_digest"]!);
        Assert.Empty(last.Error);
    }

    private IdemProcess.Outcome Generate(params string[] more)
    {
        IdemProcess.Outcome outcome = IdemProcess.Run(["generate", _model, "--prompt", "the quick", "--seed", "3", "--json", .. more]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome;
    }
}
