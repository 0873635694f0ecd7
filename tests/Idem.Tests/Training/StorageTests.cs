using Idem.Tests.Support;

namespace Idem.Tests.Training;

/// <summary>Nothing but the last unfinished interval is ever lost, whatever the disk does (100,000 schedules: Idem.Conformance storage).</summary>
public sealed class StorageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _text;

    public StorageTests() => _text = _folder.Write("text.txt", "abracadabra, abracadabra\n"u8.ToArray());

    public void Dispose() => _folder.Dispose();

    /// <summary>A run that begins, saves twice and ends: stopped at each operation, and each operation failing.</summary>
    [Fact]
    public void A_run_survives_every_crash_and_every_failing_operation()
    {
        StorageCampaign campaign = new(_text, steps: 3);
        Assert.True(campaign.Operations > 200, $"{campaign.Operations} operations");
        Assert.Empty(campaign.RunEach());
    }

    [Fact]
    public void A_run_survives_lives_that_end_in_any_way()
    {
        StorageCampaign campaign = new(_text, steps: 5);
        for (int seed = 0; seed < 500; seed++)
        {
            string? wrong = campaign.Run(new Random(seed));
            Assert.True(wrong is null, $"seed {seed}: {wrong}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_campaign_sees_a_missing_flush(bool ofFiles)
    {
        StorageCampaign campaign = new(_text, steps: 5, files => (files.IgnoreFileFlush, files.IgnoreFolderFlush) = (ofFiles, !ofFiles));
        Assert.Contains(Enumerable.Range(0, 100), seed => campaign.Run(new Random(seed)) is not null);
    }
}
