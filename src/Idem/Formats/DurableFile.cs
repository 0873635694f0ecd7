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
        string target = files.Target(path), pending = PendingOf(files, target);
        using (DurableStream stream = files.CreateFile(pending))
        {
            stream.Write(content);
            stream.FlushToDisk();
        }

        Publish(files, pending, target);
    }

    /// <summary>As <see cref="Write(IFileSystem, string, ReadOnlySpan{byte})"/>, of content that is streamed.</summary>
    /// <exception cref="IOException">Something that is no plain file is there, or the disk failed.</exception>
    public static void Write(IFileSystem files, string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = files.Target(path), pending = PendingOf(files, target);
        using (DurableStream stream = files.CreateFile(pending))
        {
            write(stream);
            stream.FlushToDisk();
        }

        Publish(files, pending, target);
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

    private static void Publish(IFileSystem files, string pending, string target)
    {
        files.RenameFile(pending, target);
        files.FlushDirectory(Path.GetDirectoryName(target)!);
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
