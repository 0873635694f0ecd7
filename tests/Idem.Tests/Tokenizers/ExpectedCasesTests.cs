// Small tokenizers of every kind, with what Hugging Face's library 0.23.2 makes of odd texts.

using System.IO.Compression;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class ExpectedCasesTests
{
    [Fact]
    public void EveryKindGivesWhatTheLibraryGives()
    {
        int cases = 0;
        Assert.Empty(TokenizerCases.Differences(Read(), count => cases += count).Take(20));
        Assert.True(cases > 500, $"only {cases} cases were found");
    }

    private static byte[] Read()
    {
        using Stream packed = typeof(ExpectedCasesTests).Assembly.GetManifestResourceStream("tokenizer-cases.json.gz")!;
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }
}
