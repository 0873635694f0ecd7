using Idem.Formats;

namespace Idem.Tests.Formats;

/// <summary>Which texts name repositories; finding them is tested through the command line, whose environment can be set.</summary>
public class HubCacheTests
{
    [Theory]
    [InlineData("gpt2", true)]
    [InlineData("meta-llama/Llama-3.2-1B", true)]
    [InlineData("owner/name@0123abcd", true)]
    [InlineData("/etc/passwd", false)]
    [InlineData("../name", false)]
    [InlineData("a/b/c", false)]
    [InlineData("a b", false)]
    [InlineData("owner/..", false)]
    [InlineData("", false)]
    public void NamesOfRepositories(string text, bool isName) => Assert.Equal(isName, HubCache.IsName(text));
}
