// Random texts that tokenizers find hard: all planes, combining marks, controls, odd white space, special tokens spelled out, long
// runs. Seeded: text n of a seed is always the same.

using System.Text;

namespace Idem.Tests.Tokenizers;

internal sealed class RandomTexts(int seed)
{
    private static readonly string[] Common =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "\u0085", "'s", "'LL", "n't", "the", "The", "cat", "CamelCase", "42", "1234567", "!", ".", "##",
        "\u0301", "\u0323\u0307", "e\u0301", "\u1E0B\u0323", "\u200D", "\u200B", "\uFEFF", "\u0130", "\u03A3", "\uFB01", "\uAC00", "\u1100\u1161\u11A8", "\u4E2D\u6587",
        "\U00020BB7", "\U0001F600", "\U0001F469\u200D\U0001F4BB", "\0", "\u0007", "\u007F", "\uFFFD", "\u2581", "<s>", "</s>", "<unk>", "<0x41>", "[MASK]", "[SEP]",
        "<|endoftext|>", "<|im_start|>", "<|eot_id|>", "\uFFFE", "\U0010FFFF", "\uE000", "\u0600", "\u00AD",
    ];

    private readonly Random _random = new(seed);

    public string Next()
    {
        var text = new StringBuilder();
        for (int i = _random.Next(24); i > 0; i--)
        {
            string part = Part();
            text.Insert(text.Length, part, _random.Next(60) == 0 ? _random.Next(2, 200) : 1);
        }

        return text.ToString();
    }

    private string Part()
    {
        int kind = _random.Next(6);
        if (kind < 3)
        {
            return Common[_random.Next(Common.Length)];
        }

        int code = _random.Next(kind == 3 ? 0x80 : kind == 4 ? 0x3000 : 0x110000);
        return Rune.IsValid(code) ? new Rune(code).ToString() : "\uFFFD";
    }
}
