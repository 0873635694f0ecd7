// A file system in memory that forgets like a disk: what was written is visible at once, but survives a power cut only
// after fsync of the file, and of the folder for its entries. It can stop the process after any operation, or fail it.
// Harsher than any disk where the promises of one end: of what was not flushed, any part survives, in any order.

using Idem.Formats;

namespace Idem.Tests.Formats;

/// <summary>The process stopped here.</summary>
internal sealed class CrashException : Exception;

/// <summary>What outlives a crash.</summary>
internal enum CrashKind
{
    /// <summary>The process was killed; the system kept everything written, flushed or not, and a later power cut may still take it.</summary>
    Kill,

    /// <summary>Power cut: only what was flushed is left.</summary>
    PowerCut,

    /// <summary>Power cut after the system had saved the entries of folders, but no unflushed content.</summary>
    PowerCutEntriesSaved,

    /// <summary>As before, with half of each file's unflushed bytes saved.</summary>
    PowerCutTorn,

    /// <summary>Power cut: of unflushed writes and changes of entries, each survives or not by itself; a hole in a file reads as zeros.</summary>
    PowerCutReordered,
}

internal sealed class FaultyFileSystem : IFileSystem
{
    private FaultyFolder _root = new();
    private int _operationsLeft = int.MaxValue;

    /// <summary>Operations done since the last <see cref="CrashAfter"/>.</summary>
    public int Operations { get; private set; }

    /// <summary>A canary: pretends to flush.</summary>
    public bool IgnoreFileFlush { get; set; }

    /// <summary>A canary: pretends to flush folders.</summary>
    public bool IgnoreFolderFlush { get; set; }

    /// <summary>An error to raise instead of crashing when the operations are used up.</summary>
    public Func<Exception>? Fault { get; set; }

    /// <summary>Whether operations succeed again after one <see cref="Fault"/>.</summary>
    public bool FaultPasses { get; set; }

    /// <summary>Whether only operations that take space fail, as on a full disk.</summary>
    public bool FaultsSpaceOnly { get; set; }

    /// <summary>Whether opening a file to read counts as an operation, and can fail.</summary>
    public bool CountsReads { get; set; }

    /// <summary>An error to raise when the bytes of an open file are read, as a failing disk does.</summary>
    public Func<Exception>? ContentFault { get; set; }

    public void CrashAfter(int operations)
    {
        _operationsLeft = operations;
        Operations = 0;
    }

    /// <summary>What a new process finds; <paramref name="random"/> decides what survives a <see cref="CrashKind.PowerCutReordered"/>.</summary>
    public FaultyFileSystem Reboot(CrashKind kind, Random? random = null) => new() { _root = _root.AfterCrash(kind, random ?? new Random(Operations)) };

    public string Target(string path) => Path.GetFullPath(path); // it has files and folders only

    public DurableStream CreateFile(string path)
    {
        (FaultyFolder folder, string name) = Locate(path);
        if (folder.Entries.ContainsKey(name))
        {
            throw new IOException($"{path} exists");
        }

        var file = new FaultyFile();
        Do(() => folder.Put(name, file), takesSpace: true);
        return new Writer(this, file);
    }

    public DurableStream OpenAppend(string path)
    {
        (FaultyFolder folder, string name) = Locate(path);
        if (!folder.Entries.TryGetValue(name, out object? file))
        {
            file = new FaultyFile();
            Do(() => folder.Put(name, file), takesSpace: true);
        }

        return new Writer(this, (FaultyFile)file);
    }

    public Stream OpenRead(string path)
    {
        Read();
        return new MemoryStream(Content(path), writable: false);
    }

    public FileContent OpenContent(string path)
    {
        Read();
        return new MemoryContent(Content(path), ContentFault);
    }

    public void Truncate(string path, long length)
    {
        var file = (FaultyFile)Get(path)!;
        Do(() => file.Truncate((int)length));
        Flush(file);
    }

    public void CreateDirectory(string path)
    {
        (FaultyFolder folder, string name) = Locate(path);
        Do(() => folder.Put(name, new FaultyFolder()), takesSpace: true);
    }

    public void FlushDirectory(string path)
    {
        var folder = (FaultyFolder)Get(path)!;
        Do(() =>
        {
            if (!IgnoreFolderFlush)
            {
                folder.Flush();
            }
        });
    }

    public void RenameFile(string from, string to) => Rename(from, to);

