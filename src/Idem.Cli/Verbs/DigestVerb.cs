// idem digest: the SHA-256 tree over a model's tensors, whatever files they lie in.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Training;

namespace Idem.Cli.Verbs;

internal static class DigestVerb
{
    private static readonly Argument<string> PathArgument = new("path")
    {
        Description = "A safetensors file, a model folder, or a run folder (its newest checkpoint).",
    };

    public static Command Create()
    {
        Command command = new("digest", "Print the digest of a model's tensors: names, types, shapes and values.") { PathArgument };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string given = context.Value(PathArgument)!;
        string path = ModelPath.Resolve(given);
        TensorDigests digests = DigestPath.Compute(path, Numerics.Compute.Current.Threads);
        if (context.Json)
        {
            JsonArray tensors = [];
            foreach (TensorDigestEntry tensor in digests.Tensors)
            {
                tensors.Add(new JsonObject
                {
                    ["name"] = tensor.Name,
                    ["dtype"] = tensor.DType.Name(),
                    ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
                    ["digest"] = tensor.Digest.ToString(),
                });
            }

            Display.WriteJson(new JsonObject { ["path"] = path, ["digest"] = digests.Root.ToString(), ["tensors"] = tensors });
        }
        else
        {
            Console.Out.WriteLine($"{digests.Root}  {path}");
        }

        return ExitCodes.Success;
    }
}

/// <summary>From what a person names to the model they mean.</summary>
internal static class ModelPath
{
    /// <summary>A run folder becomes its newest checkpoint; anything else stays.</summary>
    public static string Resolve(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? path : throw new FileNotFoundException($"{path} does not exist: name a safetensors file, a model folder or a run folder");
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
}
