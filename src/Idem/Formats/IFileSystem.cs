// Every operation durable writing depends on, and no other: a test can stand in for the disk and fail each one.
// Paths are ordinary paths. One writer per folder is assumed; readers may come at any time.

namespace Idem.Formats;

/// <summary>The file operations of durable writing.</summary>
public interface IFileSystem
{
    /// <summary>Where a file of that path is to be written: links are followed to their end. Only a plain file may be there, or none.</summary>
    /// <exception cref="IOException">Something else is there: a folder, a device, a pipe.</exception>
    string Target(string path);

    /// <summary>Creates a new file for writing; an existing one is an <see cref="IOException"/>.</summary>
    DurableStream CreateFile(string path);

    /// <summary>Opens a file, created if absent, positioned at its end.</summary>
    DurableStream OpenAppend(string path);

    /// <summary>Opens an existing file for reading.</summary>
    Stream OpenRead(string path);

    /// <summary>Opens an existing file for reading at any offset.</summary>
    FileContent OpenContent(string path);

    /// <summary>Cuts a file to <paramref name="length"/> bytes, durably.</summary>
    void Truncate(string path, long length);

    /// <summary>Creates one folder inside an existing one; a file in its place is an <see cref="IOException"/>.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes the entries of a folder durable: files created, renamed and deleted in it.</summary>
    void FlushDirectory(string path);

    /// <summary>Renames a file within its folder, atomically, replacing what is there.</summary>
    void RenameFile(string from, string to);

    /// <summary>Renames a folder within its parent, atomically; <paramref name="to"/> must be absent.</summary>
    void RenameDirectory(string from, string to);

    /// <summary>Deletes a file.</summary>
    void DeleteFile(string path);

    /// <summary>Deletes a folder with all it holds. Not atomic.</summary>
    void DeleteDirectory(string path);

    /// <summary>Whether a file of that path exists.</summary>
    bool FileExists(string path);

    /// <summary>Whether a folder of that path exists.</summary>
    bool DirectoryExists(string path);

    /// <summary>The entries of a folder in ordinal name order.</summary>
    IReadOnlyList<FolderEntry> List(string path);
}

/// <summary>One entry of a folder; <paramref name="Size"/> is 0 for a folder.</summary>
public readonly record struct FolderEntry(string Name, bool IsDirectory, long Size);
