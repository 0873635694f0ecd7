// idem digest: the SHA-256 tree over a model's tensors, whatever files they lie in.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Inference;

namespace Idem.Cli.Verbs;

internal static class DigestVerb
{
    private static readonly Argument<string> PathArgument = new("path")
    {
        Description = "A safetensors or GGUF file, a model folder, a run folder (its newest checkpoint), or a name in the Hugging Face cache.",
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
        TensorDigests digests = ModelFolder.Digests(path, Numerics.Compute.Current.Threads);
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
