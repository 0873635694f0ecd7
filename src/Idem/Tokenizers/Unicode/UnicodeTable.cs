// Reads the Unicode tables that lie beside this file as embedded text. They are the project's own copies, so that a newer
// runtime with a newer Unicode can never move a token boundary.

using System.Globalization;
using System.Reflection;

namespace Idem.Tokenizers;

internal static class UnicodeTable
{
    /// <summary>The lines of an embedded table without comments.</summary>
    public static IEnumerable<string> Lines(string name)
    {
        Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Idem.Tokenizers.Unicode.{name}")
            ?? throw new InvalidOperationException($"The assembly lacks its embedded table '{name}': rebuild it.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                yield return line;
            }
        }
    }

    public static int Hex(ReadOnlySpan<char> digits) =>
        int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
