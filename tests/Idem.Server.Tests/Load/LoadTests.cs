using Idem.Inference;
using Idem.Models;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests.Load;

/// <summary>A small part of what the conformance program 'serve' runs.</summary>
public sealed class LoadTests
{
    [Theory]
    [InlineData(1, 30)]
    [InlineData(7, 80)]
    [InlineData(64, 250)]
    public async Task AnswersUnderLoadAreThoseOfTheRequestAlone(int atOnce, int requests)
    {
        await using RunningServer server = await RunningServer.StartAsync(Narrow, served: Short);
        ServeCampaign campaign = new(server.Model, server.Http, seed: (ulong)atOnce, tokensMax: 30);
        await campaign.RunAsync(Enumerable.Range(0, requests), atOnce);
        Assert.Empty(campaign.Differences);
        Assert.True(campaign.Compared > requests * 3 / 4);
        Assert.True(atOnce < 64 || server.Server.Statistics!.Preemptions > 0, "no sequence was preempted: the test does not test it");
    }

    [Fact]
    public async Task AnotherModelIsCaught()
    {
        await using RunningServer server = await RunningServer.StartAsync(Narrow, served: Short), other = await RunningServer.StartAsync(Narrow, served: Short, model: SmallModel.Create(seed: 2));
        ServeCampaign campaign = new(server.Model, other.Http, seed: 3, tokensMax: 30);
        await campaign.RunAsync(Enumerable.Range(0, 20), 4);
        Assert.Equal(0, campaign.Compared);
    }

    [Fact]
    public async Task AKernelThatDependsOnTheBatchIsCaught()
    {
        await using RunningServer server = await RunningServer.StartOverAsync(Spoil, Narrow, served: Short);
        ServeCampaign campaign = new(server.Model, server.Http, seed: 5, tokensMax: 30);
        await campaign.RunAsync(Enumerable.Range(0, 40), 8);
        Assert.Contains(campaign.Differences, difference => difference.Contains("alone", StringComparison.Ordinal));

        // One bit of one logit, and only where sequences are computed together.
        static BatchForward Spoil(DecoderModel model) => (ids, caches, counts, rows, logits) =>
        {
            model.Forward(ids, caches, counts, rows, logits);
            if (caches.Count > 1 && logits.Length > 0)
            {
                logits[17] = MathF.BitIncrement(logits[17]);
            }
        };
    }

    // Memory for one sequence at its longest, so that they preempt each other.
    private static EngineSettings Narrow => new() { MaxSequences = 12, MaxBatchedTokens = 40, PageLength = 16, KvPositions = 160 };

    private static ServedModelSettings Short => new() { MaxLength = 150 };
}
