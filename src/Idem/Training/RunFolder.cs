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
    public static bool IsRun(string path) => File.Exists(System.IO.Path.Combine(path, RunManifest.FileName));

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
    public IReadOnlyList<long> CheckpointSteps()
    {
        string folder = System.IO.Path.Combine(Path, CheckpointsFolder);
        if (!Files.DirectoryExists(folder))
        {
            return [];
        }

        List<long> steps = [];
        foreach (FolderEntry entry in Files.List(folder))
        {
            // A folder that a crash set aside (".step-N.previous") still counts: opening it finds it.
            string name = entry.Name.StartsWith('.') && entry.Name.EndsWith(".previous", StringComparison.Ordinal)
                ? entry.Name[1..^".previous".Length]
                : entry.Name;
            if (entry.IsDirectory && name.StartsWith(StepPrefix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(StepPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
                && CheckpointPath(step).EndsWith(name, StringComparison.Ordinal) && !steps.Contains(step))
            {
                steps.Add(step);
            }
        }

        steps.Sort();
        return steps;
    }

    private static void CreateDirectories(IFileSystem files, string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        if (files.DirectoryExists(full))
        {
            return;
        }

        string parent = System.IO.Path.GetDirectoryName(full)!;
        CreateDirectories(files, parent);
        files.CreateDirectory(full);
        files.FlushDirectory(parent);
    }
}
