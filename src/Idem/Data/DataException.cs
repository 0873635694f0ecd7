// The one failure of reading and cutting training data.

namespace Idem.Data;

/// <summary>Training data cannot be used; the message says where, why and what to do.</summary>
public sealed class DataException : Exception
{
    /// <summary>Creates the exception; the message joins place, problem and remedy.</summary>
    public DataException(string place, string problem, string remedy, long? byteOffset = null, Exception? inner = null)
        : base($"{place}: {problem} {remedy}", inner)
    {
        Place = place;
        Remedy = remedy;
        ByteOffset = byteOffset;
    }

    /// <summary>The file or folder, or the part of the data.</summary>
    public string Place { get; }

    /// <summary>What to do about it, one sentence.</summary>
    public string Remedy { get; }

    /// <summary>Whether the file or folder is missing or may not be read, rather than being other than it should.</summary>
    public bool IsAbsent { get; init; }

    /// <summary>Where in the file, from 0, if it is about one byte.</summary>
    public long? ByteOffset { get; }
}
