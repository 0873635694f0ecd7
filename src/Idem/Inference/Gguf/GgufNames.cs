// The only place that knows how llama.cpp's converter names and lays out the tensors of each architecture, and how that is undone.
// Checked against ggml-org/llama.cpp, convert_hf_to_gguf.py and gguf-py/gguf/tensor_mapping.py.

using System.Text.RegularExpressions;

namespace Idem.Inference;

/// <summary>How a tensor's elements lie in a GGUF file, seen from Hugging Face's.</summary>
internal enum GgufLayout
{
    /// <summary>The same.</summary>
    Same,

    /// <summary>Rows of each query head: those of the first half and of the second alternate.</summary>
    RotaryQueries,

    /// <summary>The same of key heads.</summary>
    RotaryKeys,

    /// <summary>Rows of q of all heads, then k, then v; in Hugging Face's q, k, v of each head.</summary>
    StackedHeads,

    /// <summary>The transpose.</summary>
    Transposed,

    /// <summary>One was added to each.</summary>
    OneAdded,
}

/// <summary>Tensor names of GGUF files.</summary>
internal static partial class GgufNames
{
    public const string Table = "token_embd.weight";
    public const string Head = "output.weight";

    /// <summary>What Llama 3's scaling makes of the rotary frequencies.</summary>
    public const string RotaryFactors = "rope_freqs.weight";

    private static readonly Dictionary<string, string> Gated = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "model.embed_tokens", ["output_norm"] = "model.norm", ["output"] = "lm_head",
        ["blk.attn_norm"] = "model.layers.{0}.input_layernorm", ["blk.ffn_norm"] = "model.layers.{0}.post_attention_layernorm",
        ["blk.attn_q"] = "model.layers.{0}.self_attn.q_proj", ["blk.attn_k"] = "model.layers.{0}.self_attn.k_proj",
        ["blk.attn_v"] = "model.layers.{0}.self_attn.v_proj", ["blk.attn_output"] = "model.layers.{0}.self_attn.o_proj",
        ["blk.attn_q_norm"] = "model.layers.{0}.self_attn.q_norm", ["blk.attn_k_norm"] = "model.layers.{0}.self_attn.k_norm",
        ["blk.ffn_gate"] = "model.layers.{0}.mlp.gate_proj", ["blk.ffn_up"] = "model.layers.{0}.mlp.up_proj", ["blk.ffn_down"] = "model.layers.{0}.mlp.down_proj",
    };

    private static readonly Dictionary<string, string> Gpt2 = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "transformer.wte", ["position_embd"] = "transformer.wpe", ["output_norm"] = "transformer.ln_f", ["output"] = "lm_head",
        ["blk.attn_norm"] = "transformer.h.{0}.ln_1", ["blk.ffn_norm"] = "transformer.h.{0}.ln_2",
        ["blk.attn_qkv"] = "transformer.h.{0}.attn.c_attn", ["blk.attn_output"] = "transformer.h.{0}.attn.c_proj",
        ["blk.ffn_up"] = "transformer.h.{0}.mlp.c_fc", ["blk.ffn_down"] = "transformer.h.{0}.mlp.c_proj",
    };

    private static readonly Dictionary<string, string> NeoX = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "gpt_neox.embed_in", ["output_norm"] = "gpt_neox.final_layer_norm", ["output"] = "embed_out",
        ["blk.attn_norm"] = "gpt_neox.layers.{0}.input_layernorm", ["blk.ffn_norm"] = "gpt_neox.layers.{0}.post_attention_layernorm",
        ["blk.attn_qkv"] = "gpt_neox.layers.{0}.attention.query_key_value", ["blk.attn_output"] = "gpt_neox.layers.{0}.attention.dense",
        ["blk.ffn_up"] = "gpt_neox.layers.{0}.mlp.dense_h_to_4h", ["blk.ffn_down"] = "gpt_neox.layers.{0}.mlp.dense_4h_to_h",
    };

    private static readonly Dictionary<string, string> Bert = new(StringComparer.Ordinal)
    {
        ["token_embd"] = "bert.embeddings.word_embeddings", ["token_types"] = "bert.embeddings.token_type_embeddings",
        ["position_embd"] = "bert.embeddings.position_embeddings", ["token_embd_norm"] = "bert.embeddings.LayerNorm",
        ["blk.attn_q"] = "bert.encoder.layer.{0}.attention.self.query", ["blk.attn_k"] = "bert.encoder.layer.{0}.attention.self.key",
        ["blk.attn_v"] = "bert.encoder.layer.{0}.attention.self.value", ["blk.attn_output"] = "bert.encoder.layer.{0}.attention.output.dense",
        ["blk.attn_output_norm"] = "bert.encoder.layer.{0}.attention.output.LayerNorm",
        ["blk.ffn_up"] = "bert.encoder.layer.{0}.intermediate.dense", ["blk.ffn_down"] = "bert.encoder.layer.{0}.output.dense",
        ["blk.layer_output_norm"] = "bert.encoder.layer.{0}.output.LayerNorm",
    };

    /// <summary>Hugging Face's name of a tensor; null if the architecture has none such.</summary>
    public static string? HuggingFace(string architecture, string name)
    {
        Match match = Parts().Match(name);
        if (!match.Success)
        {
            return null;
        }

        string layer = match.Groups["layer"].Value, stem = (layer.Length > 0 ? "blk." : "") + match.Groups["stem"].Value;
        return NamesOf(architecture).TryGetValue(stem, out string? found)
            ? found.Replace("{0}", layer, StringComparison.Ordinal) + "." + match.Groups["kind"].Value
            : null;
    }

    /// <summary>How a tensor of that name lies.</summary>
    public static GgufLayout LayoutOf(string architecture, string name)
    {
        Match match = Parts().Match(name);
        string stem = match.Groups["stem"].Value;
        bool isWeight = match.Groups["kind"].Value == "weight", isBlock = match.Groups["layer"].Length > 0;
        return (architecture, stem) switch
        {
            ("llama", "attn_q") => GgufLayout.RotaryQueries,
            ("llama", "attn_k") => GgufLayout.RotaryKeys,
            ("gptneox", "attn_qkv") => GgufLayout.StackedHeads,
            ("gpt2", "attn_qkv" or "attn_output" or "ffn_up" or "ffn_down") when isWeight && isBlock => GgufLayout.Transposed,
            ("gemma", "attn_norm" or "ffn_norm" or "output_norm") when isWeight => GgufLayout.OneAdded,
            _ => GgufLayout.Same,
        };
    }

    private static Dictionary<string, string> NamesOf(string architecture) => architecture switch
    {
        "gpt2" => Gpt2,
        "gptneox" => NeoX,
        "bert" => Bert,
        _ => Gated,
    };

    [GeneratedRegex(@"^(blk\.(?<layer>0|[1-9][0-9]{0,8})\.)?(?<stem>[a-z_]+)\.(?<kind>weight|bias)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();
}
