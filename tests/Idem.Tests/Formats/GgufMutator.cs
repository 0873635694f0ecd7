// Makes malformed GGUF files that are almost sound: small models of each architecture with a tokenizer, one to four of whose parts are
// changed: values, types, counts, names, shapes, offsets, bytes. Seeded: file n of a seed is always the same.

using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tests.Support;
using Idem.Tokenizers;

namespace Idem.Tests.Formats;

internal sealed class GgufMutator(int seed)
{
    private static readonly object[] Values =
    [
        0u, 1u, 2u, 3u, 7u, 16u, 64u, 255u, 65535u, int.MaxValue, uint.MaxValue, -1, int.MinValue, long.MaxValue, long.MinValue, ulong.MaxValue, (byte)4, (sbyte)-4, (ushort)4, (short)4,
        0f, 1f, -1f, 1e-5f, 1e38f, float.NaN, float.PositiveInfinity, 0.5, true, false, "", "llama", "none", "linear", "yarn", "gpt2", "bert", "\0", "\u2581", "qwen2",
        new[] { 2, 2 }, new[] { 1, 2 }, new[] { "a", "b" }, new[] { "a", "a" }, new[] { 1f, float.NaN }, Array.Empty<int>(),
    ];

    private static readonly string[] Keys =
    [
        "context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
        "attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "rope.freq_base", "rope.dimension_count", "rope.scaling.type", "rope.scaling.factor",
        "rope.scaling.original_context_length", "use_parallel_residual", "attention.causal", "attention.sliding_window", "vocab_size", "expert_count", "rope.scale_linear",
    ];

    private static readonly string[] GlobalKeys =
    [
        "general.architecture", "general.alignment", "general.type", "split.count", "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
        "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.unknown_token_id",
        "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_space_prefix", "tokenizer.chat_template", "tokenizer.ggml.new",
    ];

    private static readonly long[] Sizes = [0, 1, 2, 3, 4, 8, 16, 31, 32, 33, 64, 1 << 20, int.MaxValue, 1L << 32, 1L << 62, long.MaxValue, -1];
    private static readonly uint[] Types = [0, 1, 8, 30, 2, 12, 14, 31, 255, uint.MaxValue];

    private readonly Random _random = new(seed);

    /// <summary>Reads a file as far as a model does; false if it is refused with a typed error.</summary>
    public static bool Try(byte[] bytes)
    {
        try
        {
            using GgufFile file = GgufFile.Parse(bytes, "f");
            StoredState state = new("f", GgufTensors.Of(file));
            LanguageModel model = ModelTypes.Create(GgufConfig.ToJson(file), state);
            model.LoadStateDict(state, bytes.Length % 61 == 0 ? PackedDtype.Q8 : null); // packing takes memory of the system each time
            if (GgufTokenizer.Problem(file) is null)
            {
                _ = Tokenizer.Parse(GgufTokenizer.ToJson(file), "f").Encode("ab a");
            }

            return true;
        }
        catch (Exception e) when (e is GgufException or SafeTensorsException or ModelConfigException or StateDictException or TokenizerFormatException or TokenizationException)
        {
            return false;
        }
    }

    public byte[] Next()
    {
        string architecture = Pick(["llama", "qwen2", "qwen3", "gemma", "gpt2", "gptneox", "bert"]);
        var parts = new Parts(architecture, Pick([0u, 1u, 8u, 30u]), Pick(["gpt2", "llama", "bert", "none"]));
        int changes = _random.Next(5);
        for (int i = 0; i < changes; i++)
        {
            Change(parts);
        }

        byte[] file = parts.Build();
        return _random.Next(8) switch
        {
            0 => file[.._random.Next(file.Length)],
            1 or 2 => Damage(file),
            _ => file,
        };
    }

