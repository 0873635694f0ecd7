// A folder that is there whole or not at all: the unit of a checkpoint. A crash at any instant of Write leaves the
// folder of before, or the new one. The protocol (docs/formats.md "Durable folders") may only change together with the
// crash test, which stops at every operation.
// Not for two writers at once, and not for files inside sub-folders.

using System.Security.Cryptography;

namespace Idem.Formats;

/// <summary>One file to write: its plain name and what streams its content.</summary>
public sealed record FolderFile(string Name, Action<Stream> Write);

/// <summary>Durable, verified folders.</summary>
public sealed class AtomicFolder
{
    /// <summary>Ends the name of a folder that a newer one is about to replace; it still counts where the newer one is not there.</summary>
    internal const string PreviousSuffix = ".previous";

    private const string PendingSuffix = ".pending";
    private const string Redo = "Use another copy or an earlier checkpoint";

    private readonly IFileSystem _files;
    private readonly FolderManifest _manifest;

    private AtomicFolder(IFileSystem files, string path, FolderManifest manifest)
    {
        _files = files;
        Path = path;
        _manifest = manifest;
    }

    /// <summary>Where it was found; the set-aside previous folder after a crash between the two renames.</summary>
    public string Path { get; }

    /// <summary>The files, without the manifest, in ordinal name order.</summary>
    public IReadOnlyList<string> Names => [.. _manifest.Items.Select(item => item.Name)];

    /// <summary>Writes the folder, replacing the previous one if there is one.</summary>
    /// <exception cref="ArgumentException">A name that is not plain, repeated, or that of the manifest.</exception>
    /// <exception cref="IOException">The disk failed; the previous folder is still whole.</exception>
    public static void Write(IFileSystem files, string path, IEnumerable<FolderFile> content)
    {
        (string parent, string pending, string previous) = Siblings(path);
        FolderFile[] list = [.. content];
        CheckNames(list);
        Clean(files, path);

        try
        {
            files.CreateDirectory(pending);
            var manifest = new FolderManifest(list.Select(file => WriteFile(files, pending, file)).ToArray());
            WriteFile(files, pending, new FolderFile(FolderManifest.FileName, stream => stream.Write(manifest.Encode())));
            files.FlushDirectory(pending);
            if (files.DirectoryExists(path))
            {
                files.RenameDirectory(path, previous);
                files.FlushDirectory(parent); // the old name is free on the medium before the new folder takes it
            }

            files.RenameDirectory(pending, path);
        }
        catch (IOException)
        {
            TryClean(files, path);
            throw;
        }

        files.FlushDirectory(parent);
        if (files.DirectoryExists(previous))
        {
            files.DeleteDirectory(previous);
        }
    }

    /// <summary>Whether there is a folder to open, be it the set-aside previous one.</summary>
    public static bool Exists(IFileSystem files, string path) => Find(files, path) is not null;

    /// <summary>
    /// Opens the folder read-only: its manifest is checked, every file is present with its size, and nothing else is there.
    /// Leftovers beside it are ignored.
    /// </summary>
    /// <exception cref="CorruptFileException">It is not so.</exception>
    public static AtomicFolder Open(IFileSystem files, string path)
    {
        string found = Find(files, path)
            ?? throw new CorruptFileException(path, "there is no such folder", "Check the path");
        IReadOnlyList<FolderEntry> entries = files.List(found);
        var folder = new AtomicFolder(files, found, ReadManifest(files, found, entries));
        folder.CheckEntries(entries);
        return folder;
    }

    /// <summary>Opens the folder and checks the digest of every file.</summary>
    /// <exception cref="CorruptFileException">A file is missing, extra, of the wrong size or changed.</exception>
    public static AtomicFolder OpenVerified(IFileSystem files, string path)
    {
        AtomicFolder folder = Open(files, path);
        folder.Verify();
        return folder;
    }

    /// <summary>Checks the digest of every file.</summary>
    /// <exception cref="CorruptFileException">A file is changed.</exception>
    public void Verify()
    {
        foreach (FolderManifest.Item item in _manifest.Items)
        {
            using Stream stream = _files.OpenRead(At(item.Name));
            string actual = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (actual != item.Sha256)
            {
                throw new CorruptFileException(At(item.Name), $"its SHA-256 is {actual}, the manifest says {item.Sha256}", Redo);
            }
        }
    }

    /// <summary>The path of a file of the folder, e.g. to map it.</summary>
    public string PathOf(string name) => At(Item(name).Name);

    /// <summary>Opens a safetensors file of the folder.</summary>
    /// <exception cref="CorruptFileException">The manifest does not list it, or it is malformed.</exception>
    public SafeTensorsFile OpenTensors(string name) => SafeTensorsFile.Open(_files, PathOf(name));

