using Idem.Tests.Models;

namespace Idem.Tests.Verification;

/// <summary>Receipts of random generations verify, and changed ones are rejected for the right reason (the whole campaign: Idem.Conformance receipts).</summary>
public class ReceiptVerifierTests
{
    [Fact]
    public void ReceiptsVerifyAndChangedOnesAreRejectedForTheRightReason()
    {
        using ReceiptCampaign campaign = new();
        List<string> wrong = [];
        for (int i = 0; i < 8 * TinyDecoders.Names.Count; i++)
        {
            string name = TinyDecoders.Names[i % TinyDecoders.Names.Count];
            if (campaign.Run(name, new Random(i)) is { } difference)
            {
                wrong.Add($"case {i} ({name}): {difference}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(campaign.Accepted == 8 * TinyDecoders.Names.Count && campaign.Rejected > campaign.StillTrue, $"{campaign.Rejected} rejected, {campaign.StillTrue} still true");
    }
}
