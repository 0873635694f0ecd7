// Text of HTML: everything that comes from a run is escaped, numbers are written the same in every culture.

using System.Globalization;
using System.Net;
using System.Text;

namespace Idem.Cli.Report;

internal sealed class Html
{
    private readonly StringBuilder _text = new();

    /// <summary>Markup of our own, as it is.</summary>
    public Html Raw(string markup)
    {
        _text.Append(markup).Append('\n');
        return this;
    }

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A digest, which may be broken anywhere.</summary>
    public static string Code(string text) => $"<code>{Escape(text)}</code>";

    /// <summary>A place in a drawing.</summary>
    public static string Place(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A table: the head's cells and the rows' are markup; the first cell of a row is its header.</summary>
    public Html Table(string caption, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows, string kind = "")
    {
        Raw($"<div class=\"scroll\"><table class=\"{kind}\"><caption>{Escape(caption)}</caption>");
        Raw($"<thead><tr>{string.Concat(head.Select(cell => $"<th scope=\"col\">{cell}</th>"))}</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
        {
            Raw($"<tr><th scope=\"row\">{row[0]}</th>{string.Concat(row.Skip(1).Select(cell => $"<td>{cell}</td>"))}</tr>");
        }

        return Raw("</tbody></table></div>");
    }

    public override string ToString() => _text.ToString();
}