    /// <summary>A small file, whole, its digest checked.</summary>
    /// <exception cref="CorruptFileException">The manifest does not list it, or it is changed.</exception>
    public byte[] ReadAllBytes(string name)
    {
        FolderManifest.Item item = Item(name);
        using Stream stream = _files.OpenRead(At(name));
        byte[] bytes = new byte[checked((int)item.Size)];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) != bytes.Length
            || Convert.ToHexStringLower(SHA256.HashData(bytes)) != item.Sha256)
        {
            throw new CorruptFileException(At(name), "its SHA-256 is not the manifest's", Redo);
        }

        return bytes;
    }

    /// <summary>
    /// Finishes what a crash left: restores the previous folder if it was set aside, deletes half-written ones.
    /// <see cref="Write"/> does it by itself.
    /// </summary>
    public static void Clean(IFileSystem files, string path)
    {
        (string parent, string pending, string previous) = Siblings(path);
        if (files.DirectoryExists(previous))
        {
            if (files.DirectoryExists(path))
            {
                // The rename is visible but perhaps not yet on the medium; the previous folder goes only after it is.
                files.FlushDirectory(parent);
                files.DeleteDirectory(previous);
            }
            else
            {
                files.RenameDirectory(previous, path);
                files.FlushDirectory(parent);
            }
        }

        if (files.DirectoryExists(pending))
        {
            files.DeleteDirectory(pending);
        }
    }

    // A full disk should not stay full of half a checkpoint. The first error is the one to report.
    private static void TryClean(IFileSystem files, string path)
    {
        try
        {
            Clean(files, path);
        }
        catch (IOException)
        {
        }
    }

    private static FolderManifest.Item WriteFile(IFileSystem files, string folder, FolderFile file)
    {
        using DurableStream stream = files.CreateFile(System.IO.Path.Combine(folder, file.Name));
        using var hashing = new HashingStream(stream);
        file.Write(hashing);
        stream.FlushToDisk();
        return new FolderManifest.Item(file.Name, hashing.Length, hashing.Finish());
    }

    private static FolderManifest ReadManifest(IFileSystem files, string folder, IReadOnlyList<FolderEntry> entries)
    {
        string path = System.IO.Path.Combine(folder, FolderManifest.FileName);
        FolderEntry entry = entries.FirstOrDefault(e => e.Name == FolderManifest.FileName && !e.IsDirectory);
        if (entry.Name is null)
        {
            throw new CorruptFileException(folder, $"has no {FolderManifest.FileName}", Redo);
        }

        if (entry.Size > FolderManifest.BytesMax)
        {
            throw new CorruptFileException(path, $"has {entry.Size} bytes, more than any manifest", Redo);
        }

        using Stream stream = files.OpenRead(path);
        byte[] bytes = new byte[entry.Size];
        stream.ReadExactly(bytes);
        return FolderManifest.Parse(bytes, path);
    }

    private void CheckEntries(IReadOnlyList<FolderEntry> entries)
    {
        foreach (FolderManifest.Item item in _manifest.Items)
        {
            FolderEntry entry = entries.FirstOrDefault(e => e.Name == item.Name && !e.IsDirectory);
            if (entry.Name is null)
            {
                throw new CorruptFileException(At(item.Name), "is missing, though the manifest lists it", Redo);
            }

            if (entry.Size != item.Size)
            {
                throw new CorruptFileException(At(item.Name), $"has {entry.Size} bytes, the manifest says {item.Size}", Redo);
            }
        }

        foreach (FolderEntry entry in entries)
        {
            if (entry.Name != FolderManifest.FileName && !_manifest.Items.Any(item => item.Name == entry.Name))
            {
                throw new CorruptFileException(At(entry.Name), "is not in the manifest", "Move it out of the folder");
            }
        }
    }

    private FolderManifest.Item Item(string name) => _manifest.Items.FirstOrDefault(item => item.Name == name)
        ?? throw new CorruptFileException(Path, $"holds no file '{name}'", "Check that the folder is of the expected kind");

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private static string? Find(IFileSystem files, string path)
    {
        string previous = Siblings(path).Previous;
        return files.DirectoryExists(path) ? path : files.DirectoryExists(previous) ? previous : null;
    }

    /// <summary>The name of the folder that this entry is, or is a leftover of.</summary>
    internal static string NameOf(string entry) => !entry.StartsWith('.') ? entry
        : entry.EndsWith(PreviousSuffix, StringComparison.Ordinal) ? entry[1..^PreviousSuffix.Length]
        : entry.EndsWith(PendingSuffix, StringComparison.Ordinal) ? entry[1..^PendingSuffix.Length]
        : entry;

    // Fixed names, so that leftovers cannot pile up; a leading dot keeps them out of listings.
    private static (string Parent, string Pending, string Previous) Siblings(string path)
    {
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        string parent = System.IO.Path.GetDirectoryName(full)
            ?? throw new ArgumentException("the root of a file system cannot be replaced", nameof(path));
        string name = System.IO.Path.GetFileName(full);
        return (parent, System.IO.Path.Combine(parent, $".{name}{PendingSuffix}"), System.IO.Path.Combine(parent, $".{name}{PreviousSuffix}"));
    }

    private static void CheckNames(FolderFile[] content)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { FolderManifest.FileName, "", ".", ".." };
        foreach (FolderFile file in content)
        {
            if (file.Name.AsSpan().ContainsAny("/\\:\0") || !NameOrder.IsEncodable(file.Name) || !names.Add(file.Name))
            {
                throw new ArgumentException($"'{file.Name}' is not a plain file name, or is taken", nameof(content));
            }
        }
    }
}