    private void Change(Parts parts)
    {
        int at = _random.Next(parts.Tensors.Count);
        (string name, uint type, long[] shape, byte[] data, ulong? offset) = parts.Tensors[at];
        switch (_random.Next(12))
        {
            case 0 or 1:
                parts.Values[$"{parts.Architecture}.{Pick(Keys)}"] = Pick(Values);
                break;
            case 2 or 3:
                parts.Values[Pick(GlobalKeys)] = Pick(Values);
                break;
            case 4:
                parts.Values.Remove(Pick([.. parts.Values.Keys]));
                break;
            case 5:
                parts.Tensors.RemoveAt(at);
                parts.Tensors.Add((name, type, shape, data, null)); // last, or alone
                break;
            case 6:
                parts.Tensors[at] = (Pick(["", "x.weight", "token_embd.weight", "output.weight", "rope_freqs.weight", "blk.0.attn_q.bias", "blk.999999999.ffn_up.weight", "blk.01.ffn_up.weight"]), type, shape, data, offset);
                break;
            case 7:
                parts.Tensors[at] = (name, Pick(Types), shape, data, offset);
                break;
            case 8 when shape.Length > 0:
                long[] changed = (long[])shape.Clone();
                changed[_random.Next(changed.Length)] = Pick(Sizes);
                parts.Tensors[at] = (name, type, changed, data, offset);
                break;
            case 9:
                parts.Tensors[at] = (name, type, Pick<long[]>([[], [1], [4, 4], [.. shape, 1], [1, .. shape], [.. shape.Reverse()], [1, 1, 1, 1, 1]]), data, offset);
                break;
            case 10:
                parts.Tensors[at] = (name, type, shape, data, Pick([0ul, 1ul, 32ul, 64ul, 1ul << 40, ulong.MaxValue - 31, ulong.MaxValue]));
                break;
            default:
                parts.Counts = (Pick<ulong?>([null, 0, 1, 100, ulong.MaxValue]), Pick<ulong?>([null, 0, 1, 100, ulong.MaxValue]));
                break;
        }
    }

    private byte[] Damage(byte[] file)
    {
        int changes = 1 + _random.Next(3);
        for (int i = 0; i < changes; i++)
        {
            int at = _random.Next(Math.Min(file.Length, 1 << _random.Next(4, 14)));
            file[at] = _random.Next(3) switch { 0 => (byte)(file[at] ^ (1 << _random.Next(8))), 1 => (byte)_random.Next(256), _ => 255 };
        }

        return file;
    }

    private T Pick<T>(T[] choices) => choices[_random.Next(choices.Length)];

    /// <summary>A sound file, in parts.</summary>
    private sealed class Parts
    {
        private const int Width = 32, Inner = 64, Vocabulary = 12, Context = 8;

        public Parts(string architecture, uint type, string tokenizer)
        {
            Architecture = architecture;
            Values["general.architecture"] = architecture;
            foreach ((string key, object value) in new (string, object)[]
            {
                ("context_length", Context), ("embedding_length", Width), ("block_count", 1), ("feed_forward_length", Inner), ("attention.head_count", 2),
                (architecture is "gpt2" or "gptneox" or "bert" ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 1e-5f),
            })
            {
                Values[$"{architecture}.{key}"] = value;
            }

            if (architecture == "gptneox")
            {
                Values["gptneox.rope.dimension_count"] = 8;
            }

            AddTensors(architecture, type);
            AddTokenizer(tokenizer);
        }

        public string Architecture { get; }

        public SortedDictionary<string, object> Values { get; } = new(StringComparer.Ordinal);

        public List<(string Name, uint Type, long[] Shape, byte[] Data, ulong? Offset)> Tensors { get; } = [];

        public (ulong? Tensors, ulong? Values) Counts { get; set; }

        public byte[] Build()
        {
            GgufBuilder builder = new() { TensorCount = Counts.Tensors, ValueCount = Counts.Values };
            foreach ((string key, object value) in Values)
            {
                builder.Add(key, value);
            }

            foreach ((string name, uint type, long[] shape, byte[] data, ulong? offset) in Tensors)
            {
                builder.Tensor(name, type, shape, data, offset);
            }

            return builder.Build();
        }

