using System.Globalization;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Tests.Inference;

/// <summary>
/// Random requests through an engine with random settings, against a program that neither keeps caches nor batches: each token from
/// a forward pass over the whole sequence alone.
/// </summary>
internal static class EngineCampaign
{
    /// <summary>One random case.</summary>
    /// <param name="model">The model.</param>
    /// <param name="random">Decides the case.</param>
    /// <param name="forward">What computes logits in the engine; null for the model.</param>
    /// <returns>What differs, or null.</returns>
    public static string? Run(DecoderModel model, Random random, BatchForward? forward = null)
    {
        Request[] requests = Requests(model, random);
        CacheDtype cacheDtype = random.Next(3) == 0 ? CacheDtype.BFloat16 : CacheDtype.Float32;
        Compute before = Compute.Current;
        try
        {
            Compute.Current = new Compute(SimdPaths.All[random.Next(4)], random.Next(1, 4));
            Generation[][] actual = Serve(model, requests, cacheDtype, random, forward);
            Compute.Current = before;
            for (int i = 0; i < requests.Length; i++)
            {
                for (int sample = 0; sample < requests[i].Samples; sample++)
                {
                    if ((Compare(Alone(model, requests[i], sample, cacheDtype), actual[i][sample]) ?? ComparePrompt(model, actual[i][sample], cacheDtype)) is { } difference)
                    {
                        return string.Create(CultureInfo.InvariantCulture, $"request {i} of {requests.Length}, sample {sample}: {difference}");
                    }
                }
            }
        }
        finally
        {
            Compute.Current = before;
        }

        return null;
    }

    private static Request[] Requests(DecoderModel model, Random random)
    {
        int vocabulary = model.Config.VocabSize, context = model.Config.ContextLength;
        int[] common = [.. Enumerable.Range(0, context + 10).Select(_ => random.Next(vocabulary))];
        return [.. Enumerable.Range(0, random.Next(8) == 0 ? random.Next(7, 65) : random.Next(1, 7)).Select(_ =>
        {
            int shared = random.Next(common.Length / 2), own = random.Next(1, random.Next(8) == 0 ? context : 24);
            int[] prompt = [.. common.Take(shared), .. Enumerable.Range(0, own).Select(_ => random.Next(vocabulary))];
            bool penalised = random.Next(4) == 0;
            SamplingSettings settings = new()
            {
                MaxTokens = random.Next(1, 20),
                Temperature = random.Next(3) switch { 0 => 0f, 1 => 0.7f, _ => 1.5f },
                TopK = random.Next(3) == 0 ? random.Next(1, 12) : 0,
                TopP = random.Next(3) == 0 ? 0.8f : 1f,
                MinP = random.Next(4) == 0 ? 0.05f : 0f,
                LogitBias = random.Next(4) == 0 ? [new LogitBias(random.Next(vocabulary - 1), 2.5f), new LogitBias(vocabulary - 1, -100f)] : [],
                Constraint = random.Next(4) == 0 ? new EvenIds(random.Next(2)) : null,
                RepetitionPenalty = penalised ? 1.3f : 1f,
                FrequencyPenalty = penalised ? 0.3f : 0f,
                PresencePenalty = penalised ? -0.2f : 0f,
                Seed = (ulong)random.NextInt64(),
                StopIds = random.Next(3) == 0 ? [random.Next(vocabulary)] : [],
            };
            return new Request(prompt, settings, random.Next(4) == 0 ? random.Next(2, 4) : 1);
        })];
    }

    // Requests arrive between steps; strangers come and are cancelled. Memory for the longest sequence or a little more makes sequences
    // give up their pages.
    private static Generation[][] Serve(DecoderModel model, Request[] requests, CacheDtype cacheDtype, Random random, BatchForward? forward)
    {
        int pageLength = random.Next(3) switch { 0 => 64, 1 => 16, _ => random.Next(1, 40) };
        int longest = (model.Config.ContextLength + pageLength - 1) / pageLength * pageLength;
        Engine engine = new(model, new EngineSettings
        {
            MaxBatchedTokens = random.Next(2) == 0 ? random.Next(1, 40) : random.Next(40, 514),
            MaxSequences = random.Next(3) == 0 ? random.Next(9, 65) : random.Next(1, 9),
            PrefixPositions = random.Next(3) switch { 0 => 0, 1 => null, _ => 400 },
            PageLength = pageLength,
            KvPositions = random.Next(2) == 0 ? null : longest + random.Next(2 * longest),
            CacheDtype = cacheDtype,
        }, forward);
        Generation[][] served = new Generation[requests.Length][];
        Generation? stranger = null;
        int next = 0;
        do
        {
            if (next < requests.Length && random.Next(3) > 0)
            {
                Request request = requests[next];
                served[next++] = [.. engine.Submit(new GenerationRequest
                {
                    Prompt = request.Prompt,
                    Settings = request.Settings,
                    Samples = request.Samples,
                    Client = $"client {random.Next(3)}",
                    PromptTopLogProbabilities = request.Prompt.Length <= model.Config.ContextLength && random.Next(4) == 0 ? 1 : null,
                })];
            }

            if (random.Next(8) == 0)
            {
                if (stranger is null)
                {
                    stranger = engine.Submit(requests[random.Next(requests.Length)].Prompt, new SamplingSettings { MaxTokens = 30, Seed = 7 });
                }
                else
                {
                    engine.Cancel(stranger);
                    stranger = null;
                }
            }

            engine.Step();
            engine.Scheduler.Verify();
        }
        while (next < requests.Length || engine.HasWork);
        return served;
    }

