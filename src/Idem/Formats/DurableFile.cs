// A file that is there whole or as it was: written beside, flushed, renamed over, and the folder flushed.

namespace Idem.Formats;

/// <summary>Atomic, durable replacement of single files.</summary>
public static class DurableFile
{
    /// <summary>Replaces or creates <paramref name="path"/>; a crash leaves the old content or the new.</summary>
    public static void Write(IFileSystem files, string path, ReadOnlySpan<byte> content)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        string pending = Path.Combine(folder, $".{Path.GetFileName(full)}.pending");
        if (files.FileExists(pending))
        {
            files.DeleteFile(pending);
        }

        using (DurableStream stream = files.CreateFile(pending))
        {
            stream.Write(content);
            stream.FlushToDisk();
        }

        files.RenameFile(pending, full);
        files.FlushDirectory(folder);
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
