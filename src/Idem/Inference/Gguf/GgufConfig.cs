// What a GGUF file says of a model, as the config.json that Hugging Face has for it. Numbers stored as float32 are written with the
// shortest digits that give them back, which are those that the model was published with.

using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Models;

namespace Idem.Inference;

/// <summary>Metadata to configuration.</summary>
internal static class GgufConfig
{
    /// <summary>The architectures that are read; mistral's files are llama.</summary>
    public const string Architectures = "llama, qwen2, qwen3, gemma, gpt2, gptneox, bert";

    private const string ArchitectureKey = "general.architecture";

    /// <summary>The architecture, if it is read.</summary>
    /// <exception cref="GgufException">It is not, or the file is a part of a model or an adapter.</exception>
    public static string ArchitectureOf(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        if (metadata.Contains("split.count") && metadata.Integer("split.count") > 1)
        {
            throw new GgufException(file.Path, "split.count", "the file is one of several parts", "Join them with llama-gguf-split --merge, and name the result");
        }

        if (metadata.Contains("general.type") && metadata.Text("general.type") is not "model" and var type)
        {
            throw new GgufException(file.Path, "general.type", $"is '{type}', not 'model'", "Name a whole language model");
        }

        string architecture = metadata.Text(ArchitectureKey) ?? throw new GgufException(file.Path, ArchitectureKey, "is missing", GgufCursor.Redo);
        return Architectures.Split(", ").Contains(architecture)
            ? architecture
            : throw new GgufException(file.Path, ArchitectureKey, $"is '{architecture}', which is not supported; supported are {Architectures}", GgufKeys.Remedy);
    }

    /// <summary>The bytes of config.json.</summary>
    public static byte[] ToJson(GgufFile file)
    {
        string architecture = ArchitectureOf(file);
        GgufKeys keys = new(file, architecture);
        JsonObject config = architecture switch
        {
            "gpt2" => Gpt2(file, keys),
            "gptneox" => GptNeoX(file, keys),
            "bert" => Bert(file, keys),
            _ => Gated(file, keys),
        };
        keys.Ignore("vocab_size", "tensor_data_layout", "pooling_type", "rope.scaling.finetuned");
        keys.CheckAll();
        return ConfigJson.ToBytes(config);
    }

    /// <summary>Whether the output head is the token embedding: it is not stored, or as a copy.</summary>
    public static bool IsTied(GgufFile file) => !file.TryGet(GgufNames.Head, out GgufTensor? head)
        || (file.TryGet(GgufNames.Table, out GgufTensor? table) && head.Type == table.Type && head.Shape.SequenceEqual(table.Shape) && AreEqual(head.Data, table.Data));

    private static JsonObject Gated(GgufFile file, GgufKeys keys)
    {
        int width = keys.Count("embedding_length"), heads = keys.Count("attention.head_count");
        int headSize = HeadSize(keys, width, heads), context = keys.Count("context_length");
        keys.Expect("attention.value_length", keys.CountOrNull("attention.value_length"), headSize);
        keys.Expect("rope.dimension_count", keys.CountOrNull("rope.dimension_count"), headSize);
        keys.Expect("attention.causal", keys.Flag("attention.causal"), true);
        if (keys.CountOrNull("attention.sliding_window") is { } window && window < context)
        {
            throw keys.Bad("attention.sliding_window", $"is {window}; windows are not supported in GGUF files");
        }

        JsonObject config = new()
        {
            ["model_type"] = keys.Architecture,
            ["vocab_size"] = Rows(file, GgufNames.Table),
            ["hidden_size"] = width,
            ["intermediate_size"] = keys.Count("feed_forward_length"),
            ["num_hidden_layers"] = keys.Count("block_count"),
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = keys.CountOrNull("attention.head_count_kv") ?? heads,
            ["head_dim"] = headSize,
            ["max_position_embeddings"] = context,
            ["rms_norm_eps"] = Needed(keys, "attention.layer_norm_rms_epsilon"),
            ["rope_theta"] = keys.Number("rope.freq_base") ?? 10000f,
            ["rope_scaling"] = GgufRope.Scaling(file, keys, headSize, context),
            ["tie_word_embeddings"] = IsTied(file),
        };
        if (keys.Architecture != "qwen2")
        {
            config["attention_bias"] = Has(file, "attn_q.bias");
        }

        if (keys.Architecture == "llama")
        {
            config["mlp_bias"] = Has(file, "ffn_up.bias");
        }

        return WithEnds(file, config);
    }

