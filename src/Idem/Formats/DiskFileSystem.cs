// The real file system. Durability rests on fsync of files and, on Unix, of folders, which .NET cannot open: three calls
// into libc do that. Windows has no such call; NTFS journals its entries.

using System.Runtime.InteropServices;

namespace Idem.Formats;

/// <summary><see cref="IFileSystem"/> over the disk.</summary>
public sealed partial class DiskFileSystem : IFileSystem
{
    private const int BufferBytes = 1 << 16;

    /// <summary>The one instance.</summary>
    public static DiskFileSystem Instance { get; } = new();

    private DiskFileSystem()
    {
    }

    /// <inheritdoc/>
    public string Target(string path)
    {
        string target = FileKind.Follow(path);
        return FileKind.Other(path) is not { } kind ? target
            : throw new IOException($"{path}{(target == Path.GetFullPath(path) ? "" : $", which is {target},")} is {kind}: name a plain file");
    }

    /// <inheritdoc/>
    public DurableStream CreateFile(string path)
    {
        try
        {
            return new DiskStream(path, FileMode.CreateNew);
        }
        catch (FileNotFoundException e)
        {
            throw new IOException($"{path}: the system makes no files there; name one elsewhere", e); // such as /proc
        }
    }

    /// <inheritdoc/>
    public DurableStream OpenAppend(string path) => new DiskStream(path, FileMode.Append);

    /// <inheritdoc/>
    public Stream OpenRead(string path)
        => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferBytes);

    /// <inheritdoc/>
    public FileContent OpenContent(string path) => new MappedFile(path);

    /// <inheritdoc/>
    public void Truncate(string path, long length)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, stream.Length);
        stream.SetLength(length);
        stream.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent && !Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException(
                File.Exists(parent) ? $"{parent} is a file, in which there is no folder: name one elsewhere" : $"the folder {parent} does not exist: create it, or name another");
        }

        if (File.Exists(path))
        {
            throw new IOException($"{path} is a file: name a folder elsewhere");
        }

        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{path}: the system makes no folders there; name one elsewhere", e); // such as /proc
        }
    }

    /// <inheritdoc/>
    public void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = LibC.Open(path, LibC.ReadOnly);
        if (descriptor < 0)
        {
            // A folder that one may write to but not list cannot be flushed.
            if (Marshal.GetLastPInvokeError() == LibC.PermissionDenied)
            {
                return;
            }

            throw Failure("open", path);
        }

        try
        {
            // EINVAL: a file system that cannot flush folders (some network mounts); nothing more can be done there.
            if (LibC.FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != LibC.InvalidArgument)
            {
                throw Failure("fsync", path);
            }
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    /// <inheritdoc/>
    public void RenameFile(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void RenameDirectory(string from, string to) => Directory.Move(from, to);

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void DeleteDirectory(string path) => Directory.Delete(path, recursive: true);

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool DirectoryExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public IReadOnlyList<FolderEntry> List(string path)
    {
        FolderEntry[] entries =
        [
            .. new DirectoryInfo(path).EnumerateFileSystemInfos().Select(
                info => new FolderEntry(info.Name, info is DirectoryInfo, info is FileInfo file ? file.Length : 0)),
        ];
        Array.Sort(entries, (a, b) => NameOrder.Instance.Compare(a.Name, b.Name));
        return entries;
    }

    private static IOException Failure(string call, string path)
        => new($"{call} of folder '{path}': {Marshal.GetLastPInvokeErrorMessage()}");

    private sealed class DiskStream(string path, FileMode mode) : DurableStream
    {
        private readonly FileStream _stream = new(path, mode, FileAccess.Write, FileShare.Read, BufferBytes);

        public override long Length => _stream.Length;

        public override void Write(ReadOnlySpan<byte> buffer) => _stream.Write(buffer);

        public override void Flush() => _stream.Flush();

        public override void FlushToDisk() => _stream.Flush(flushToDisk: true);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private static partial class LibC
    {
        public const int ReadOnly = 0;
        public const int PermissionDenied = 13; // EACCES, likewise
        public const int InvalidArgument = 22; // EINVAL on Linux, macOS and FreeBSD alike

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        public static partial int FSync(int descriptor);

        [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
        public static partial int Close(int descriptor);
    }
}
