// The one error of the GGUF reader: a malformed file, or one of a kind that is not read, never raises anything else.

namespace Idem.Formats;

/// <summary>A GGUF file that is malformed, incomplete, or holds what is not supported.</summary>
public sealed class GgufException : CorruptFileException
{
    /// <summary>An error about <paramref name="file"/>, at the <paramref name="item"/> (a metadata key or a tensor) to blame, if one is.</summary>
    public GgufException(string file, string? item, string what, string remedy, Exception? inner = null)
        : base(file, item is null ? $"{file}: {what}" : $"{file}: '{Shorten(item)}': {what}", what, remedy, inner)
        => Item = item;

    /// <summary>The metadata key or tensor at fault; null when the whole file is.</summary>
    public string? Item { get; }

    // A hostile name may be megabytes long; a message is for people.
    private static string Shorten(string name) => name.Length <= 200 ? name : string.Concat(name.AsSpan(0, 200), "...");
}