        private void AddTensors(string architecture, uint type)
        {
            bool gated = architecture is not ("gpt2" or "gptneox" or "bert");
            Matrix("token_embd", Vocabulary, Width);
            if (architecture is "gpt2" or "bert")
            {
                Matrix("position_embd", Context, Width);
            }

            if (architecture == "bert")
            {
                Matrix("token_types", 2, Width);
                Norm("token_embd_norm", bias: true);
                Norm("blk.0.attn_output_norm", bias: true);
                Norm("blk.0.layer_output_norm", bias: true);
            }
            else
            {
                Norm("output_norm", !gated);
                Norm("blk.0.attn_norm", !gated);
                Norm("blk.0.ffn_norm", !gated);
            }

            if (architecture == "gptneox")
            {
                Matrix("output", Vocabulary, Width);
            }

            if (architecture is "gpt2" or "gptneox")
            {
                Linear("blk.0.attn_qkv", 3 * Width, Width, bias: true);
            }
            else
            {
                foreach (string part in new[] { "blk.0.attn_q", "blk.0.attn_k", "blk.0.attn_v" })
                {
                    Linear(part, Width, Width, architecture is "qwen2" or "bert");
                }
            }

            if (architecture == "qwen3")
            {
                Plain("blk.0.attn_q_norm.weight", 0, [Width / 2]);
                Plain("blk.0.attn_k_norm.weight", 0, [Width / 2]);
            }

            Linear("blk.0.attn_output", Width, Width, !gated);
            Linear("blk.0.ffn_up", Inner, Width, !gated);
            Linear("blk.0.ffn_down", Width, Inner, !gated);
            if (gated)
            {
                Linear("blk.0.ffn_gate", Inner, Width, bias: false);
            }

            void Matrix(string name, int rows, int columns) => Plain($"{name}.weight", type, [rows, columns]);

            void Linear(string name, int rows, int columns, bool bias)
            {
                Matrix(name, rows, columns);
                if (bias)
                {
                    Plain($"{name}.bias", 0, [rows]);
                }
            }

            void Norm(string name, bool bias)
            {
                Plain($"{name}.weight", 0, [Width]);
                if (bias)
                {
                    Plain($"{name}.bias", 0, [Width]);
                }
            }
        }

        private void Plain(string name, uint type, long[] shape)
        {
            long elements = shape.Aggregate(1L, (product, dimension) => product * dimension);
            Tensors.Add((name, type, shape, new byte[type switch { 0 => elements * 4, 8 => elements / 32 * 34, _ => elements * 2 }], null));
        }

        private void AddTokenizer(string kind)
        {
            Values["tokenizer.ggml.model"] = kind;
            Values["tokenizer.ggml.pre"] = "gpt-2";
            Values["tokenizer.ggml.tokens"] = kind == "bert"
                ? new[] { "[UNK]", "[CLS]", "[SEP]", "\u2581a", "b", "\u2581b", "a", "\u2581ab", "c", "d", "e", "f" }
                : ["<unk>", "<s>", "</s>", "a", "b", "\u0120", "\u2581", "ab", "\u2581a", "\u0120a", "c", "d"];
            Values["tokenizer.ggml.token_type"] = new[] { 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
            Values["tokenizer.ggml.scores"] = new[] { 0f, 0, 0, -5, -6, -7, -8, -1, -2, -3, -9, -10 };
            Values["tokenizer.ggml.merges"] = new[] { "a b", "\u0120 a" };
            Values["tokenizer.ggml.bos_token_id"] = 1u;
            Values["tokenizer.ggml.eos_token_id"] = 2u;
            Values["tokenizer.ggml.unknown_token_id"] = 0u;
        }
    }
}
