// The bytes of an open file at any offset: what a reader of tensors needs of a file system. Files of the disk are mapped.

namespace Idem.Formats;

/// <summary>Random access to the content of a file. Spans and tensors over it are valid until it is disposed.</summary>
public abstract class FileContent : IDisposable
{
    /// <summary>Bytes in all.</summary>
    public abstract long Length { get; }

    /// <summary><paramref name="count"/> bytes from <paramref name="offset"/>, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The window reaches outside the file.</exception>
    public abstract ReadOnlySpan<byte> Bytes(long offset, int count);

    /// <summary>A part of the file as the data of a tensor.</summary>
    public TensorData Window(long start, long byteCount) => new WindowData(this, start, byteCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    protected abstract void Dispose(bool disposing);

    private sealed class WindowData(FileContent file, long start, long byteCount) : TensorData
    {
        public override long ByteCount => byteCount;

        public override ReadOnlySpan<byte> Bytes(long offset, int count)
        {
            CheckWindow(byteCount, offset, count);
            return file.Bytes(start + offset, count);
        }
    }
}
