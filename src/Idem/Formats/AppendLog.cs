// A file of lines that only grows. Every line reaches the system at once (a killed process loses none); lines become
// durable in groups (fsync), at the latest on Commit. What a line means is the caller's; see Audit/Ledger.

namespace Idem.Formats;

/// <summary>Durable appending of lines.</summary>
public sealed class AppendLog : IDisposable
{
    private readonly DurableStream _stream;
    private readonly string _path;
    private readonly int _linesPerFlush;
    private int _pending;
    private bool _failed;

    private AppendLog(DurableStream stream, string path, int linesPerFlush)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(linesPerFlush);
        _stream = stream;
        _path = path;
        _linesPerFlush = linesPerFlush;
    }

    /// <summary>Starts a new log; the file must not exist. It is durable, empty, on return.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="path">The file.</param>
    /// <param name="linesPerFlush">Lines after which the file is forced to the medium; 1 is the safest and slowest.</param>
    public static AppendLog Create(IFileSystem files, string path, int linesPerFlush = 1)
    {
        var log = new AppendLog(files.CreateFile(path), path, linesPerFlush);
        try
        {
            log._stream.FlushToDisk();
            files.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with an existing log, first cut to its <paramref name="length"/> bytes that are to stay.</summary>
    public static AppendLog Resume(IFileSystem files, string path, long length, int linesPerFlush = 1)
    {
        files.Truncate(path, length);
        files.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!); // its creator may have been killed before it did
        return new AppendLog(files.OpenAppend(path), path, linesPerFlush);
    }

    /// <summary>Appends one line, which must end with its only line feed.</summary>
    /// <exception cref="IOException">The disk failed, now or earlier: the file may end in part of a line, so no more is taken.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        if (line.IndexOf((byte)'\n') != line.Length - 1 || line.IsEmpty)
        {
            throw new ArgumentException("a line ends with its only line feed", nameof(line));
        }

        Guarded(line, static (stream, bytes) =>
        {
            stream.Write(bytes);
            stream.Flush();
        });
        if (++_pending >= _linesPerFlush)
        {
            Commit();
        }
    }

    /// <summary>Returns once every line appended is on the medium.</summary>
    public void Commit()
    {
        if (_pending > 0)
        {
            Guarded([], static (stream, _) => stream.FlushToDisk());
            _pending = 0;
        }
    }

    /// <summary>Closes the file, without making pending lines durable: call <see cref="Commit"/> first.</summary>
    public void Dispose() => _stream.Dispose();

    // After a failed write or fsync the state of the file is unknown, and a second fsync may claim success falsely.
    private void Guarded(ReadOnlySpan<byte> bytes, Operation operation)
    {
        if (_failed)
        {
            throw new IOException($"{_path}: an earlier write failed; resume the log from its last checkpoint");
        }

        _failed = true;
        operation(_stream, bytes);
        _failed = false;
    }

    private delegate void Operation(DurableStream stream, ReadOnlySpan<byte> bytes);
}
