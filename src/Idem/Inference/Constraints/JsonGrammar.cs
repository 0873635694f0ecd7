// The parts that JSON texts are made of, as pieces of a grammar. White space is fixed: none, but for one blank that may follow a colon or a
// comma, as JSON is mostly written in a line. Numbers have at most so many digits that they end, and that readers hold them.

using System.Globalization;
using System.Text;

namespace Idem.Inference.Constraints;

/// <param name="grammar">Where the pieces go.</param>
internal sealed class JsonGrammar(Grammar grammar)
{
    /// <summary>Digits of an integer, and of a number before its point.</summary>
    public const int IntegerDigitsMax = 18;

    private const int FractionDigitsMax = 16, ExponentDigitsMax = 2;

    private GrammarRule? _character;

    /// <summary>Rules made here.</summary>
    public List<GrammarRule> Rules { get; } = [];

    /// <summary>A piece of punctuation, which one blank may follow.</summary>
    public void AddSeparator(int from, byte mark, int to)
    {
        int after = grammar.AddNode();
        grammar.AddBytes(from, mark, mark, after);
        grammar.AddBytes(after, (byte)' ', (byte)' ', to);
        grammar.AddSkip(after, to);
    }

    /// <summary>A string with its quotation marks.</summary>
    /// <param name="from">Where it begins.</param>
    /// <param name="min">Characters at least.</param>
    /// <param name="max">Characters at most; null for any number.</param>
    /// <param name="to">Where it ends.</param>
    public void AddString(int from, int min, int? max, int to)
    {
        int node = grammar.AddNode();
        grammar.AddBytes(from, (byte)'"', (byte)'"', node);
        for (int i = 0; i < (max ?? min); i++)
        {
            if (i >= min)
            {
                grammar.AddBytes(node, (byte)'"', (byte)'"', to);
            }

            int next = grammar.AddNode();
            grammar.AddCall(node, Character, next);
            node = next;
        }

        if (max is null)
        {
            AddCharacter(node, node); // a loop that calls nothing: the usual string has few states
        }

        grammar.AddBytes(node, (byte)'"', (byte)'"', to);
    }

    /// <summary>A whole number in a range, without a plus, leading zeros or a negative zero.</summary>
    public void AddInteger(int from, long min, long max, int to)
    {
        if (min < 0)
        {
            int digits = grammar.AddNode();
            grammar.AddBytes(from, (byte)'-', (byte)'-', digits);
            AddDigits(digits, max < 0 ? -max : 1, -min, to);
        }

        if (max >= 0)
        {
            AddDigits(from, Math.Max(0, min), max, to);
        }
    }

    /// <summary>A number: digits, a fraction, an exponent.</summary>
    public void AddNumber(int from, int to)
    {
        int unsigned = grammar.AddNode(), whole = grammar.AddNode(), point = grammar.AddNode(), fraction = grammar.AddNode();
        grammar.AddSkip(from, unsigned);
        grammar.AddBytes(from, (byte)'-', (byte)'-', unsigned);
        grammar.AddBytes(unsigned, (byte)'0', (byte)'0', whole);
        int leading = grammar.AddNode();
        grammar.AddBytes(unsigned, (byte)'1', (byte)'9', leading);
        AddAnyDigits(leading, 0, IntegerDigitsMax - 1, whole);
        grammar.AddSkip(whole, fraction);
        grammar.AddBytes(whole, (byte)'.', (byte)'.', point);
        AddAnyDigits(point, 1, FractionDigitsMax, fraction);
        grammar.AddSkip(fraction, to);
        int exponent = grammar.AddNode(), signed = grammar.AddNode();
        grammar.AddBytes(fraction, (byte)'e', (byte)'e', exponent);
        grammar.AddBytes(fraction, (byte)'E', (byte)'E', exponent);
        grammar.AddSkip(exponent, signed);
        grammar.AddBytes(exponent, (byte)'+', (byte)'+', signed);
        grammar.AddBytes(exponent, (byte)'-', (byte)'-', signed);
        AddAnyDigits(signed, 1, ExponentDigitsMax, to);
    }

    /// <summary>One of several texts, as a tree of their beginnings.</summary>
    public void AddTexts(int from, IEnumerable<byte[]> texts, int to)
    {
        Dictionary<(int Node, byte Value), int> tree = [];
        foreach (byte[] text in texts)
        {
            int[] path = new int[text.Length + 1];
            path[0] = from;
            for (int i = 0; i < text.Length; i++)
            {
                if (!tree.TryGetValue((path[i], text[i]), out path[i + 1]))
                {
                    path[i + 1] = tree[(path[i], text[i])] = grammar.AddNode();
                    grammar.AddBytes(path[i], text[i], text[i], path[i + 1]);
                }
            }

            grammar.AddCharacters(path, text);
            grammar.AddSkip(path[^1], to);
        }
    }

    private GrammarRule Character
    {
        get
        {
            if (_character is null)
            {
                GrammarRule rule = grammar.AddRule();
                Rules.Add(rule);
                AddCharacter(rule.Start, rule.End);
                _character = rule;
            }

            return _character.Value;
        }
    }

