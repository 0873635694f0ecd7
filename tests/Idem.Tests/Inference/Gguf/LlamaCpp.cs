using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Numerics.Functions;
using Idem.Tensors;
using Idem.Tests.Support;

namespace Idem.Tests.Inference.Gguf;

/// <summary>
/// Model folders as GGUF files, laid out as llama.cpp's convert_hf_to_gguf.py lays them out: names, permuted rotary rows, added ones,
/// transposes, and which tensors keep float32. Written from its description, apart from the reader's tables.
/// </summary>
internal static class LlamaCpp
{
    public const uint F32 = 0, F16 = 1, Q8 = 8, BF16 = 30;

    private static readonly Dictionary<string, string> Architectures = new()
    {
        ["llama"] = "llama", ["mistral"] = "llama", ["qwen2"] = "qwen2", ["qwen3"] = "qwen3", ["gemma"] = "gemma", ["gpt2"] = "gpt2", ["gpt_neox"] = "gptneox", ["bert"] = "bert",
    };

    // From Hugging Face's spelling to llama.cpp's, one after the other.
    private static readonly (string From, string To)[] Spellings =
    [
        ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"), ("model.layers.", "blk."),
        ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"), ("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm"),
        ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ("transformer.wte", "token_embd"), ("transformer.wpe", "position_embd"), ("transformer.ln_f", "output_norm"), ("transformer.h.", "blk."),
        ("ln_1", "attn_norm"), ("ln_2", "ffn_norm"), ("attn.c_attn", "attn_qkv"), ("attn.c_proj", "attn_output"), ("mlp.c_fc", "ffn_up"), ("mlp.c_proj", "ffn_down"),
        ("gpt_neox.embed_in", "token_embd"), ("gpt_neox.final_layer_norm", "output_norm"), ("embed_out", "output"), ("gpt_neox.layers.", "blk."),
        ("attention.query_key_value", "attn_qkv"), ("attention.dense", "attn_output"), ("mlp.dense_h_to_4h", "ffn_up"), ("mlp.dense_4h_to_h", "ffn_down"),
        ("bert.embeddings.word_embeddings", "token_embd"), ("bert.embeddings.token_type_embeddings", "token_types"), ("bert.embeddings.position_embeddings", "position_embd"),
        ("bert.embeddings.LayerNorm", "token_embd_norm"), ("bert.encoder.layer.", "blk."), ("attention.self.query", "attn_q"), ("attention.self.key", "attn_k"),
        ("attention.self.value", "attn_v"), ("attention.output.dense", "attn_output"), ("attention.output.LayerNorm", "attn_output_norm"),
        ("intermediate.dense", "ffn_up"), ("output.dense", "ffn_down"), ("output.LayerNorm", "layer_output_norm"),
    ];

    /// <summary>The file, and the values that its matrices have after rounding, under Hugging Face's names.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="type">The element type of matrices.</param>
    /// <param name="change">What else goes into the file.</param>
    public static (byte[] File, IReadOnlyList<KeyValuePair<string, Tensor>> Values) Convert(string folder, uint type, Action<GgufBuilder>? change = null)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        string modelType = (string)config["model_type"]!;
        GgufBuilder builder = new();
        AddMetadata(builder, config, Architectures[modelType]);
        using SafeTensorsFolder tensors = SafeTensorsFolder.Open(folder);
        StoredState state = StoredState.Of(tensors);
        List<KeyValuePair<string, Tensor>> values = [];
        foreach (string name in state.Names)
        {
            if (name.StartsWith("cls.", StringComparison.Ordinal) || name.Contains("pooler", StringComparison.Ordinal))
            {
                continue; // left out for embeddings
            }

            state.TryGetShape(name, out Shape shape);
            float[] stored = new float[shape.Length];
            state.CopyTo(name, 0, stored);
            long[] dimensions = Array.ConvertAll(shape.ToArray(), d => (long)d);
            (float[] laidOut, dimensions) = LayOut(config, modelType, name, stored, dimensions);
            bool isMatrix = dimensions.Length > 1 && !name.Contains("norm", StringComparison.OrdinalIgnoreCase);
            uint used = !isMatrix ? F32 : type == Q8 && dimensions[^1] % 32 != 0 ? F16 : type;
            (byte[] data, float[] rounded) = Encode(laidOut, used);
            builder.Tensor(Spell(name), used, dimensions, data);
            values.Add(new(name, Tensor.From(Undo(config, modelType, name, rounded, shape), shape)));
        }

