using System.Text;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Inference;

/// <summary>generation_config.json as published models have it, as nobody should, and as fuzz makes it.</summary>
public class GenerationConfigTests
{
    /// <summary>Files of published models, shortened in ids only.</summary>
    [Theory]
    [InlineData("""{"_from_model_config": true, "bos_token_id": 1, "eos_token_id": 2, "transformers_version": "4.47.1"}""", "{}")]
    [InlineData("""{"bos_token_id": 1, "do_sample": true, "eos_token_id": [2, 3], "temperature": 0.6, "max_length": 4096, "top_p": 0.9}""", """{"temperature":0.6,"top_p":0.9,"max_length":4096}""")]
    [InlineData("""{"do_sample": true, "top_k": 20, "top_p": 0.8, "repetition_penalty": 1.05, "temperature": 0.7, "pad_token_id": 5}""", """{"temperature":0.7,"top_k":20,"top_p":0.8,"repetition_penalty":1.05}""")]
    [InlineData("""{"cache_implementation": "hybrid", "do_sample": true, "top_k": 64, "top_p": 0.95}""", """{"temperature":1,"top_k":64,"top_p":0.95}""")]
    [InlineData("""{"chat_format": "chatml", "max_new_tokens": 512, "max_window_size": 6144, "do_sample": true, "top_k": 0, "top_p": 0.8}""", """{"temperature":1,"top_k":0,"top_p":0.8,"max_new_tokens":512}""")]
    [InlineData("""{"do_sample": false, "temperature": 0.7, "max_length": 20}""", """{"temperature":0}""")]
    [InlineData("""{"temperature": 0.5, "top_k": -1, "min_p": 0.05, "presence_penalty": -0.5, "frequency_penalty": 0.25, "max_new_tokens": 7, "max_length": 99}""",
        """{"temperature":0.5,"top_k":0,"min_p":0.05,"presence_penalty":-0.5,"frequency_penalty":0.25,"max_new_tokens":7}""")]
    [InlineData("""{"temperature": null, "num_beams": null, "what_is_new": null, "do_sample": null}""", "{}")]
    [InlineData("""
        {"num_beams": 1, "num_beam_groups": 1, "typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0, "penalty_alpha": 0.0, "guidance_scale": 1, "no_repeat_ngram_size": 0, "min_length": 0,
         "bad_words_ids": [], "suppress_tokens": [], "sequence_bias": {}, "token_healing": false, "num_return_sequences": 1, "length_penalty": 2.0, "early_stopping": true,
         "diversity_penalty": 0.0, "encoder_repetition_penalty": 1.0, "encoder_no_repeat_ngram_size": 0, "use_cache": true, "forced_eos_token_id": null, "renormalize_logits": true}
        """, "{}")]
    public void What_is_said_is_taken(string file, string said) => Assert.Equal(said, Read(file).Defaults().ToJson().ToJsonString());

    [Theory]
    [InlineData("num_beams", "4")]
    [InlineData("num_beams", "true")]
    [InlineData("no_repeat_ngram_size", "3")]
    [InlineData("typical_p", "0.95")]
    [InlineData("eta_cutoff", "0.0003")]
    [InlineData("epsilon_cutoff", "0.0003")]
    [InlineData("penalty_alpha", "0.6")]
    [InlineData("guidance_scale", "1.5")]
    [InlineData("bad_words_ids", "[[7]]")]
    [InlineData("suppress_tokens", "[1, 2]")]
    [InlineData("begin_suppress_tokens", "[1]")]
    [InlineData("forced_bos_token_id", "0")]
    [InlineData("forced_eos_token_id", "2")]
    [InlineData("encoder_repetition_penalty", "1.1")]
    [InlineData("watermarking_config", "{\"bias\": 2.5}")]
    [InlineData("exponential_decay_length_penalty", "[5, 1.1]")]
    [InlineData("sequence_bias", "[[[7], -1.0]]")]
    [InlineData("stop_strings", "\"\\n\"")]
    [InlineData("min_new_tokens", "2")]
    [InlineData("max_time", "1.5")]
    [InlineData("dola_layers", "\"high\"")]
    [InlineData("what_is_new", "1")]
    public void What_would_change_a_text_and_is_not_there_is_refused_by_name(string field, string value)
    {
        GenerationConfigFile file = Read($$"""{"temperature": 0.5, "eos_token_id": [1, 2], "{{field}}": {{value}}}""");
        string message = Assert.Throws<ModelConfigException>(file.Defaults).Message;
        Assert.StartsWith($"g.json: {field} is ", message, StringComparison.Ordinal);
        Assert.Contains("--generation-config none", message, StringComparison.Ordinal);
        Assert.Equal([1, 2], file.StopIds()!); // for those who leave the rest aside
    }

