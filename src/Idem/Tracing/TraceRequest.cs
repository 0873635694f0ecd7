// What a caller wants traced: which steps, and of which modules the whole tensors.

using System.Globalization;
using System.Text.RegularExpressions;

namespace Idem.Tracing;

/// <summary>A trace to be written.</summary>
/// <param name="Path">The file; chosen tensors go to the file of this name with <c>.safetensors</c> behind it.</param>
/// <param name="Steps">Which steps or passes; null: of training the first one that is executed, of a generation all.</param>
/// <param name="Tensors">Modules whose results are kept whole; null for none.</param>
public sealed record TraceRequest(string Path, TraceSteps? Steps, TensorPattern? Tensors);

/// <summary>Numbers of steps: <c>1,10-12,100</c>.</summary>
public sealed class TraceSteps
{
    private readonly (long First, long Last)[] _ranges;

    private TraceSteps((long First, long Last)[] ranges) => _ranges = ranges;

    /// <summary>Every step.</summary>
    public static TraceSteps All { get; } = new([(1, long.MaxValue)]);

    /// <summary>One step.</summary>
    public static TraceSteps Only(long step) => new([(step, step)]);

    /// <summary>Whether a step is one of them.</summary>
    public bool Contains(long step) => Array.Exists(_ranges, range => range.First <= step && step <= range.Last);

    /// <summary>Reads <c>all</c>, numbers and ranges.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static TraceSteps Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == "all" ? All : new TraceSteps([.. text.Split(',').Select(Range)]);

        (long, long) Range(string part)
        {
            string[] ends = part.Split('-');
            return ends.Length <= 2 && TryParse(ends[0], out long first) && TryParse(ends[^1], out long last) && first <= last
                ? (first, last)
                : throw new FormatException($"'{text}' does not name steps: use numbers from 1 and ranges, such as 1,10-12, or 'all'");
        }
    }

    private static bool TryParse(string text, out long step) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out step) && step > 0;
}

/// <summary>A pattern of module paths: <c>*</c> stands for any characters, <c>?</c> for one.</summary>
public sealed class TensorPattern
{
    private readonly Regex _pattern;

    /// <summary>A pattern, or several between commas.</summary>
    public TensorPattern(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        IEnumerable<string> parts = pattern.Split(',').Select(part => Regex.Escape(part).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal));
        _pattern = new Regex($"^(?:{string.Join('|', parts)})$", RegexOptions.CultureInvariant);
    }

    /// <summary>Whether a module's path fits.</summary>
    public bool Matches(string module) => _pattern.IsMatch(module);
}
