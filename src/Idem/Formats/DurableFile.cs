// A file that is there whole or as it was: written beside, flushed, renamed over, and the folder flushed. A device, a pipe or a link is never
// replaced by a file: what is no plain file is refused, and a link stays, its file being replaced.

namespace Idem.Formats;

/// <summary>Atomic, durable replacement of single files.</summary>
public static class DurableFile
{
    /// <summary>Replaces or creates <paramref name="path"/>, or what a link there leads to; a crash leaves the old content or the new.</summary>
    /// <exception cref="IOException">Something that is no plain file is there, or the disk failed.</exception>
    public static void Write(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        byte[] bytes = content.ToArray();
        Write(files, path, stream => stream.Write(bytes));
    }

    /// <summary>As <see cref="Write(IFileSystem, string, ReadOnlySpan{byte})"/>, of content that is streamed.</summary>
    /// <exception cref="IOException">Something that is no plain file is there, or the disk failed.</exception>
    public static void Write(IFileSystem files, string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = files.Target(path), pending = PendingOf(files, target);
        try
        {
            using (DurableStream stream = files.CreateFile(pending))
            {
                write(stream);
                stream.FlushToDisk();
            }

            files.RenameFile(pending, target);
        }
        catch (IOException)
        {
            TryDelete(files, pending);
            throw;
        }

        files.FlushDirectory(Path.GetDirectoryName(target)!);
    }

    private static string PendingOf(IFileSystem files, string target)
    {
        string pending = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.pending");
        if (files.FileExists(pending))
        {
            files.DeleteFile(pending);
        }

        return pending;
    }

    // What is half written would only fill a full disk; where it cannot be deleted, the next write does it.
    private static void TryDelete(IFileSystem files, string pending)
    {
        try
        {
            if (files.FileExists(pending))
            {
                files.DeleteFile(pending);
            }
        }
        catch (IOException)
        {
            // The first failure says more.
        }
    }

    /// <summary>The whole content of a small file.</summary>
    public static byte[] Read(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
