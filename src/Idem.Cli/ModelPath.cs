// From what a person names to the model they mean: a folder, a file, a run, or a repository in the local Hugging Face cache.

using System.CommandLine;
using Idem.Formats;
using Idem.Inference;
using Idem.Numerics.Kernels;
using Idem.Training;

namespace Idem.Cli;

internal static class ModelPath
{
    /// <summary>What every verb says of its model argument.</summary>
    public const string Description = "A model folder, a GGUF file, a run folder (its newest checkpoint), or a name in the Hugging Face cache.";

    /// <summary>A run folder becomes its newest checkpoint, a repository's name its folder in the cache; anything else stays.</summary>
    public static string Resolve(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? path
                : HubCache.IsName(path) ? HubCache.Find(path)
                : throw new FileNotFoundException($"{path} does not exist: name a safetensors or GGUF file, a model folder or a run folder");
        }

        if (!RunFolder.IsRun(path))
        {
            return path;
        }

        RunFolder run = RunFolder.Open(DiskFileSystem.Instance, path);
        IReadOnlyList<long> steps = run.CheckpointSteps();
        return steps.Count > 0
            ? AtomicFolder.Open(DiskFileSystem.Instance, run.CheckpointPath(steps[^1])).Path
            : throw new FileNotFoundException($"{path} has no checkpoint yet: continue the run with 'idem train --out {path} --resume'");
    }

    /// <summary>As <see cref="Resolve"/>, for verbs that need a whole model: a folder, or a GGUF file.</summary>
    public static string ResolveFolder(string verb, string path)
    {
        string resolved = Resolve(path);
        return !File.Exists(resolved) || GgufFile.IsGguf(resolved)
            ? resolved
            : throw SafeTensorsFolder.OtherFormat(resolved) as Exception
                ?? new UsageException($"{verb}: {resolved} is a file: name the model's folder, which also holds config.json and tokenizer.json");
    }

    /// <summary>How inference holds weights; every verb that runs a model has it.</summary>
    public static Option<string> DtypeOption()
    {
        Option<string> option = new("--dtype")
        {
            Description = "How weights are held: f32; bf16 (rounded to nearest once; less memory); q8 (8-bit blocks, products too). Part of the result.",
            HelpName = string.Join('|', ProfileNames.Weights),
            DefaultValueFactory = _ => ProfileNames.Weights[0],
        };
        option.AcceptOnlyFromAmong([.. ProfileNames.Weights]);
        return option;
    }

    /// <summary>How inference holds keys and values; every verb that generates has it.</summary>
    public static Option<string> CacheDtypeOption()
    {
        Option<string> option = new("--kv-cache-dtype")
        {
            Description = "How keys and values are held: f32; bf16 (rounded to nearest once; half the memory). Part of the result.",
            HelpName = string.Join('|', ProfileNames.Caches),
            DefaultValueFactory = _ => ProfileNames.Caches[0],
        };
        option.AcceptOnlyFromAmong([.. ProfileNames.Caches]);
        return option;
    }

    /// <summary>The model that an argument names, for inference.</summary>
    public static ModelFolder Load(string verb, string path, string dtype) =>
        ModelFolder.Load(ResolveFolder(verb, path), ProfileNames.ParseWeights(dtype));
}
