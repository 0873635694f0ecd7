// The error of a file that is not a receipt, or whose own digests do not hold: which field.

using Idem.Formats;

namespace Idem.Audit;

/// <summary>A receipt that is not what its writer wrote.</summary>
public sealed class ReceiptException : CorruptFileException
{
    private const string Redo = "Ask for the receipt again, or make the answer again: the same request gives the same receipt";

    /// <summary>An error about a field of <paramref name="file"/>; null for all of it.</summary>
    public ReceiptException(string file, string? field, string what)
        : base(file, field is null ? $"{file}: {what}" : $"{file}: {field}: {what}", what, Redo, null) => Field = field;

    /// <summary>The field at fault, such as <c>samples[0].tokens[5].id</c>; null when it is the whole file.</summary>
    public string? Field { get; }
}
