// A text to learn from that needs no download and belongs to nobody: tales, lessons and songs of a small valley, written by
// this program. Integer arithmetic and a counter-based stream alone, so the same seed gives the same bytes everywhere.
//
// It is made to be learnable by a small model in minutes: few words, agreement (one apple, two apples; he, she), sums that are
// right, days in order, quotation marks that close, songs that rhyme. What may never change: the text of a (seed, characters).

using System.Text;
using Idem.Numerics.Random;

namespace Idem.Data;

/// <summary>The built-in demonstration text.</summary>
public static class DemoCorpus
{
    /// <summary>The length of the default text in characters; the generated text has at least this many.</summary>
    public const int DefaultCharacters = 500_000;

    /// <summary>Writes whole pieces, with blank lines between, until there are at least so many characters. ASCII only.</summary>
    public static string Generate(ulong seed = 1, int characters = DefaultCharacters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(characters);
        var teller = new DemoTeller(new RandomStream(seed, "data", "demo"));
        var text = new StringBuilder(characters + 2000);
        while (text.Length < characters)
        {
            if (text.Length > 0)
            {
                text.Append('\n');
            }

            teller.TellPiece(text);
        }

        return text.ToString();
    }
}
