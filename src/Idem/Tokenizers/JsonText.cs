// Writes JSON whose bytes are a function of the values alone: two spaces of indent, line feeds, members in the order written,
// and the escapes of RFC 8259 that are required, no others. It is deliberately not System.Text.Json: what that escapes may
// change with a release, and these bytes are digested. The layout is the one Hugging Face's library writes ("pretty").

using System.Globalization;
using System.Text;

namespace Idem.Tokenizers;

internal sealed class JsonText
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _first = true;
    private bool _afterName;

    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString());

    public void BeginObject() => Open('{');

    public void EndObject() => Close('}');

    public void BeginArray() => Open('[');

    public void EndArray() => Close(']');

    public void Name(string name)
    {
        Separate();
        Quote(name);
        _text.Append(": ");
        _afterName = true;
    }

    public void Null()
    {
        Separate();
        _text.Append("null");
    }

    public void Value(string? value)
    {
        if (value is null)
        {
            Null();
            return;
        }

        Separate();
        Quote(value);
    }

    public void Value(bool value)
    {
        Separate();
        _text.Append(value ? "true" : "false");
    }

    public void Value(int value)
    {
        Separate();
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Writes the shortest digits that give the number back, as serde_json does: <c>-1.5</c>, <c>0.0</c>, <c>1e-7</c>.</summary>
    public void Value(double value)
    {
        Separate();
        _text.Append(ShortestNumber.Format(value));
    }

    /// <summary>An object with a type and nothing else.</summary>
    public void Tagged(string type)
    {
        BeginObject();
        Member("type", type);
        EndObject();
    }

    public void Member(string name, string? value)
    {
        Name(name);
        Value(value);
    }

    public void Member(string name, bool value)
    {
        Name(name);
        Value(value);
    }

    public void Member(string name, int value)
    {
        Name(name);
        Value(value);
    }

    private void Open(char bracket)
    {
        Separate();
        _text.Append(bracket);
        _depth++;
        _first = true;
    }

    private void Close(char bracket)
    {
        _depth--;
        if (!_first)
        {
            NewLine();
        }

        _text.Append(bracket);
        _first = false;
    }

    private void Separate()
    {
        if (_afterName)
        {
            _afterName = false;
            return;
        }

        if (!_first)
        {
            _text.Append(',');
        }

        if (_depth > 0)
        {
            NewLine();
        }

        _first = false;
    }

    private void NewLine() => _text.Append('\n').Append(' ', 2 * _depth);

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (char c in value)
        {
            switch (c)
            {
                case '"': _text.Append("\\\""); break;
                case '\\': _text.Append("\\\\"); break;
                case '\b': _text.Append("\\b"); break;
                case '\f': _text.Append("\\f"); break;
                case '\n': _text.Append("\\n"); break;
                case '\r': _text.Append("\\r"); break;
                case '\t': _text.Append("\\t"); break;
                case < ' ': _text.Append("\\u00").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)); break;
                default: _text.Append(c); break;
            }
        }

        _text.Append('"');
    }
}