    private static List<GeneratedToken> Alone(DecoderModel model, Request request, int sample, CacheDtype cacheDtype)
    {
        SamplingSettings settings = request.Settings;
        RandomStream draws = new(settings.Seed, "sample", sample == 0 ? "" : $"{sample}");
        List<int> ids = [.. request.Prompt];
        List<GeneratedToken> tokens = [];
        while (tokens.Count < settings.MaxTokens && !(tokens.Count > 0 && settings.StopIds.Contains(tokens[^1].Id)))
        {
            int[] window = [.. ids.TakeLast(model.Config.ContextLength)];
            float[] logits = Logits(model, window, cacheDtype), drawn = [.. logits];
            foreach (LogitBias bias in settings.LogitBias)
            {
                drawn[bias.Id] = (float)(drawn[bias.Id] + bias.Bias);
            }

            foreach (int id in ids.Distinct().Where(_ => settings.RepetitionPenalty != 1f))
            {
                float z = drawn[id];
                z = z < 0 ? z * settings.RepetitionPenalty : z / settings.RepetitionPenalty;
                int n = tokens.Count(token => token.Id == id);
                if (n > 0)
                {
                    float frequent = settings.FrequencyPenalty * n;
                    z = (float)(z - frequent);
                    z = (float)(z - settings.PresencePenalty);
                }

                drawn[id] = z;
            }

            if (settings.Constraint is EvenIds constraint)
            {
                if (tokens.Count == EvenIds.Longest)
                {
                    break;
                }

                for (int id = 0; id < drawn.Length; id++)
                {
                    drawn[id] = id % 2 == (tokens.Count + constraint.First) % 2 ? drawn[id] : float.NegativeInfinity;
                }
            }

            SamplingParameters parameters = new(settings.Temperature, settings.TopK, settings.TopP, settings.MinP);
            int next = Sampling.Draw(drawn, parameters, draws.Bits64((ulong)ids.Count) >> 16);
            float[] logProbabilities = new float[logits.Length];
            LogSoftmax.Forward(Compute.Current, 1, logits.Length, logits, logProbabilities);
            tokens.Add(new GeneratedToken(next, logProbabilities[next], TensorDigest.Compute(NamedTensor.Of("logits", [logits.Length], logits)), []));
            ids.Add(next);
        }

        return tokens;
    }

    // In bfloat16 the definition is one pass over the whole sequence through a new cache.
    private static float[] Logits(DecoderModel model, int[] ids, CacheDtype cacheDtype)
    {
        if (cacheDtype == CacheDtype.Float32)
        {
            return model.Forward(ids, 1).Data[((ids.Length - 1) * model.Config.VocabSize)..].ToArray();
        }

        float[] logits = new float[model.Config.VocabSize];
        model.Forward(ids, [model.NewCache(ids.Length, cacheDtype)], logits);
        return logits;
    }

    // Log-probabilities of the prompt, against one pass over all of it.
    private static string? ComparePrompt(DecoderModel model, Generation actual, CacheDtype cacheDtype)
    {
        IReadOnlyList<PromptToken> tokens = actual.PromptTokens;
        if (tokens.Count == 0)
        {
            return null;
        }

        int vocabulary = model.Config.VocabSize;
        int[] ids = [.. actual.Prompt];
        float[] logits = new float[ids.Length * vocabulary], logProbabilities = new float[logits.Length];
        model.Forward(ids, [model.NewCache(ids.Length, cacheDtype)], logits);
        LogSoftmax.Forward(Compute.Current, ids.Length, vocabulary, logits, logProbabilities);
        bool isSame = tokens.Count == ids.Length && tokens[0] is { LogProbability: null, Top.Count: 0 };
        for (int i = 1; isSame && i < ids.Length; i++)
        {
            float[] row = logProbabilities[((i - 1) * vocabulary)..(i * vocabulary)];
            isSame = tokens[i].Id == ids[i] && BitConverter.SingleToInt32Bits(tokens[i].LogProbability!.Value) == BitConverter.SingleToInt32Bits(row[ids[i]])
                && tokens[i].Top.Single().LogProbability == row.Max();
        }

        return isSame ? null : "other log-probabilities of the prompt";
    }

    private static string? Compare(List<GeneratedToken> expected, Generation actual)
    {
        if (actual.Finished is null or FinishReason.Cancelled || actual.Tokens.Count != expected.Count)
        {
            return $"{actual.Finished} with {actual.Tokens.Count} tokens, not {expected.Count}";
        }

        for (int i = 0; i < expected.Count; i++)
        {
            GeneratedToken e = expected[i], a = actual.Tokens[i];
            if (e.LogitsDigest != a.LogitsDigest)
            {
                return $"token {i}: other logits";
            }

            if (e.Id != a.Id || BitConverter.SingleToInt32Bits(e.LogProbability) != BitConverter.SingleToInt32Bits(a.LogProbability))
            {
                return $"token {i}: {a.Id} ({a.LogProbability}), not {e.Id} ({e.LogProbability})";
            }
        }

        return null;
    }

    /// <summary>Ids alternate between even and odd, and the text is complete after some.</summary>
    private sealed class EvenIds(int first) : ITokenConstraint
    {
        public const int Longest = 12;

        public string Kind => "alternating";

        public string Definition => first == 0 ? "even first" : "odd first";

        public int First => first;

        public ITokenConstraintState Begin() => new State(first);

        private sealed class State(int first) : ITokenConstraintState
        {
            private int _tokens;

            public bool Allow(TokenMask mask)
            {
                for (int id = (_tokens + first) % 2; id < mask.Vocabulary; id += 2)
                {
                    mask.Allow(id);
                }

                return _tokens < Longest;
            }

            public void Append(int id) => _tokens++;
        }
    }

    private sealed record Request(int[] Prompt, SamplingSettings Settings, int Samples);
}
