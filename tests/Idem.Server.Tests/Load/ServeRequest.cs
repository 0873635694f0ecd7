using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Inference;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Server.Tests.Load;

/// <summary>One request of a campaign, drawn from its number alone, and what the engine gives it alone.</summary>
internal sealed class ServeRequest
{
    private const int Prefixes = 6;

    private static readonly string Letters = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c));

    private readonly RandomStream _stream;
    private ulong _position;

    public ServeRequest(ulong campaign, int number, int tokensMax)
    {
        Number = number;
        _stream = new RandomStream(campaign, "serve", number.ToString(CultureInfo.InvariantCulture));

        // Many prompts begin alike, as conversations with one system message do.
        RandomStream shared = new(campaign, "serve-prefix", (Below(Prefixes)).ToString(CultureInfo.InvariantCulture));
        int prefix = Below(3) == 0 ? 0 : 10 + (int)(shared.Bits64(0) % 60);
        Prompt = string.Concat(Enumerable.Range(1, prefix).Select(i => Letters[(int)(shared.Bits64((ulong)i) % (ulong)Letters.Length)])) + Text(1 + Below(40));
        Samples = Below(4) == 0 ? 1 + Below(3) : 1;
        Stream = Below(2) == 0;
        Leaves = Stream && Below(8) == 0;
        Stops = Below(5) == 0 ? [Text(1), Text(2)] : [];
        Settings = new SamplingSettings
        {
            MaxTokens = 1 + Below(tokensMax),
            Seed = _stream.Bits64(_position++),
            Temperature = Below(4) == 0 ? 0f : 0.25f * (1 + Below(7)),
            TopK = Below(3) == 0 ? 1 + Below(50) : 0,
            TopP = Below(3) == 0 ? 0.5f + (0.05f * Below(10)) : 1f,
            MinP = Below(5) == 0 ? 0.01f : 0f,
            PresencePenalty = Below(5) == 0 ? 0.5f : 0f,
            RepetitionPenalty = Below(5) == 0 ? 1.25f : 1f,
            LogitBias = Below(6) == 0 ? [new LogitBias(Below(20), 2f), new LogitBias(20 + Below(20), -3f)] : [],
            TopLogProbabilities = 2,
        };
    }

    public int Number { get; }

    public string Prompt { get; }

    public int Samples { get; }

    public bool Stream { get; }

    /// <summary>Whether the client leaves in the middle of the answer.</summary>
    public bool Leaves { get; }

    public string[] Stops { get; }

    public SamplingSettings Settings { get; }

    /// <summary>A draw for the client's own behaviour.</summary>
    public int Below(int limit) => (int)(_stream.Bits64(_position++) % (ulong)limit);

    public string ToJson()
    {
        JsonObject json = new()
        {
            ["prompt"] = Prompt, ["n"] = Samples, ["max_tokens"] = Settings.MaxTokens, ["seed"] = Settings.Seed, ["temperature"] = Settings.Temperature, ["top_k"] = Settings.TopK,
            ["top_p"] = Settings.TopP, ["min_p"] = Settings.MinP, ["presence_penalty"] = Settings.PresencePenalty, ["repetition_penalty"] = Settings.RepetitionPenalty,
            ["logprobs"] = Settings.TopLogProbabilities, ["stop"] = new JsonArray([.. Stops.Select(stop => JsonValue.Create(stop))]), ["stream"] = Stream,
            ["logit_bias"] = new JsonObject(Settings.LogitBias.Select(bias => KeyValuePair.Create(bias.Id.ToString(CultureInfo.InvariantCulture), (JsonNode?)bias.Bias))),
        };
        return json.ToJsonString();
    }

    /// <summary>The name of the receipt that the answer has alone, and the text of each sample.</summary>
    public (string Receipt, string[] Texts) Alone(ServedModel model)
    {
        int[] ids = model.Tokenizer.Encode(Prompt);
        SamplingSettings settings = Settings with { StopIds = model.StopIds };
        string[] texts = new string[Samples];
        ReceiptSample[] samples = new ReceiptSample[Samples];
        for (int i = 0; i < Samples; i++)
        {
            // An engine for each: nothing is shared, nothing is batched.
            Engine engine = new(model.Folder.Decoder, new EngineSettings { PrefixPositions = 0, CacheDtype = model.Settings.CacheDtype });
            IReadOnlyList<Generation> all = engine.Submit(ids, settings, i + 1);
            foreach (Generation other in all.SkipLast(1))
            {
                engine.Cancel(other);
            }

            TextGeneration text = new(engine, all[i], model.Tokenizer, Stops);
            while (!text.IsFinished)
            {
                engine.Step();
                texts[i] += text.Read();
            }

            samples[i] = Receipts.SampleOf(text);
        }

        Receipts.Create(model.Identity, ids, settings, Stops, samples).Encode(out Digest id);
        return (id.ToString(), texts);
    }

    private string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Letters[Below(Letters.Length)]));
}