    [Theory]
    [InlineData("temperature", "\"hot\"")]
    [InlineData("temperature", "-0.1")]
    [InlineData("temperature", "1e99")]
    [InlineData("temperature", "[0.5]")]
    [InlineData("top_k", "1.5")]
    [InlineData("top_k", "-2")]
    [InlineData("top_k", "3000000000")]
    [InlineData("top_p", "0")]
    [InlineData("top_p", "1.01")]
    [InlineData("min_p", "-0.1")]
    [InlineData("repetition_penalty", "0")]
    [InlineData("presence_penalty", "true")]
    [InlineData("frequency_penalty", "{}")]
    [InlineData("max_new_tokens", "0")]
    [InlineData("max_length", "\"20\"")]
    [InlineData("do_sample", "1")]
    public void What_is_of_another_type_or_out_of_range_is_named(string field, string value)
    {
        CorruptFileException error = Assert.Throws<CorruptFileException>(Read($$"""{"{{field}}": {{value}}}""").Defaults);
        Assert.Equal("g.json", error.File);
        Assert.StartsWith($"{field} is ", error.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"two\"")]
    [InlineData("[1, null]")]
    [InlineData("[[1]]")]
    [InlineData("1.5")]
    [InlineData("true")]
    public void Ids_that_are_none_are_named(string value) =>
        Assert.StartsWith("eos_token_id is ", Assert.Throws<CorruptFileException>(() => Read($$"""{"eos_token_id": {{value}}}""").StopIds()).What, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"top_k\": 5, \"top_k\": 6}")]
    [InlineData("{\"top_k\": 5,}")]
    [InlineData("{\"temperature\": NaN}")]
    [InlineData("{\"\\ud800\": 1}")]
    public void What_is_no_object_of_fields_is_corrupt(string file) => Assert.Throws<CorruptFileException>(() => Read(file));

    [Fact]
    public void A_length_counts_the_prompt_and_a_number_of_new_tokens_does_not()
    {
        Assert.Equal(30, Read("""{"max_length": 40}""").Defaults().MaxTokens(10));
        Assert.Equal(5, Read("""{"max_length": 40, "max_new_tokens": 5}""").Defaults().MaxTokens(50));
        Assert.Null(GenerationDefaults.None.MaxTokens(50));
        Assert.Contains("max_length", Assert.Throws<ArgumentException>(() => Read("""{"max_length": 40}""").Defaults().MaxTokens(40)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_says_nothing_has_none_and_one_that_cannot_be_followed_still_has_its_ids()
    {
        using TemporaryFolder folder = new();
        string path = TinyFolder.Write(folder, "llama"), file = Path.Combine(path, "generation_config.json");
        ModelFolder model = ModelFolder.Load(path);
        Assert.True(model.GenerationDefaults.IsEmpty);
        File.WriteAllText(file, """{"eos_token_id": 7, "num_beams": 2}""");
        Assert.Equal([7], model.StopIds);
        Assert.Contains(file, Assert.Throws<ModelConfigException>(() => model.GenerationDefaults).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.True(model.GenerationDefaults.IsEmpty);
    }

    /// <summary>Whatever the bytes; ten million of them: 'Idem.Conformance generation-config-fuzz'.</summary>
    [Fact]
    public void Fuzz()
    {
        GenerationConfigMutator mutator = new(1);
        int taken = 0;
        for (int i = 0; i < 30_000; i++)
        {
            taken += GenerationConfigMutator.Try(mutator.Next()) ? 1 : 0;
        }

        Assert.InRange(taken, 1000, 29_000);
    }

    private static GenerationConfigFile Read(string json) => new(Encoding.UTF8.GetBytes(json), "g.json");
}
