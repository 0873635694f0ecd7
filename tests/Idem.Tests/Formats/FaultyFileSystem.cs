// A file system in memory that forgets like a disk: what was written is visible at once, but survives a power cut only
// after fsync of the file, and of the folder for its entries. It can stop the process after any operation.

using Idem.Formats;

namespace Idem.Tests.Formats;

/// <summary>The process stopped here.</summary>
internal sealed class CrashException : Exception;

/// <summary>What outlives a crash.</summary>
internal enum CrashKind
{
    /// <summary>The process was killed; the system kept everything written.</summary>
    Kill,

    /// <summary>Power cut: only what was flushed is left.</summary>
    PowerCut,

    /// <summary>Power cut after the system had saved the entries of folders, but no unflushed content.</summary>
    PowerCutEntriesSaved,

    /// <summary>As before, with half of each file's unflushed bytes saved.</summary>
    PowerCutTorn,
}

internal sealed class FaultyFileSystem : IFileSystem
{
    private Folder _root = new();
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

    public void CrashAfter(int operations)
    {
        _operationsLeft = operations;
        Operations = 0;
    }

    /// <summary>What a new process finds.</summary>
    public FaultyFileSystem Reboot(CrashKind kind) => new() { _root = _root.AfterCrash(kind) };

    public DurableStream CreateFile(string path)
    {
        (Folder folder, string name) = Locate(path);
        if (folder.Entries.ContainsKey(name))
        {
            throw new IOException($"{path} exists");
        }

        var node = new Node();
        Do(() => folder.Entries[name] = node);
        return new Writer(this, node);
    }

    public DurableStream OpenAppend(string path)
    {
        (Folder folder, string name) = Locate(path);
        if (!folder.Entries.TryGetValue(name, out object? node))
        {
            node = new Node();
            Do(() => folder.Entries[name] = node);
        }

        return new Writer(this, (Node)node);
    }

    public Stream OpenRead(string path) => new MemoryStream(Content(path), writable: false);

    public void Truncate(string path, long length)
    {
        var node = (Node)Get(path)!;
        Do(() => node.Content.RemoveRange((int)length, node.Content.Count - (int)length));
        Do(node.Flush);
    }

    public void CreateDirectory(string path)
    {
        (Folder folder, string name) = Locate(path);
        Do(() => folder.Entries.Add(name, new Folder()));
    }

    public void FlushDirectory(string path)
    {
        var folder = (Folder)Get(path)!;
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
        (Folder folder, string name) = Locate(path);
        Do(() => folder.Entries.Remove(name));
    }

    // One operation per entry, as rm -r does it.
    public void DeleteDirectory(string path)
    {
        foreach (string name in ((Folder)Get(path)!).Entries.Keys.ToArray())
        {
            DeleteFile(Path.Combine(path, name));
        }

        DeleteFile(path);
    }

    public bool FileExists(string path) => Get(path) is Node;

    public bool DirectoryExists(string path) => Get(path) is Folder;

    public IReadOnlyList<FolderEntry> List(string path) =>
    [
        .. ((Folder)Get(path)!).Entries.OrderBy(e => e.Key, NameOrder.Instance)
            .Select(e => new FolderEntry(e.Key, e.Value is Folder, e.Value is Node node ? node.Content.Count : 0)),
    ];

    /// <summary>The bytes of a file; for tests to damage.</summary>
    public byte[] Content(string path) => [.. (Get(path) as Node ?? throw new FileNotFoundException(path)).Content];

    public void Replace(string path, byte[] content)
    {
        (Folder folder, string name) = Locate(path);
        folder.Entries[name] = new Node { Content = [.. content] };
    }

    private void Rename(string from, string to)
    {
        (Folder source, string oldName) = Locate(from);
        (Folder target, string newName) = Locate(to);
        Do(() =>
        {
            target.Entries[newName] = source.Entries[oldName];
            source.Entries.Remove(oldName);
        });
    }

    private void Do(Action operation)
    {
        if (_operationsLeft == 0)
        {
            _operationsLeft = FaultPasses ? int.MaxValue : 0;
            throw Fault?.Invoke() ?? new CrashException();
        }

        _operationsLeft--;
        Operations++;
        operation();
    }

    private object? Get(string path)
    {
        object? node = _root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = (node as Folder)?.Entries.GetValueOrDefault(part);
        }

        return node;
    }

    private (Folder Folder, string Name) Locate(string path)
        => (Get(Path.GetDirectoryName(path)!) as Folder ?? throw new DirectoryNotFoundException(path), Path.GetFileName(path));

    private sealed class Node
    {
        private List<byte> _durable = [];

        public List<byte> Content { get; init; } = [];

        public void Flush() => _durable = [.. Content];

        public Node AfterCrash(CrashKind kind)
        {
            List<byte> left = kind switch
            {
                CrashKind.Kill => Content,
                CrashKind.PowerCutTorn when Content.Count > _durable.Count =>
                    [.. Content.Take(_durable.Count + ((Content.Count - _durable.Count + 1) / 2))],
                _ => _durable,
            };
            return new Node { Content = [.. left], _durable = [.. left] };
        }
    }

    private sealed class Folder
    {
        private Dictionary<string, object> _durable = [];

        public Dictionary<string, object> Entries { get; init; } = [];

        public void Flush() => _durable = new(Entries);

        public Folder AfterCrash(CrashKind kind)
        {
            var left = (kind == CrashKind.PowerCut ? _durable : Entries).ToDictionary(
                e => e.Key, e => e.Value is Folder folder ? folder.AfterCrash(kind) : (object)((Node)e.Value).AfterCrash(kind));
            return new Folder { Entries = left, _durable = new(left) };
        }
    }

    private sealed class Writer(FaultyFileSystem owner, Node node) : DurableStream
    {
        public override long Length => node.Content.Count;

        // Two halves, so that a crash can fall into the middle of a write.
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            byte[] head = buffer[..(buffer.Length / 2)].ToArray(), tail = buffer[(buffer.Length / 2)..].ToArray();
            owner.Do(() => node.Content.AddRange(head));
            owner.Do(() => node.Content.AddRange(tail));
        }

        public override void Flush()
        {
        }

        public override void FlushToDisk() => owner.Do(() =>
        {
            if (!owner.IgnoreFileFlush)
            {
                node.Flush();
            }
        });
    }
}
