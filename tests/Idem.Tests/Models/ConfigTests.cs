using System.Text;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>Fields of config.json: read, refused by name, or known not to matter; and names that older files have.</summary>
public class ConfigTests
{
    private const string Llama = """ "model_type": "llama", "hidden_size": 64, "num_attention_heads": 4 """;

    [Theory]
    [InlineData("model_type", """{"model_type": "mixtral"}""")]
    [InlineData("model_type", """{"hidden_size": 64}""")]
    [InlineData("not JSON", "{")]
    [InlineData("model_type", "[1]")]
    [InlineData("hidden_size", """{"model_type": "llama", "hidden_size": 65, "num_attention_heads": 4}""")]
    [InlineData("hidden_size", """{"model_type": "llama", "hidden_size": 64, "hidden_size": 64}""")]
    [InlineData("vocab_size", """{"model_type": "llama", "vocab_size": "many"}""")]
    [InlineData("num_key_value_heads", "{" + Llama + """, "num_key_value_heads": 3}""")]
    [InlineData("quantization_config", "{" + Llama + """, "quantization_config": {"bits": 4}}""")]
    [InlineData("hidden_act", "{" + Llama + """, "hidden_act": "quick_gelu"}""")]
    [InlineData("rope_scaling.rope_type", "{" + Llama + """, "rope_scaling": {"rope_type": "longrope", "factor": 2}}""")]
    [InlineData("rope_scaling.factor", "{" + Llama + """, "rope_scaling": {"type": "linear"}}""")]
    [InlineData("factor", "{" + Llama + """, "rope_scaling": {"type": "linear", "factor": 0.5}}""")]
    [InlineData("rope_scaling.mscale", "{" + Llama + """, "rope_scaling": {"type": "yarn", "factor": 2, "mscale": 0.7}}""")]
    [InlineData("rope_scaling.original_max_position_embeddings", "{" + Llama + """, "rope_scaling": {"rope_type": "llama3", "factor": 2, "low_freq_factor": 1, "high_freq_factor": 4}}""")]
    [InlineData("rope_interleaved", "{" + Llama + """, "rope_interleaved": true}""")]
    [InlineData("sliding_window", "{" + Llama + """, "sliding_window": 16}""")]
    [InlineData("layer_types", "{" + Llama + """, "layer_types": ["full_attention"]}""")]
    [InlineData("head_dim", "{" + Llama + """, "head_dim": 7}""")]
    [InlineData("final_logit_softcapping", """{"model_type": "gemma", "final_logit_softcapping": 30.0}""")]
    [InlineData("sliding_window", """{"model_type": "mistral", "sliding_window": 0}""")]
    [InlineData("rotary_pct", """{"model_type": "gpt_neox", "rotary_pct": 0.25, "partial_rotary_factor": 0.5}""")]
    [InlineData("rope_theta", """{"model_type": "gpt_neox", "rotary_emb_base": 10000, "rope_theta": 20000}""")]
    [InlineData("at least 2000064", """{"model_type": "bert", "hidden_size": 1, "num_attention_heads": 1, "vocab_size": 2000000, "num_hidden_layers": 1, "intermediate_size": 1, "max_position_embeddings": 56}""")]
    [InlineData("attention_dropout", """{"model_type": "qwen3", "attention_dropout": 1.0}""")]
    public void What_cannot_be_honoured_is_refused_by_name(string names, string json) =>
        Assert.Contains(names, Assert.Throws<ModelConfigException>(() => ModelTypes.Create(Encoding.UTF8.GetBytes(json), new TensorStateSource([]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Fields_that_reach_no_logit_are_accepted_and_newer_spellings_mean_the_same()
    {
        LlamaConfig plain = LlamaConfig.Parse(Encoding.UTF8.GetBytes("{" + Llama + """, "rope_theta": 5000.0, "rope_scaling": {"type": "linear", "factor": 2.0}}"""));
        LlamaConfig other = LlamaConfig.Parse(Encoding.UTF8.GetBytes("{" + Llama + """
            , "dtype": "bfloat16", "transformers_version": "5.0.0", "use_cache": false, "pretraining_tp": 2, "quantization_config": null, "is_llama_config": true, "eos_token_id": [2, 3],
            "rope_interleaved": false, "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5000.0}}
            """));
        Assert.Equal(plain.Rotary(), other.Rotary());
        Assert.Equal([2, 3], other.EosTokenIds);
        Assert.Equal([2, 3], LlamaConfig.Parse(other.ToJson()).EosTokenIds);
        Assert.Empty(Qwen3Config.Parse("""{"eos_token_id": null}"""u8).EosTokenIds);
    }

    [Theory]
    [InlineData(2048, "null")]
    [InlineData(5120, """{"type": "linear", "factor": 2.5}""")]
    [InlineData(4096, """{"rope_type": "dynamic", "factor": 2}""")]
    [InlineData(8192, """{"rope_type": "yarn", "factor": 4}""")]
    [InlineData(4096, """{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 1024}""")]
    [InlineData(2048, """{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 512}""")]
    [InlineData(2048, """{"rope_type": "llama3", "factor": 4, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 512}""")]
    public void A_stretched_rope_stretches_the_context(int expected, string scaling) => Assert.Equal(
        expected, ((IModelConfig)LlamaConfig.Parse(Encoding.UTF8.GetBytes("{" + Llama + $$"""
            , "max_position_embeddings": 2048, "rope_scaling": {{scaling}}}
            """))).ContextLength);

    [Fact]
    public void Almost_sound_files_load_or_are_refused_with_a_typed_error()
    {
        ConfigMutator mutator = new(seed: 1);
        int loaded = 0;
        for (int i = 0; i < 4000; i++)
        {
            (byte[] json, IStateSource weights) = mutator.Next();
            loaded += ConfigMutator.Load(json, weights) ? 1 : 0;
        }

        Assert.InRange(loaded, 100, 3900);
    }

    [Fact]
    public void Windows_follow_the_layers_that_have_them()
    {
        Qwen2Config config = Qwen2Config.Parse("""{"num_hidden_layers": 4, "use_sliding_window": true, "sliding_window": 8, "max_window_layers": 3}"""u8);
        Assert.Equal([0, 0, 0, 8], Enumerable.Range(0, 4).Select(config.WindowOf));
        config = Qwen2Config.Parse("""{"num_hidden_layers": 2, "use_sliding_window": true, "sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}"""u8);
        Assert.Equal([8, 0], Enumerable.Range(0, 2).Select(config.WindowOf));
        Assert.Equal(0, MistralConfig.Parse("""{"sliding_window": null}"""u8).WindowOf(0));
        Assert.Equal(4096, MistralConfig.Parse("{}"u8).WindowOf(0));
    }

    [Fact]
    public void Older_names_are_read_and_copies_must_be_copies()
    {
        DecoderModel model = TinyDecoders.Create("llama-biased"), again = TinyDecoders.Create("llama-biased", seed: 2);
        IReadOnlyList<KeyValuePair<string, Tensor>> state = model.StateDict();
        var old = state.Select(p => new KeyValuePair<string, Tensor>(p.Key["model.".Length..], p.Value)).ToList();
        old.Add(new("layers.0.self_attn.rotary_emb.inv_freq", Tensor.Zeros([5])));
        old.Add(new("lm_head.weight", state[0].Value.Clone()));
        again.LoadStateDict(new TensorStateSource(old));
        Assert.Equal(model.Logits([1, 2, 3]).ToArray(), again.Logits([1, 2, 3]).ToArray());
        old[^1].Value.Data[7] += 1;
        Assert.Contains("lm_head.weight", Assert.Throws<StateDictException>(() => again.LoadStateDict(new TensorStateSource(old))).Message, StringComparison.Ordinal);
    }
}