    public void RenameDirectory(string from, string to)
    {
        if (Get(to) is not null)
        {
            throw new IOException($"{to} exists");
        }

        Rename(from, to);
    }

    public void DeleteFile(string path)
    {
        (FaultyFolder folder, string name) = Locate(path);
        Do(() => folder.Remove(name));
    }

    // One operation per entry, as rm -r does it.
    public void DeleteDirectory(string path)
    {
        foreach ((string name, object entry) in ((FaultyFolder)Get(path)!).Entries.ToArray())
        {
            if (entry is FaultyFolder)
            {
                DeleteDirectory(Path.Combine(path, name));
            }
            else
            {
                DeleteFile(Path.Combine(path, name));
            }
        }

        DeleteFile(path);
    }

    public bool FileExists(string path) => Get(path) is FaultyFile;

    public bool DirectoryExists(string path) => Get(path) is FaultyFolder;

    public IReadOnlyList<FolderEntry> List(string path) =>
    [
        .. ((FaultyFolder)Get(path)!).Entries.OrderBy(e => e.Key, NameOrder.Instance)
            .Select(e => new FolderEntry(e.Key, e.Value is FaultyFolder, e.Value is FaultyFile file ? file.Content.Count : 0)),
    ];

    /// <summary>The bytes of a file; for tests to damage.</summary>
    public byte[] Content(string path) => [.. (Get(path) as FaultyFile ?? throw new FileNotFoundException(path)).Content];

    public void Replace(string path, byte[] content)
    {
        (FaultyFolder folder, string name) = Locate(path);
        folder.Entries[name] = new FaultyFile(content);
    }

    /// <summary>The paths of all files, in ordinal order.</summary>
    public IReadOnlyList<string> AllFiles(string path) =>
        [.. List(path).SelectMany(entry => entry.IsDirectory ? AllFiles(Path.Combine(path, entry.Name)) : [Path.Combine(path, entry.Name)])];

    private void Rename(string from, string to)
    {
        (FaultyFolder folder, string oldName) = Locate(from);
        (FaultyFolder target, string newName) = Locate(to);
        if (folder != target)
        {
            throw new NotSupportedException("a rename stays within its folder");
        }

        Do(() => folder.Rename(oldName, newName));
    }

    private void Read()
    {
        if (CountsReads)
        {
            Do(() => { });
        }
    }

    // A failed fsync may have dropped what it could not write, and a later one will not say so.
    private void Flush(FaultyFile file)
    {
        try
        {
            Do(() =>
            {
                if (!IgnoreFileFlush)
                {
                    file.Flush();
                }
            });
        }
        catch (IOException)
        {
            file.LoseUnflushed();
            throw;
        }
    }

    private void Do(Action operation, bool takesSpace = false)
    {
        if (_operationsLeft == 0 && (takesSpace || !FaultsSpaceOnly))
        {
            _operationsLeft = FaultPasses ? int.MaxValue : 0;
            throw Fault?.Invoke() ?? new CrashException();
        }

        _operationsLeft = Math.Max(0, _operationsLeft - 1);
        Operations++;
        operation();
    }

    private object? Get(string path)
    {
        object? node = _root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = (node as FaultyFolder)?.Entries.GetValueOrDefault(part);
        }

        return node;
    }

    private (FaultyFolder Folder, string Name) Locate(string path)
        => (Get(Path.GetDirectoryName(path)!) as FaultyFolder ?? throw new DirectoryNotFoundException(path), Path.GetFileName(path));

    private sealed class MemoryContent(byte[] bytes, Func<Exception>? fault) : FileContent
    {
        public override long Length => bytes.Length;

        public override ReadOnlySpan<byte> Bytes(long offset, int count) => fault is null ? bytes.AsSpan((int)offset, count) : throw fault();

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Writer(FaultyFileSystem owner, FaultyFile file) : DurableStream
    {
        public override long Length => file.Content.Count;

        // Two halves, so that a crash can fall into the middle of a write, and a full disk take half of one.
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            byte[] head = buffer[..(buffer.Length / 2)].ToArray(), tail = buffer[(buffer.Length / 2)..].ToArray();
            owner.Do(() => file.Append(head), takesSpace: true);
            owner.Do(() => file.Append(tail), takesSpace: true);
        }

        public override void Flush()
        {
        }

        public override void FlushToDisk() => owner.Flush(file);
    }
}
