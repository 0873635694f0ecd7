using Idem.Inference;

namespace Idem.Tests.Inference;

/// <summary>A text ends before the first stop string, however it is cut into parts.</summary>
public class StopStringsTests
{
    [Theory]
    [InlineData("one\n\ntwo", "one", "\n\n")]
    [InlineData("aaab", "a", "aab")]
    [InlineData("ab", "ab", "abc")]
    [InlineData("xabcd", "xa", "abcd", "bc")] // the one that is complete first
    [InlineData("xabc", "x", "bc", "abc")] // complete together: the longest
    [InlineData("stop", "", "stop")]
    [InlineData("no such thing", "no such thing", "zz", "ng!")]
    public void The_text_ends_before_the_first(string text, string expected, params string[] stops)
    {
        for (int cuts = 0; cuts < 1 << (text.Length - 1); cuts += text.Length > 10 ? 37 : 1)
        {
            StopStrings watch = new(stops);
            string seen = "";
            int begin = 0;
            for (int i = 1; i <= text.Length; i++)
            {
                if (i == text.Length || (cuts >> (i - 1) & 1) != 0)
                {
                    seen += watch.Append(text[begin..i]);
                    Assert.StartsWith(seen, expected, StringComparison.Ordinal); // nothing is shown that a stop string takes back
                    begin = i;
                }
            }

            seen += watch.Finish();
            Assert.Equal(expected, seen);
        }
    }

    [Fact]
    public void Without_strings_nothing_is_held_back() => Assert.Equal("abc", new StopStrings([]).Append("abc"));
}
