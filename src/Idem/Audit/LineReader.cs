// Cuts a stream into lines of bounded length, without ever holding more than one.

namespace Idem.Audit;

internal sealed class LineReader(Stream stream, string file, int lineBytesMax)
{
    private readonly byte[] _buffer = new byte[Math.Max(1 << 16, lineBytesMax + 1)];
    private int _start;
    private int _end;

    /// <summary>The number of the line last read, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Bytes up to and with that line's line feed.</summary>
    public long EndOffset { get; private set; }

    /// <summary>The next line without its line feed, valid until the next call; false at the end.</summary>
    /// <exception cref="LedgerException">The line is too long, or the file ends inside it.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, Math.Min(_end - _start, lineBytesMax + 1)).IndexOf((byte)'\n')) < 0)
        {
            if (_end - _start > lineBytesMax)
            {
                throw new LedgerException(file, Line + 1, null, $"is longer than {lineBytesMax} bytes");
            }

            if (!Fill())
            {
                line = default;
                return _end == _start
                    ? false
                    : throw new LedgerException(file, Line + 1, null, "the file ends inside it: the write was cut short");
            }
        }

        line = _buffer.AsMemory(_start, length);
        _start += length + 1;
        EndOffset += length + 1;
        Line++;
        return true;
    }

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
