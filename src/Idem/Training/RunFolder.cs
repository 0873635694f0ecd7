// The layout of a run folder: run.json, tokenizer.json, ledger.jsonl, checkpoints/step-NNNNNNNN/. Knows names, computes nothing.

using System.Globalization;
using Idem.Audit;
using Idem.Formats;

namespace Idem.Training;

/// <summary>A training run on disk.</summary>
public sealed class RunFolder
{
    /// <summary>The tokenizer, trained before the first step.</summary>
    public const string TokenizerFile = "tokenizer.json";

    private const string CheckpointsFolder = "checkpoints";
    private const string StepPrefix = "step-";

    private RunFolder(IFileSystem files, string path, RunManifest manifest)
    {
        Files = files;
        Path = path;
        Manifest = manifest;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>What the run is.</summary>
    public RunManifest Manifest { get; }

    /// <summary>The ledger's path.</summary>
    public string LedgerPath => System.IO.Path.Combine(Path, Ledger.FileName);

    /// <summary>The tokenizer's path.</summary>
    public string TokenizerPath => System.IO.Path.Combine(Path, TokenizerFile);

    internal IFileSystem Files { get; }

    /// <summary>Whether a run was begun in this folder.</summary>
    public static bool IsRun(string path) => IsRun(DiskFileSystem.Instance, path);

    internal static bool IsRun(IFileSystem files, string path) => files.FileExists(System.IO.Path.Combine(path, RunManifest.FileName));

    /// <summary>Begins a run: the tokenizer, then run.json, each durable.</summary>
    /// <exception cref="IOException">The folder holds something else, or cannot be written.</exception>
    internal static RunFolder Create(IFileSystem files, string path, RunManifest manifest, ReadOnlySpan<byte> tokenizer)
    {
        CreateDirectories(files, path);
        string checkpoints = System.IO.Path.Combine(path, CheckpointsFolder);
        if (!files.DirectoryExists(checkpoints))
        {
            files.CreateDirectory(checkpoints);
        }

        DurableFile.Write(files, System.IO.Path.Combine(path, TokenizerFile), tokenizer);
        DurableFile.Write(files, System.IO.Path.Combine(path, RunManifest.FileName), manifest.Encode());
        return new RunFolder(files, path, manifest);
    }

    /// <summary>Opens a run.</summary>
    /// <exception cref="CorruptFileException">run.json is not what was written.</exception>
    /// <exception cref="FileNotFoundException">There is no run in the folder.</exception>
    public static RunFolder Open(IFileSystem files, string path)
    {
        string file = System.IO.Path.Combine(path, RunManifest.FileName);
        if (!files.FileExists(file))
        {
            throw new FileNotFoundException($"{path} is not a run folder: it has no {RunManifest.FileName}; name a folder that 'idem train --out' wrote");
        }

        return new RunFolder(files, path, RunManifest.Decode(DurableFile.Read(files, file), file));
    }

    /// <summary>Checks that the tokenizer is the one that the run was begun with.</summary>
    /// <exception cref="CorruptFileException">It is not.</exception>
    public void VerifyTokenizer()
    {
        if (!Files.FileExists(TokenizerPath))
        {
            throw new CorruptFileException(TokenizerPath, "is missing", "Restore it from a copy of the run, or from a checkpoint");
        }

        Digest actual = Digest.Of(DurableFile.Read(Files, TokenizerPath));
        if (actual != Manifest.Tokenizer)
        {
            throw new CorruptFileException(TokenizerPath, $"has digest {actual}, {RunManifest.FileName} says {Manifest.Tokenizer}", "Restore it from a copy of the run, or from a checkpoint");
        }
    }

    /// <summary>The folder of the checkpoint after this step.</summary>
    public string CheckpointPath(long step) => System.IO.Path.Combine(
        Path, CheckpointsFolder, StepPrefix + step.ToString("D8", CultureInfo.InvariantCulture));

    /// <summary>Steps that have a checkpoint, ascending.</summary>
    public IReadOnlyList<long> CheckpointSteps() =>
        // A folder that a crash set aside (".step-N.previous") still counts: opening it finds it.
        [.. StepsOf(entry => !entry.StartsWith('.') || entry.EndsWith(AtomicFolder.PreviousSuffix, StringComparison.Ordinal))];

    /// <summary>
    /// Finishes what a killed writer left of its checkpoints, and makes durable what can be seen: who goes on from a checkpoint must
    /// not find later that a power cut took it. For the one writer of the run.
    /// </summary>
    internal void Settle()
    {
        foreach (long step in StepsOf(_ => true))
        {
            AtomicFolder.Clean(Files, CheckpointPath(step));
        }

        string folder = System.IO.Path.Combine(Path, CheckpointsFolder);
        if (Files.DirectoryExists(folder))
        {
            Files.FlushDirectory(folder);
        }
    }

    // Steps whose folder, or a leftover of it, is among the entries asked for.
    private SortedSet<long> StepsOf(Func<string, bool> isAskedFor)
    {
        SortedSet<long> steps = [];
        string folder = System.IO.Path.Combine(Path, CheckpointsFolder);
        foreach (FolderEntry entry in Files.DirectoryExists(folder) ? Files.List(folder) : [])
        {
            string name = AtomicFolder.NameOf(entry.Name);
            if (entry.IsDirectory && isAskedFor(entry.Name) && name.StartsWith(StepPrefix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(StepPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
                && CheckpointPath(step).EndsWith(name, StringComparison.Ordinal))
            {
                steps.Add(step);
            }
        }

        return steps;
    }

    private static void CreateDirectories(IFileSystem files, string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        if (System.IO.Path.GetDirectoryName(full) is not { } parent)
        {
            return;
        }

        if (!files.DirectoryExists(full))
        {
            CreateDirectories(files, parent);
            files.CreateDirectory(full);
        }

        files.FlushDirectory(parent); // also of a folder that is there: its creator may have been killed before it did
    }
}
