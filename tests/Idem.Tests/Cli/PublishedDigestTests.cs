namespace Idem.Tests.Cli;

/// <summary>Digests that are published: they change only with a new arithmetic version, on purpose.</summary>
public class PublishedDigestTests
{
    /// <summary>The conformance digest, on every path (each is computed by the doctor) and without vector instructions.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("DOTNET_EnableAVX512=0")]
    [InlineData("DOTNET_EnableAVX2=0")]
    [InlineData("DOTNET_EnableHWIntrinsic=0")]
    public void TheDoctorFindsTheConformanceDigest(string environment)
    {
        string[] pair = environment.Split('=');
        IdemProcess.Outcome outcome = IdemProcess.Run(pair.Length == 2 ? new Dictionary<string, string> { [pair[0]] = pair[1] } : null, "doctor", "--json");
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal("sha256:94bc0feccb8694f633a87deb25675ee53cc64d8f9320d833ce9d8f89dd3b784e", (string)outcome.LastJson["conformance_digest"]!);
    }

    /// <summary>200 steps of the shakespeare-char preset.</summary>
    [Theory]
    [InlineData("--threads", "2")]
    [InlineData("--simd", "256", "--threads", "3")]
    [InlineData("--simd", "128", "--threads", "1")]
    public void ShakespeareFor200Steps(params string[] resources)
    {
        using TemporaryFolder folder = new();
        IdemProcess.Outcome outcome = IdemProcess.Run(
            ["train", "--preset", "shakespeare-char", "--data", SharedData.Require("data/tinyshakespeare.txt"), "--out", folder["run"], "--steps", "200",
             "--eval-every", "0", "--sample-every", "0", "--checkpoint-every", "1000", "--json", .. resources]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal("sha256:8bc1ad73e743ffe406555ca73e3150338e47d4f46760f2f63b46dc1ee34ab12b", (string)outcome.LastJson["digest"]!);
    }
}
