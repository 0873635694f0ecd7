using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Tests.Models;

namespace Idem.Tests.Inference;

/// <summary>What a sequence gets does not depend on neighbours, chunks, prefixes, threads or paths.</summary>
public class EngineTests
{
    public static TheoryData<string> Types => new(TinyDecoders.Names);

    [Theory]
    [MemberData(nameof(Types))]
    public void A_request_gets_what_it_gets_alone(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        Random random = new(Array.IndexOf([.. TinyDecoders.Names], type) + 1);
        for (int i = 0; i < 6; i++)
        {
            Assert.Null(EngineCampaign.Run(model, random));
        }
    }

    [Fact]
    public void A_kernel_that_depends_on_the_batch_would_be_seen()
    {
        DecoderModel model = TinyDecoders.Create("llama");
        Random random = new(5);
        Assert.Contains("other logits", string.Join('\n', Enumerable.Range(0, 6).Select(_ => EngineCampaign.Run(model, random, Forward))), StringComparison.Ordinal);

        // One bit of one logit, and only where sequences are computed together.
        void Forward(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts, ReadOnlySpan<int> rows, Span<float> logits)
        {
            model.Forward(ids, caches, counts, rows, logits);
            if (caches.Count > 1 && logits.Length > 0)
            {
                logits[17] = MathF.BitIncrement(logits[17]);
            }
        }
    }

    [Fact]
    public void Sequences_that_give_up_their_pages_and_those_that_share_them_get_what_they_get_alone()
    {
        DecoderModel model = TinyDecoders.Create("qwen3");
        Engine engine = new(model, new EngineSettings { PageLength = 8, KvPositions = 80, MaxBatchedTokens = 20 });
        SamplingSettings settings = new() { MaxTokens = 30, Temperature = 1.3f };
        int[] prompt = TinyDecoders.Ids(40);
        Generation[] generations = [.. Enumerable.Range(0, 6).Select(i => engine.Submit([.. prompt.Take(30 + i)], settings with { Seed = (ulong)i }))];
        while (engine.HasWork)
        {
            engine.Step();
        }

        Assert.True(engine.Statistics.Preemptions > 0, "nobody gave up pages");
        Assert.True(generations.Skip(2).All(generation => generation.CachedTokens >= 24), "pages were not shared");
        for (int i = 0; i < generations.Length; i++)
        {
            GeneratedToken[] alone = [.. new Engine(model).Generate(generations[i].Prompt, generations[i].Settings)];
            Assert.Equal(alone.Select(token => (token.Id, token.LogitsDigest)), generations[i].Tokens.Select(token => (token.Id, token.LogitsDigest)));
        }
    }

