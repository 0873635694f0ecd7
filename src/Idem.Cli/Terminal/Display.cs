// How a verb talks to a person: colours and live regions on a terminal, plain lines when piped, nothing under --json.

using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Idem.Cli.Terminal;

internal static class Display
{
    /// <summary>Whether standard output is a terminal that takes colours and cursor movement.</summary>
    public static bool IsLive { get; } = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private static readonly JsonSerializerOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteJson(JsonNode node) => Console.Out.WriteLine(node.ToJsonString(JsonOptions));

    /// <summary>A line of markup on a terminal, of plain text elsewhere.</summary>
    public static void Line(string markup)
    {
        if (IsLive)
        {
            AnsiConsole.MarkupLine(markup);
        }
        else
        {
            Console.Out.WriteLine(Markup.Remove(markup));
        }
    }

    public static string Escape(string text) => Markup.Escape(text);

    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>1234567 as 1,234,567.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Seconds as 0.25 s while they are few, then as <see cref="Duration"/> has them.</summary>
    public static string Seconds(double seconds) => seconds < 10 ? Number(seconds, "0.00") + " s" : Duration(seconds);

    /// <summary>Seconds as 7 s, 2:05 or 1:02:05.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0)
        {
            return "?";
        }

        TimeSpan time = TimeSpan.FromSeconds(Math.Min(seconds, 3.15e9));
        return time.TotalMinutes < 1 ? Number(time.TotalSeconds, "0") + " s"
            : time.TotalHours < 1 ? $"{time.Minutes}:{time.Seconds:00}"
            : string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}");
    }
}
