// The error of a ledger that is malformed or whose chain is broken: which line, which field.

using Idem.Formats;

namespace Idem.Audit;

/// <summary>A ledger that is not what its writer wrote.</summary>
public sealed class LedgerException : CorruptFileException
{
    private const string Redo = "Lines before it stand; replay the run from the checkpoint before this step";

    /// <summary>An error at <paramref name="line"/> (from 1) of <paramref name="file"/>.</summary>
    public LedgerException(string file, long line, string? field, string what)
        : base(file, field is null ? $"{file}: line {line}: {what}" : $"{file}: line {line}: {field}: {what}", what, Redo, null)
    {
        Line = line;
        Field = field;
    }

    /// <summary>The first bad line, counted from 1.</summary>
    public long Line { get; }

    /// <summary>The field at fault; null when the whole line is.</summary>
    public string? Field { get; }
}
