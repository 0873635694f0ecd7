using Idem.Models;

namespace Idem.Tests.Models;

/// <summary>Small models of each decoder type, with each of its choices in one of them.</summary>
internal static class TinyDecoders
{
    public static IReadOnlyList<string> Names { get; } =
        ["gpt2", "llama", "llama-biased", "llama-linear", "llama-dynamic", "llama-llama3", "llama-yarn", "mistral", "qwen2", "qwen2-window", "qwen3", "gpt_neox", "gpt_neox-sequential", "gemma"];

    public static DecoderModel Create(string name, ulong seed = 1)
    {
        DecoderModel model = New(name);
        model.Initialize(seed);
        model.Eval();
        return model;
    }

    public static int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * i * 7) + (i * 5) + 3) % 61)];

    private static DecoderModel New(string name) => name switch
    {
        "gpt2" => new Gpt2(new Gpt2Config { VocabSize = 61, NPositions = 80, NEmbd = 48, NLayer = 2, NHead = 3, InitializerRange = 0.2 }),
        "llama" => new Llama(Shape(new LlamaConfig())),
        "llama-biased" => new Llama(Shape(new LlamaConfig { AttentionBias = true, MlpBias = true, TieWordEmbeddings = true, HeadDim = 10 })),
        "llama-linear" => new Llama(Shape(new LlamaConfig { RopeScaling = new RopeConfig { Type = "linear", Factor = 2.5 } })),
        "llama-dynamic" => new Llama(Shape(new LlamaConfig { RopeScaling = new RopeConfig { RopeType = "dynamic", Factor = 2 } })),
        "llama-llama3" => new Llama(Shape(new LlamaConfig
        {
            RopeScaling = new RopeConfig { RopeType = "llama3", Factor = 8, LowFreqFactor = 1, HighFreqFactor = 4, OriginalMaxPositionEmbeddings = 16 },
        })),
        "llama-yarn" => new Llama(Shape(new LlamaConfig { RopeScaling = new RopeConfig { RopeType = "yarn", Factor = 4, OriginalMaxPositionEmbeddings = 20 } })),
        "mistral" => new Mistral(Shape(new MistralConfig { SlidingWindow = 9 })),
        "qwen2" => new Qwen2(Shape(new Qwen2Config())),
        "qwen2-window" => new Qwen2(Shape(new Qwen2Config { UseSlidingWindow = true, SlidingWindow = 11, MaxWindowLayers = 1 })),
        "qwen3" => new Qwen3(Shape(new Qwen3Config { HeadDim = 20 })),
        "gpt_neox" => new GptNeoX(NeoX),
        "gpt_neox-sequential" => new GptNeoX(NeoX with { UseParallelResidual = false, AttentionBias = false, TieWordEmbeddings = true, RotaryPct = 1 }),
        "gemma" => new Gemma(Shape(new GemmaConfig { HeadDim = 24 })),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such model"),
    };

    private static GptNeoXConfig NeoX => new()
    {
        VocabSize = 61, HiddenSize = 48, IntermediateSize = 70, NumHiddenLayers = 2, NumAttentionHeads = 3, MaxPositionEmbeddings = 80, InitializerRange = 0.2,
    };

    private static T Shape<T>(T config)
        where T : GatedDecoderConfig => config with
        {
            VocabSize = 61,
            HiddenSize = 48,
            IntermediateSize = 70,
            NumHiddenLayers = 2,
            NumAttentionHeads = 4,
            NumKeyValueHeads = 2,
            MaxPositionEmbeddings = 80,
            InitializerRange = 0.2,
        };
}
