// Makes the next state of a traced text, character by character. Each character says how it relates to the old ones, as
// Hugging Face's NormalizedString::transform has it: 0 replaces the next old character, +1 is put in without using one up,
// -n replaces the next and uses up n more.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class TextRewriter
{
    private readonly TracedText _source;
    private readonly StringBuilder _text;
    private readonly List<int>? _starts;
    private readonly List<int>? _ends;
    private int _position; // in the old text, in UTF-16 units

    /// <summary>Begins to rewrite a text whose first <paramref name="skipped"/> characters have no successor.</summary>
    public TextRewriter(TracedText source, int skipped = 0)
    {
        _source = source;
        _text = new StringBuilder(source.Text.Length);
        if (source.IsTraced)
        {
            _starts = new List<int>(source.Text.Length);
            _ends = new List<int>(source.Text.Length);
            UseUp(skipped);
        }
    }

    public void Put(int codePoint, int change)
    {
        int before = _text.Length;
        if (codePoint < 0x10000)
        {
            _text.Append((char)codePoint);
        }
        else
        {
            _text.Append(char.ConvertFromUtf32(codePoint));
        }

        if (_starts is null)
        {
            return;
        }

        int unit = change > 0 ? _position - 1 : Math.Min(_position, _source.Text.Length - 1);
        (int start, int end) = unit < 0 ? (0, 0) : _source.PartOf(unit);
        for (int i = before; i < _text.Length; i++)
        {
            _starts.Add(start);
            _ends!.Add(end);
        }

        if (change <= 0)
        {
            UseUp(1 - change);
        }
    }

    /// <summary>Uses up old characters; what is put in next stands for the last of them.</summary>
    public void Skip(int characters)
    {
        if (_starts is not null)
        {
            UseUp(characters);
        }
    }

    public TracedText ToText() => new(_text.ToString(), _starts?.ToArray(), _ends?.ToArray());

    private void UseUp(int characters)
    {
        for (; characters > 0 && _position < _source.Text.Length; characters--)
        {
            _position += char.IsHighSurrogate(_source.Text[_position]) && _position + 1 < _source.Text.Length ? 2 : 1;
        }
    }
}
