// The error of every file this assembly refuses: which file, what is wrong, what to do about it.
// Not for failing disks: those stay the IOException the system raised.

namespace Idem.Formats;

/// <summary>A file or folder whose bytes are not what its format or its manifest says.</summary>
public class CorruptFileException : IOException
{
    /// <summary>An error about <paramref name="file"/>; the message joins the three parts.</summary>
    public CorruptFileException(string file, string what, string remedy, Exception? inner = null)
        : this(file, $"{file}: {what}", what, remedy, inner)
    {
    }

    /// <summary>For derived errors that name a place inside the file (<paramref name="where"/> starts the message).</summary>
    protected CorruptFileException(string file, string where, string what, string remedy, Exception? inner)
        : base($"{where}. {remedy}", inner)
    {
        File = file;
        What = what;
        Remedy = remedy;
    }

    /// <summary>The file or folder.</summary>
    public string File { get; }

    /// <summary>What is wrong with it.</summary>
    public string What { get; }

    /// <summary>What the reader of the message can do.</summary>
    public string Remedy { get; }
}
