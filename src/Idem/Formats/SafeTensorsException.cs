// The one error of the safetensors reader: a malformed file never raises anything else.

namespace Idem.Formats;

/// <summary>A safetensors file, or a folder of them, that is malformed or incomplete.</summary>
public sealed class SafeTensorsException : CorruptFileException
{
    /// <summary>An error about <paramref name="file"/>, in <paramref name="tensor"/> where one is to blame.</summary>
    public SafeTensorsException(string file, string? tensor, string what, string remedy, Exception? inner = null)
        : base(file, tensor is null ? $"{file}: {what}" : $"{file}: tensor '{Shorten(tensor)}': {what}", what, remedy, inner)
        => Tensor = tensor;

    /// <summary>The tensor at fault; null when the whole file is.</summary>
    public string? Tensor { get; }

    // A hostile name may be megabytes long; a message is for people.
    private static string Shorten(string name) => name.Length <= 200 ? name : string.Concat(name.AsSpan(0, 200), "...");
}