    private static JsonObject Gpt2(GgufFile file, GgufKeys keys) => WithEnds(file, new JsonObject
    {
        ["model_type"] = "gpt2",
        ["vocab_size"] = Rows(file, GgufNames.Table),
        ["n_positions"] = keys.Count("context_length"),
        ["n_embd"] = keys.Count("embedding_length"),
        ["n_layer"] = keys.Count("block_count"),
        ["n_head"] = keys.Count("attention.head_count"),
        ["n_inner"] = keys.Count("feed_forward_length"),
        ["layer_norm_epsilon"] = Needed(keys, "attention.layer_norm_epsilon"),
        ["tie_word_embeddings"] = IsTied(file),
    });

    private static JsonObject GptNeoX(GgufFile file, GgufKeys keys)
    {
        int width = keys.Count("embedding_length"), heads = keys.Count("attention.head_count");
        int headSize = HeadSize(keys, width, heads);
        return WithEnds(file, new JsonObject
        {
            ["model_type"] = "gpt_neox",
            ["vocab_size"] = Rows(file, GgufNames.Table),
            ["hidden_size"] = width,
            ["intermediate_size"] = keys.Count("feed_forward_length"),
            ["num_hidden_layers"] = keys.Count("block_count"),
            ["num_attention_heads"] = heads,
            ["max_position_embeddings"] = keys.Count("context_length"),
            ["rotary_pct"] = GgufRope.Share(keys.Count("rope.dimension_count"), headSize),
            ["rotary_emb_base"] = keys.Number("rope.freq_base") ?? 10000f,
            ["rope_scaling"] = GgufRope.Scaling(file, keys, headSize, keys.Count("context_length")),
            ["use_parallel_residual"] = keys.Flag("use_parallel_residual") ?? true,
            ["attention_bias"] = Has(file, "attn_qkv.bias"),
            ["layer_norm_eps"] = Needed(keys, "attention.layer_norm_epsilon"),
            ["tie_word_embeddings"] = IsTied(file),
        });
    }

    private static JsonObject Bert(GgufFile file, GgufKeys keys)
    {
        keys.Expect("attention.causal", keys.Flag("attention.causal"), false);
        return new JsonObject
        {
            ["model_type"] = "bert",
            ["vocab_size"] = Rows(file, GgufNames.Table),
            ["hidden_size"] = keys.Count("embedding_length"),
            ["intermediate_size"] = keys.Count("feed_forward_length"),
            ["num_hidden_layers"] = keys.Count("block_count"),
            ["num_attention_heads"] = keys.Count("attention.head_count"),
            ["max_position_embeddings"] = keys.Count("context_length"),
            ["type_vocab_size"] = Rows(file, "token_types.weight"),
            ["layer_norm_eps"] = Needed(keys, "attention.layer_norm_epsilon"),
        };
    }

    private static JsonObject WithEnds(GgufFile file, JsonObject config)
    {
        config["bos_token_id"] = GgufTokenizer.SpecialId(file, "bos_token_id");
        config["eos_token_id"] = GgufTokenizer.SpecialId(file, "eos_token_id");
        return config;
    }

    private static int HeadSize(GgufKeys keys, int width, int heads) => keys.CountOrNull("attention.key_length")
        ?? (width % heads == 0 ? width / heads : throw keys.Bad("embedding_length", $"is {width}, which does not divide among {heads} heads"));

    private static float Needed(GgufKeys keys, string key) => keys.Number(key) ?? throw keys.Bad(key, "is missing");

    private static bool Has(GgufFile file, string part) => file.TryGet($"blk.0.{part}", out _);

    private static int Rows(GgufFile file, string name) => file.TryGet(name, out GgufTensor? table) && table.Shape.Count == 2 && table.Shape[0] <= int.MaxValue
        ? (int)table.Shape[0]
        : throw new GgufException(file.Path, name, "is no stored matrix", GgufKeys.Remedy);

    private static bool AreEqual(TensorData a, TensorData b)
    {
        const int Window = 1 << 20;
        for (long offset = 0; offset < a.ByteCount; offset += Window)
        {
            int count = (int)Math.Min(Window, a.ByteCount - offset);
            if (!a.Bytes(offset, count).SequenceEqual(b.Bytes(offset, count)))
            {
                return false;
            }
        }

        return true;
    }
}
