// Mutated files and long texts: the one exception, and time that grows as the input does.

using System.Diagnostics;
using Idem.Tokenizers;
using Xunit;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Tests.Tokenizers;

public class HardInputTests
{
    [Fact]
    public void MutatedFilesAreRefusedOrGood()
    {
        var mutator = new TokenizerMutator(20261124);
        int good = Enumerable.Range(0, 3000).Count(_ => TokenizerMutator.Try(mutator.Next()));
        Assert.InRange(good, 100, 2900);
    }

    [Fact]
    public void AMillionOfOneCharacterIsNoWorkToSpeakOf()
    {
        // Quadratic work on a million would take hours; the bound is generous.
        var watch = Stopwatch.StartNew();
        foreach ((string name, string json) in Kinds())
        {
            Tokenizer tokenizer = Tokenizer.Parse(System.Text.Encoding.UTF8.GetBytes(json), name);
            foreach (string unit in (string[])["a", " ", "\u0301", "\U0001F600", "\n"])
            {
                string text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
                tokenizer.Decode(tokenizer.Encode(text));
            }
        }

        Assert.True(watch.Elapsed.TotalSeconds < 120, $"took {watch.Elapsed}");
    }

    private static IEnumerable<(string Name, string Json)> Kinds()
    {
        using Stream packed = typeof(HardInputTests).Assembly.GetManifestResourceStream("tokenizer-cases.json.gz")!;
        using var unpacked = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Decompress);
        string[] names = ["llama2", "t5", "albert", "bert-tttt", "rx-o200", "deepseek"];
        return
        [
            .. JsonNode.Parse(unpacked)!["tokenizers"]!.AsArray()
                .Select(entry => ((string)entry!["name"]!, entry["tokenizer"]!.ToJsonString()))
                .Where(kind => names.Contains(kind.Item1)),
        ];
    }
}