    // One character of a string: well-formed UTF-8 (Unicode 16, table 3-7), or an escape. Halves of surrogate pairs come in pairs.
    private void AddCharacter(int from, int to)
    {
        grammar.AddBytes(from, 0x20, 0x21, to);
        grammar.AddBytes(from, 0x23, 0x5B, to);
        grammar.AddBytes(from, 0x5D, 0x7F, to);
        int one = Tail(to), two = Tail(one), three = Tail(two);
        grammar.AddBytes(from, 0xC2, 0xDF, one);
        AddLead(0xE0, 0xE0, 0xA0, 0xBF, one);
        grammar.AddBytes(from, 0xE1, 0xEC, two);
        AddLead(0xED, 0xED, 0x80, 0x9F, one);
        grammar.AddBytes(from, 0xEE, 0xEF, two);
        AddLead(0xF0, 0xF0, 0x90, 0xBF, two);
        grammar.AddBytes(from, 0xF1, 0xF3, three);
        AddLead(0xF4, 0xF4, 0x80, 0x8F, two);
        AddEscape(from, to);

        int Tail(int next)
        {
            int node = grammar.AddNode();
            grammar.AddBytes(node, 0x80, 0xBF, next);
            return node;
        }

        void AddLead(byte first, byte last, byte low, byte high, int next)
        {
            int node = grammar.AddNode();
            grammar.AddBytes(from, first, last, node);
            grammar.AddBytes(node, low, high, next);
        }
    }

    private void AddEscape(int from, int to)
    {
        int escape = grammar.AddNode(), unit = grammar.AddNode();
        grammar.AddBytes(from, (byte)'\\', (byte)'\\', escape);
        foreach (byte letter in "\"\\/bfnrt"u8)
        {
            grammar.AddBytes(escape, letter, letter, to);
        }

        grammar.AddBytes(escape, (byte)'u', (byte)'u', unit);
        int one = Hex(to), two = Hex(one), three = Hex(two), dee = grammar.AddNode();
        AddAny(unit, "0123456789abcefABCEF"u8, three);
        AddAny(unit, "dD"u8, dee);
        AddAny(dee, "01234567"u8, two);

        int lowDee = grammar.AddNode(), low = grammar.AddNode();
        AddAny(low, "dD"u8, lowDee);
        AddAny(lowDee, "cdefCDEF"u8, two);
        int mark = grammar.AddNode();
        grammar.AddText(mark, "\\u"u8, low);
        AddAny(dee, "89abAB"u8, Hex(Hex(mark)));

        int Hex(int next)
        {
            int node = grammar.AddNode();
            AddAny(node, "0123456789abcdefABCDEF"u8, next);
            return node;
        }

        void AddAny(int at, ReadOnlySpan<byte> values, int next)
        {
            foreach (byte value in values)
            {
                grammar.AddBytes(at, value, value, next);
            }
        }
    }

    private void AddAnyDigits(int from, int min, int max, int to)
    {
        for (int i = 0; i < max; i++)
        {
            if (i >= min)
            {
                grammar.AddSkip(from, to);
            }

            int next = i == max - 1 ? to : grammar.AddNode();
            grammar.AddBytes(from, (byte)'0', (byte)'9', next);
            from = next;
        }
    }

    // The decimal digits of the numbers from min to max, one length after the other.
    private void AddDigits(int from, long min, long max, int to)
    {
        long begin = 0; // the smallest number of this length
        for (int length = 1; length <= IntegerDigitsMax && begin <= max; length++)
        {
            long next = begin == 0 ? 10 : begin * 10;
            if (next > min)
            {
                AddSameLength(from, Digits(Math.Max(min, begin)), Digits(Math.Min(max, next - 1)), to);
            }

            begin = next;
        }

        static byte[] Digits(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
    }

    // Numbers of one length: while the digits are those of both bounds, of one of them, or of none, which leaves the rest free.
    private void AddSameLength(int from, byte[] low, byte[] high, int to)
    {
        int both = from, atLow = -1, atHigh = -1, free = -1;
        for (int i = 0; i < low.Length; i++)
        {
            bool isLast = i == low.Length - 1;
            int nextBoth = -1, nextLow = -1, nextHigh = -1, nextFree = -1;
            if (free >= 0)
            {
                Add(free, (byte)'0', (byte)'9', ref nextFree);
            }

            if (atLow >= 0)
            {
                Add(atLow, low[i], low[i], ref nextLow);
                Add(atLow, (byte)(low[i] + 1), (byte)'9', ref nextFree);
            }

            if (atHigh >= 0)
            {
                Add(atHigh, high[i], high[i], ref nextHigh);
                Add(atHigh, (byte)'0', (byte)(high[i] - 1), ref nextFree);
            }

            if (both >= 0 && low[i] == high[i])
            {
                Add(both, low[i], low[i], ref nextBoth);
            }
            else if (both >= 0)
            {
                Add(both, low[i], low[i], ref nextLow);
                Add(both, high[i], high[i], ref nextHigh);
                Add(both, (byte)(low[i] + 1), (byte)(high[i] - 1), ref nextFree);
            }

            (both, atLow, atHigh, free) = (nextBoth, nextLow, nextHigh, nextFree);

            void Add(int at, byte first, byte last, ref int next)
            {
                if (first <= last)
                {
                    next = next >= 0 ? next : isLast ? to : grammar.AddNode();
                    grammar.AddBytes(at, first, last, next);
                }
            }
        }
    }
}