    [Fact]
    public void What_exceeds_the_limit_or_the_memory_is_refused()
    {
        DecoderModel model = TinyDecoders.Create("llama");
        Engine limited = new(model, new EngineSettings { MaxSequenceLength = 20 }), small = new(model, new EngineSettings { PageLength = 4, KvPositions = 31 });
        SamplingSettings settings = new() { MaxTokens = 10 };
        Assert.Equal(20, Assert.Throws<SequenceLengthException>(() => limited.Submit(TinyDecoders.Ids(11), settings)).Limit);
        Assert.Equal(28, Assert.Throws<SequenceLengthException>(() => small.Submit(TinyDecoders.Ids(19), settings)).Limit);
        small.Submit(TinyDecoders.Ids(18), settings);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Engine(model, new EngineSettings { KvPositions = 63 }));
    }

    [Fact]
    public void Samples_of_a_prompt_differ_and_the_first_is_the_single_one()
    {
        DecoderModel model = TinyDecoders.Create("llama");
        SamplingSettings settings = new() { MaxTokens = 12, Seed = 5, Temperature = 1.2f };
        int[] prompt = TinyDecoders.Ids(20);
        int[] single = [.. new Engine(model).Generate(prompt, settings).Select(token => token.Id)];
        Engine engine = new(model);
        IReadOnlyList<Generation> samples = engine.Submit(prompt, settings, 4);
        while (engine.HasWork)
        {
            engine.Step();
        }

        Assert.Equal(single, samples[0].Tokens.Select(token => token.Id));
        Assert.Equal(4, samples.Select(sample => string.Join(',', sample.Tokens.Select(token => token.Id))).Distinct().Count());
    }

    [Fact]
    public void Prompts_are_computed_in_chunks_beside_tokens_of_others()
    {
        DecoderModel model = TinyDecoders.Create("gpt2");
        Engine engine = new(model, new EngineSettings { MaxBatchedTokens = 11, PrefixPositions = 0 });
        Generation first = engine.Submit([1], new SamplingSettings { MaxTokens = 50, Temperature = 0 });
        Generation second = engine.Submit(TinyDecoders.Ids(35), new SamplingSettings { MaxTokens = 2, Temperature = 0 });
        int[] made = [.. Enumerable.Range(0, 5).Select(_ => engine.Step())];
        Assert.Equal([1, 1, 1, 2, 2], made); // 35 positions take four steps, in the last of which a token is drawn
        Assert.Equal(FinishReason.Length, second.Finished);
        engine.Cancel(first);
        Assert.Equal((FinishReason.Cancelled, 5, false), (first.Finished, first.Tokens.Count, engine.HasWork));
    }

    [Fact]
    public void A_prefix_that_is_kept_is_not_computed_again()
    {
        DecoderModel model = TinyDecoders.Create("qwen2");
        int[] prompt = TinyDecoders.Ids(40);
        Engine engine = new(model, new EngineSettings { MaxBatchedTokens = 1 });
        SamplingSettings settings = new() { MaxTokens = 1, Temperature = 0 };
        Assert.Equal((40, 2), (Steps(prompt), Steps([.. prompt, 7, 8])));
        Assert.Equal(20, Steps([.. prompt.Take(20), .. prompt.Take(20)]));

        int Steps(int[] ids)
        {
            Generation generation = engine.Submit(ids, settings);
            int steps = 0;
            while (generation.Finished is null)
            {
                engine.Step();
                steps++;
            }

            return steps;
        }
    }

    [Fact]
    public void The_most_likely_tokens_are_reported_best_first()
    {
        DecoderModel model = TinyDecoders.Create("qwen3");
        GeneratedToken token = new Engine(model).Generate([3, 4], new SamplingSettings { MaxTokens = 1, Temperature = 0, TopLogProbabilities = 5 }).Single();
        Assert.Equal((5, token.Id, token.LogProbability), (token.Top.Count, token.Top[0].Id, token.Top[0].LogProbability));
        Assert.Equal(token.Top.OrderByDescending(top => top.LogProbability), token.Top);
    }

    [Fact]
    public void What_cannot_be_generated_is_refused_and_leaves_the_engine_as_it_was()
    {
        DecoderModel model = TinyDecoders.Create("gemma");
        Engine engine = new(model);
        SamplingSettings settings = new();
        Assert.Contains("no tokens", Assert.Throws<ArgumentException>(() => engine.Submit([], settings)).Message, StringComparison.Ordinal);
        Assert.Contains("61", Assert.Throws<ArgumentException>(() => engine.Submit([0, 61], settings)).Message, StringComparison.Ordinal);
        foreach (SamplingSettings wrong in new[]
        {
            settings with { MinP = 1.5f }, settings with { RepetitionPenalty = 0 }, settings with { FrequencyPenalty = float.NaN },
            settings with { PresencePenalty = float.PositiveInfinity }, settings with { MaxTokens = -1 }, settings with { TopLogProbabilities = -1 },
        })
        {
            Assert.Throws<ArgumentException>(() => engine.Submit([1], wrong));
        }

        Assert.False(engine.HasWork);
        Assert.Equal(0, engine.Step());
        Assert.Equal(FinishReason.Length, engine.Submit([1], settings with { MaxTokens = 0 }).Finished);
    }
}
