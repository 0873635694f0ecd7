// The error of a file that is not a receipt, or whose own digests do not hold: which field.

using Idem.Formats;

namespace Idem.Audit;

/// <summary>A receipt that is not what its writer wrote.</summary>
public sealed class ReceiptException : CorruptFileException
{
    private const string Redo = "Ask for the receipt again, or make the answer again: the same request gives the same receipt";

    /// <summary>An error about a field of <paramref name="file"/>; null for all of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="field">The field.</param>
    /// <param name="what">What is wrong with it.</param>
    /// <param name="isDigest">Whether the file is well-formed, but one of its digests does not hold.</param>
    public ReceiptException(string file, string? field, string what, bool isDigest = false)
        : base(file, field is null ? $"{file}: {what}" : $"{file}: {field}: {what}", what, Redo, null)
    {
        Field = field;
        IsDigest = isDigest;
    }

    /// <summary>Whether the file is well-formed, but one of its digests does not hold: something was changed in it.</summary>
    public bool IsDigest { get; }

    /// <summary>The field at fault, such as <c>samples[0].tokens[5].id</c>; null when it is the whole file.</summary>
    public string? Field { get; }
}
