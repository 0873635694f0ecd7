using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Tests.Models;

namespace Idem.Tests.Inference.Serving;

/// <summary>Many askers at once, each on its own thread.</summary>
public class EngineHostTests
{
    private static readonly DecoderModel Model = TinyDecoders.Create("llama");

    private static CancellationToken Timeout => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_asker_gets_what_it_gets_alone()
    {
        await using EngineHost host = new(Model, new EngineSettings { MaxSequences = 3 });
        await Parallel.ForAsync(0, 24, Timeout, async (i, cancellation) =>
        {
            SamplingSettings settings = new() { MaxTokens = 5 + (i % 7), Seed = (ulong)i, Temperature = 1.1f };
            int[] prompt = TinyDecoders.Ids(4 + i);
            using GenerationStream stream = host.Submit(new GenerationRequest { Prompt = prompt, Settings = settings, Samples = 1 + (i % 3) });
            List<GenerationEvent> events = await stream.Events.ReadAllAsync(cancellation).ToListAsync(cancellation);
            IReadOnlyList<Generation> alone = Alone(prompt, settings, stream.Request.Samples);
            for (int sample = 0; sample < alone.Count; sample++)
            {
                GenerationEvent[] own = [.. events.Where(e => e.Sample == sample)];
                Assert.Equal(alone[sample].Tokens.Select(token => token.LogitsDigest), own.Select(e => e.Token!.Value.LogitsDigest));
                Assert.Equal(alone[sample].Tokens.Select(token => token.Id), own.Select(e => e.Token!.Value.Id));
                Assert.Equal([.. own.SkipLast(1).Select(_ => (FinishReason?)null), FinishReason.Length], own.Select(e => e.Finished));
            }
        });
        EngineStatistics statistics = host.Statistics;
        Assert.Equal((0, 0, 24L, 48L), (statistics.Queued, statistics.Running, statistics.Accepted, statistics.Completed));
    }

    [Fact]
    public async Task An_asker_that_leaves_ends_its_request_alone()
    {
        await using EngineHost host = new(Model);
        SamplingSettings settings = new() { MaxTokens = 100_000, Temperature = 0 };
        using GenerationStream left = host.Submit(new GenerationRequest { Prompt = [1, 2, 3], Settings = settings });
        GenerationEvent first = await left.Events.ReadAsync(Timeout);
        left.Dispose();
        List<GenerationEvent> rest = await left.Events.ReadAllAsync(Timeout).ToListAsync(Timeout);
        Assert.Equal((null, FinishReason.Cancelled), (first.Finished, rest[^1].Finished));
        Assert.Equal(1L, host.Statistics.Cancelled);
        using GenerationStream next = host.Submit(new GenerationRequest { Prompt = [1, 2, 3], Settings = settings with { MaxTokens = 3 } });
        Assert.Equal(3, await next.Events.ReadAllAsync(Timeout).CountAsync(Timeout));
    }

    [Fact]
    public async Task Too_many_are_refused_with_a_time_to_come_back()
    {
        await using EngineHost host = new(Model, new EngineSettings { MaxSequences = 1, MaxQueued = 2 });
        SamplingSettings settings = new() { MaxTokens = 100_000 };
        List<GenerationStream> taken = [];
        QueueFullException full = Assert.Throws<QueueFullException>(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                taken.Add(host.Submit(new GenerationRequest { Prompt = [1, 2], Settings = settings }));
            }
        });
        Assert.InRange(taken.Count, 2, 3); // one may have begun
        Assert.InRange(full.RetryAfter.TotalSeconds, 1, 600);
        Assert.Equal(1L, host.Statistics.Rejected);
    }

    [Fact]
    public async Task Draining_ends_what_was_taken_and_takes_nothing_more()
    {
        await using EngineHost host = new(Model);
        using GenerationStream taken = host.Submit(new GenerationRequest { Prompt = [5], Settings = new SamplingSettings { MaxTokens = 20 } });
        Task drained = host.DrainAsync(Timeout);
        Assert.Throws<EngineStoppedException>(() => host.Submit(new GenerationRequest { Prompt = [5] }));
        await drained;
        Assert.Equal(20, await taken.Events.ReadAllAsync(Timeout).CountAsync(Timeout));
    }

    [Fact]
    public async Task A_host_that_stops_says_so_to_those_who_wait()
    {
        EngineHost host = new(Model);
        GenerationStream taken = host.Submit(new GenerationRequest { Prompt = [5], Settings = new SamplingSettings { MaxTokens = 100_000 } });
        await host.DisposeAsync();
        List<GenerationEvent> events = await taken.Events.ReadAllAsync(Timeout).ToListAsync(Timeout);
        Assert.Equal(FinishReason.Cancelled, events[^1].Finished);
        await Assert.ThrowsAsync<EngineStoppedException>(() => host.InvokeAsync(model => model.Config.VocabSize));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task An_error_of_one_request_is_its_own(int failsAfter)
    {
        await using EngineHost host = new(Model);
        SamplingSettings settings = new() { MaxTokens = 8, Temperature = 0 };
        using GenerationStream good = host.Submit(new GenerationRequest { Prompt = [1, 2, 3], Settings = settings });
        using GenerationStream bad = host.Submit(new GenerationRequest { Prompt = [1, 2, 3], Settings = settings with { Constraint = new Failing(failsAfter) } });
        List<GenerationEvent> given = [];
        NotSupportedException error = await Assert.ThrowsAsync<NotSupportedException>(async () =>
        {
            await foreach (GenerationEvent e in bad.Events.ReadAllAsync(Timeout))
            {
                given.Add(e);
            }
        });
        Assert.Equal("no more", error.Message);
        Assert.Equal(failsAfter, given.Count(e => e.Token is not null));
        Assert.Equal(8, await good.Events.ReadAllAsync(Timeout).CountAsync(Timeout));
        Assert.Null(host.Stopped);
    }

    [Fact]
    public async Task A_prompts_own_log_probabilities_need_no_continuation()
    {
        await using EngineHost host = new(Model);
        int[] prompt = TinyDecoders.Ids(70);
        using GenerationStream stream = host.Submit(new GenerationRequest { Prompt = prompt, Settings = new SamplingSettings { MaxTokens = 0 }, PromptTopLogProbabilities = 2 });
        Assert.Equal([new GenerationEvent(0, null, FinishReason.Length)], await stream.Events.ReadAllAsync(Timeout).ToListAsync(Timeout));
        IReadOnlyList<PromptToken> tokens = stream.Generations[0].PromptTokens;
        Assert.Equal(prompt, tokens.Select(token => token.Id));
        Assert.Equal([0, .. Enumerable.Repeat(2, 69)], tokens.Select(token => token.Top.Count));
    }

    private static IReadOnlyList<Generation> Alone(int[] prompt, SamplingSettings settings, int samples)
    {
        Engine engine = new(Model);
        IReadOnlyList<Generation> generations = engine.Submit(prompt, settings, samples);
        while (engine.HasWork)
        {
            engine.Step();
        }

        return generations;
    }

    /// <summary>Allows everything, some times; 0: does not even begin.</summary>
    private sealed class Failing(int times) : ITokenConstraint, ITokenConstraintState
    {
        private int _asked;

        public string Kind => "failing";

        public string Definition => "";

        public ITokenConstraintState Begin() => times > 0 ? this : throw new NotSupportedException("no more");

        public bool Allow(TokenMask mask)
        {
            mask.AllowAll();
            return _asked++ < times ? true : throw new NotSupportedException("no more");
        }

        public void Append(int id)
        {
        }
    }
}
