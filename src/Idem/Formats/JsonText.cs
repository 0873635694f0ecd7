// Byte-stable JSON output. Formats hash and compare these bytes, so the escaping is spelled out here instead of left to
// a library's defaults: quote, backslash and control characters are escaped as serde_json does, all else is raw UTF-8.

using System.Globalization;
using System.Text;

namespace Idem.Formats;

internal static class JsonText
{
    public static StringBuilder AppendString(this StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        return text.Append('"');
    }

    public static StringBuilder AppendInteger(this StringBuilder text, long value)
        => text.Append(value.ToString(CultureInfo.InvariantCulture));
}
