using System.Globalization;
using System.Text.RegularExpressions;
using Idem.Data;
using Xunit;

namespace Idem.Tests.Data;

public partial class DemoCorpusTests
{
    private static readonly string Text = DemoCorpus.Generate();

    [Fact]
    public void DigestIsPinned()
    {
        Assert.Equal("sha256:2eaa39cf0e1c888b5289f298beeeeec166e9c3bb0468d23303e12905ec9f5cbc", new TextCorpus([new("demo", Text)]).Digest);
    }

    [Fact]
    public void TextIsSmallAndPlain()
    {
        Assert.InRange(Text.Length, DemoCorpus.DefaultCharacters, DemoCorpus.DefaultCharacters + 2000);
        Assert.All(Text.Distinct(), c => Assert.True(c is '\n' or (>= ' ' and <= '~')));
        Assert.InRange(Text.Distinct().Count(), 40, 70);
        Assert.EndsWith("\n", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n\n", Text, StringComparison.Ordinal);
        Assert.All(Text.Split("\n\n"), piece => Assert.True(piece.Count(c => c == '"') % 2 == 0, piece));
    }

    [Fact]
    public void EverySumIsRight()
    {
        MatchCollection sums = Sum().Matches(Text);
        Assert.True(sums.Count > 1000);
        foreach (Match sum in sums)
        {
            int[] numbers = [.. ((string[])["a", "b", "c"]).Select(name => int.Parse(sum.Groups[name].Value, CultureInfo.InvariantCulture))];
            int expected = sum.Groups["op"].Value == "plus" ? numbers[0] + numbers[1] : numbers[0] - numbers[1];
            Assert.Equal(expected, numbers[2]);
        }
    }

    [Fact]
    public void LongerTextBeginsWithTheShorter()
    {
        Assert.StartsWith(DemoCorpus.Generate(1, 10_000), Text, StringComparison.Ordinal);
        Assert.NotEqual(DemoCorpus.Generate(2, 10_000), DemoCorpus.Generate(1, 10_000));
    }

    [GeneratedRegex(@"(?<a>\d+) (?<op>plus|minus) (?<b>\d+) is (?<c>\d+)\.")]
    private static partial Regex Sum();
}
