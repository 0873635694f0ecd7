// The project's own Unicode tables, against the runtime's where that knows the same version, and against the rules.

using System.Globalization;
using System.Text;
using Idem.Tokenizers;
using Xunit;

namespace Idem.Tests.Tokenizers;

public class UnicodeTests
{
    [Fact]
    public void ClassesAreThoseOfTheRuntimesUnicode16()
    {
        bool is16 = CharUnicodeInfo.GetUnicodeCategory(0x1C89) == UnicodeCategory.UppercaseLetter
            && CharUnicodeInfo.GetUnicodeCategory(0x16EA0) == UnicodeCategory.OtherNotAssigned;
        Assert.SkipUnless(is16, "This runtime has another version of Unicode than 16.");
        for (int code = 0; code <= 0x10FFFF; code++)
        {
            CharacterClass mine = CharacterClasses.Of(code);
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(code);
            Assert.True(mine.IsLetter() == category <= UnicodeCategory.OtherLetter, $"{code:X}");
            Assert.True(mine.IsNumber() == category is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber, $"{code:X}");
            Assert.True(mine.IsWhiteSpace() == (code < 0x10000 && char.IsWhiteSpace((char)code)), $"{code:X}");
        }
    }

    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u00E9", "\u00E9")]
    [InlineData("\u1E0B\u0323", "\u1E0D\u0307")] // reordered, then composed
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u212B", "\u00C5")] // singleton
    [InlineData("\u0958", "\u0915\u093C")] // composition exclusion
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\uAC01\u11A8", "\uAC01\u11A8")]
    [InlineData("\uAC00\u11A7", "\uAC00\u11A7")]
    [InlineData("a\u0334\u0301", "\u00E1\u0334")] // a lower class between does not block
    [InlineData("a\u0345\u0301", "\u00E1\u0345")]
    [InlineData("a\u0300\u0301", "\u00E0\u0301")] // an equal class does
    [InlineData("\u0301e\u0301", "\u0301\u00E9")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\U0002F800", "\u4E3D")]
    [InlineData("\U00011935\U00011930", "\U00011935\U00011930")] // Unicode 13: not yet known
    public void ComposesByTheRules(string text, string expected) => Assert.Equal(expected, Nfc(text));

    [Fact]
    public void ComposingTwiceChangesNothing()
    {
        var random = new Random(3);
        for (int i = 0; i < 3000; i++)
        {
            string once = Nfc(TokenizerTests.RandomText(random) + "\u0323\u0307" + TokenizerTests.RandomText(random));
            Assert.Equal(once, Nfc(once));
        }
    }

    [Fact]
    public void EveryCharacterIsStableUnderItsOwnForm()
    {
        for (int code = 0; code <= 0x10FFFF; code++)
        {
            if (Rune.IsValid(code))
            {
                string once = Nfc(new Rune(code).ToString());
                Assert.Equal(once, Nfc(once));
            }
        }
    }

    private static string Nfc(string text) => UnicodeForm.Compose(TracedText.Of(text, traced: false), compatible: false).Text;
}