        AddRotaryFactors(builder, config);
        change?.Invoke(builder);
        return (builder.Build(), values);
    }

    private static string Spell(string name)
    {
        foreach ((string from, string to) in Spellings)
        {
            name = name.Replace(from, to, StringComparison.Ordinal);
        }

        return name;
    }

    private static void AddMetadata(GgufBuilder builder, JsonNode config, string architecture)
    {
        int Int(params string[] names) => (int)names.Select(name => config[name]).First(value => value is not null)!;
        builder.Add("general.architecture", architecture).Add("general.type", "model").Add("general.name", "test").Add("general.file_type", 1u).Add("general.quantization_version", 2u);
        builder.Add($"{architecture}.context_length", (uint)Int("max_position_embeddings", "n_positions"));
        builder.Add($"{architecture}.embedding_length", (uint)Int("hidden_size", "n_embd"));
        builder.Add($"{architecture}.block_count", (uint)Int("num_hidden_layers", "n_layer"));
        builder.Add($"{architecture}.feed_forward_length", (uint)(architecture == "gpt2" ? 4 * Int("n_embd") : Int("intermediate_size")));
        builder.Add($"{architecture}.attention.head_count", (uint)Int("num_attention_heads", "n_head"));
        foreach ((string field, string key) in new[]
        {
            ("rms_norm_eps", "attention.layer_norm_rms_epsilon"), ("layer_norm_eps", "attention.layer_norm_epsilon"), ("layer_norm_epsilon", "attention.layer_norm_epsilon"),
            ("rope_theta", "rope.freq_base"),
        })
        {
            if (config[field] is { } value)
            {
                builder.Add($"{architecture}.{key}", (float)(double)value);
            }
        }

        if (config["num_key_value_heads"] is { } keyHeads)
        {
            builder.Add($"{architecture}.attention.head_count_kv", (uint)(int)keyHeads);
        }

        if (config["head_dim"] is { } headSize)
        {
            builder.Add($"{architecture}.attention.key_length", (uint)(int)headSize).Add($"{architecture}.attention.value_length", (uint)(int)headSize);
        }

        if (architecture == "gptneox")
        {
            builder.Add("gptneox.rope.dimension_count", (uint)((double)config["rotary_pct"]! * Int("hidden_size") / Int("num_attention_heads")));
            builder.Add("gptneox.use_parallel_residual", (bool)config["use_parallel_residual"]!);
        }

        if (architecture == "bert")
        {
            builder.Add("bert.attention.causal", false).Add("bert.pooling_type", 2u).Add("tokenizer.ggml.token_type_count", 2u);
        }

        foreach ((string field, string key) in new[] { ("bos_token_id", "bos_token_id"), ("eos_token_id", "eos_token_id") })
        {
            if (config[field] is { } id)
            {
                builder.Add($"tokenizer.ggml.{key}", (uint)(int)id);
            }
        }
    }

    // Llama 3's scaling, as the converter computes it, in single precision.
    private static void AddRotaryFactors(GgufBuilder builder, JsonNode config)
    {
        if (config["rope_scaling"] is not JsonObject scaling || (string?)scaling["rope_type"] != "llama3")
        {
            return;
        }

        float factor = (float)(double)scaling["factor"]!, low = (float)(double)scaling["low_freq_factor"]!, high = (float)(double)scaling["high_freq_factor"]!;
        float original = (float)(double)scaling["original_max_position_embeddings"]!, theta = (float)(double)config["rope_theta"]!;
        int size = (int)config["head_dim"]!;
        float[] factors = new float[size / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            float frequency = 1f / MathF.Pow(theta, 2f * i / size), wave = 2f * MathF.PI / frequency;
            float smooth = ((original / wave) - low) / (high - low);
            factors[i] = wave < original / high ? 1f : wave > original / low ? factor : 1f / (((1f - smooth) / factor) + smooth);
        }

        builder.Tensor("rope_freqs.weight", F32, [factors.Length], MemoryMarshal.AsBytes(factors.AsSpan()).ToArray());
    }

    private static (float[] Values, long[] Shape) LayOut(JsonNode config, string modelType, string name, float[] values, long[] shape)
    {
        float[] result = (float[])values.Clone();
        if (modelType == "gemma" && name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            return (Array.ConvertAll(result, value => value + 1f), shape);
        }

        if (modelType == "gpt2" && shape.Length == 2 && name.Contains(".h.", StringComparison.Ordinal))
        {
            for (long i = 0; i < values.Length; i++)
            {
                result[(i % shape[1] * shape[0]) + (i / shape[1])] = values[i];
            }

            return (result, [shape[1], shape[0]]);
        }

        long width = values.Length / shape[0];
        foreach ((long from, long to) in Rows(config, modelType, name, shape[0]))
        {
            values.AsSpan((int)(from * width), (int)width).CopyTo(result.AsSpan((int)(to * width)));
        }

        return (result, shape);
    }

    private static float[] Undo(JsonNode config, string modelType, string name, float[] values, Shape shape)
    {
        float[] result = (float[])values.Clone();
        if (modelType == "gemma" && name.EndsWith("norm.weight", StringComparison.Ordinal))
        {
            return Array.ConvertAll(result, value => value - 1f);
        }

        if (modelType == "gpt2" && shape.Rank == 2 && name.Contains(".h.", StringComparison.Ordinal))
        {
            for (int i = 0; i < values.Length; i++)
            {
                result[i] = values[(i % shape[1] * shape[0]) + (i / shape[1])];
            }

            return result;
        }

        int width = values.Length / shape[0];
        foreach ((long from, long to) in Rows(config, modelType, name, shape[0]))
        {
            values.AsSpan((int)to * width, width).CopyTo(result.AsSpan((int)from * width));
        }

        return result;
    }

    // Where rows go: reshape(heads, 2, size / 2).swapaxes(1, 2) for llama, and q, k, v taken apart for NeoX.
    private static IEnumerable<(long From, long To)> Rows(JsonNode config, string modelType, string name, long rows)
    {
        int heads = (int)(config["num_attention_heads"] ?? config["n_head"])!;
        if (modelType is "llama" or "mistral" && (name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal)))
        {
            heads = name.Contains("k_proj", StringComparison.Ordinal) && config["num_key_value_heads"] is { } keyHeads ? (int)keyHeads : heads;
            long size = rows / heads;
            for (long head = 0; head < heads; head++)
            {
                for (long i = 0; i < size; i++)
                {
                    yield return ((head * size) + i, (head * size) + (i % (size / 2) * 2) + (i / (size / 2)));
                }
            }
        }
        else if (modelType == "gpt_neox" && name.Contains("query_key_value", StringComparison.Ordinal))
        {
            long size = rows / heads / 3;
            for (long head = 0; head < heads; head++)
            {
                for (long i = 0; i < 3 * size; i++)
                {
                    yield return ((head * 3 * size) + i, (i / size * heads * size) + (head * size) + (i % size));
                }
            }
        }
    }

    /// <summary>The bytes of values in a type, and the values that they stand for.</summary>
    public static (byte[] Bytes, float[] Values) Encode(float[] values, uint type)
    {
        switch (type)
        {
            case F32:
                return (MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), values);
            case F16:
                ushort[] halves = Array.ConvertAll(values, HalfPrecision.NarrowFloat16);
                return (MemoryMarshal.AsBytes(halves.AsSpan()).ToArray(), Array.ConvertAll(halves, HalfPrecision.WidenFloat16));
            case BF16:
                ushort[] brains = Array.ConvertAll(values, HalfPrecision.NarrowBFloat16);
                return (MemoryMarshal.AsBytes(brains.AsSpan()).ToArray(), Array.ConvertAll(brains, HalfPrecision.WidenBFloat16));
        }

        List<byte> bytes = [];
        float[] result = new float[values.Length];
        for (int first = 0; first < values.Length; first += 32)
        {
            float scale = values.AsSpan(first, 32).ToArray().Max(MathF.Abs) / 127f, inverse = scale == 0f ? 0f : 1f / scale;
            ushort half = HalfPrecision.NarrowFloat16(scale);
            bytes.AddRange(BitConverter.GetBytes(half));
            for (int i = first; i < first + 32; i++)
            {
                sbyte code = (sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
                bytes.Add((byte)code);
                result[i] = HalfPrecision.WidenFloat16(half) * code;
            }
        }

        return ([.. bytes], result);
    }
}
