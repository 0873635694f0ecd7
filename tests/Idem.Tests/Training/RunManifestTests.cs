using System.Text;
using Idem.Audit;
using Idem.Formats;
using Idem.Tests.Support;
using Idem.Training;

namespace Idem.Tests.Training;

/// <summary>run.json: its bytes and what the genesis digest covers are set in stone; what older runs do not state is no error.</summary>
public class RunManifestTests
{
    private const string Genesis = "sha256:e5cac3183f8229ac94938d4b562dfeda38a5d495c3197a990a5029201a6ce816";

    // A run of its own, of the first version of this format.
    private static readonly byte[] Known = File.ReadAllBytes(Path.Combine(SharedData.ProjectRoot, "tests", "Idem.Tests", "Training", "known-run.json"));

    [Fact]
    public void TheKnownRunIsReadAndWrittenByteForByte()
    {
        RunManifest manifest = RunManifest.Decode(Known, "run.json");
        Assert.Equal(Genesis, manifest.Genesis.ToString());
        Assert.Equal(Invariances.OfTraining, manifest.InvariantUnder);
        Assert.Equal(Encoding.UTF8.GetString(Known), Encoding.UTF8.GetString(manifest.Encode()));
    }

    [Fact]
    public void WhatDecidesNoBitIsNotInTheGenesisButInTheChecksum()
    {
        RunManifest known = RunManifest.Decode(Known, "run.json");
        foreach (RunManifest other in new[]
        {
            known with { DataPaths = ["/elsewhere"] }, known with { Environment = known.Environment with { Threads = 99 } }, known with { InvariantUnder = [] }, known with { InvariantUnder = ["threads", "a later name"] },
        })
        {
            Assert.Equal(Genesis, other.Genesis.ToString());
            RunManifest read = RunManifest.Decode(other.Encode(), "run.json");
            Assert.Equal(other.InvariantUnder, read.InvariantUnder);
            Assert.Equal(other.Encode(), read.Encode());
        }

        Assert.DoesNotContain("invariant_under", Encoding.UTF8.GetString((known with { InvariantUnder = [] }).Encode()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"threads\",", "\"thread\",")]
    [InlineData("\"threads\": 2", "\"threads\": 3")]
    [InlineData("\"seed\": 1337", "\"seed\": 1338")]
    [InlineData("\"beta1\"", "\"beta2\"")]
    [InlineData("    \"resume\"\n", "    \"resume\",\n    \"batch\"\n")]
    [InlineData("\"arithmetic\": \"idem-1\"", "\"arithmetic\": \"idem-2\"")]
    [InlineData("\"checksum\": \"sha256:", "\"checksum\": \"sha256:0")]
    [InlineData("\n}\n", "\n}")]
    public void AChangeOfAnyKindIsRefused(string from, string to)
    {
        string text = Encoding.UTF8.GetString(Known);
        Assert.Contains(from, text, StringComparison.Ordinal);
        CorruptFileException exception = Assert.Throws<CorruptFileException>(() => RunManifest.Decode(Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal)), "a/run.json"));
        Assert.StartsWith("a/run.json: ", exception.Message, StringComparison.Ordinal);
    }
}
