// idem logits: the logits of every position, as a file.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Inference;
using Idem.Tensors;

namespace Idem.Cli.Verbs;

internal static class LogitsVerb
{
    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Option<string?> Prompt = new("--prompt") { Description = "Text to run through the model.", HelpName = "TEXT" };

    private static readonly Option<string?> Ids = TokenInput.IdsOption();

    private static readonly Option<string?> Out = new("--out")
    {
        Description = "File to write: the tensor 'logits' of shape [positions, vocabulary], float32.", HelpName = "FILE.safetensors",
    };

    private static readonly Option<string> Dtype = ModelPath.DtypeOption();

    public static Command Create()
    {
        Command command = new("logits", "Write the logits of every position of a text or of token ids.") { Model, Prompt, Ids, Out, Dtype };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string? prompt = context.Value(Prompt), givenIds = context.Value(Ids), file = context.Value(Out);
        if (prompt is null == givenIds is null)
        {
            throw new UsageException("logits: give --prompt TEXT or --ids I,J,K");
        }

        if (string.IsNullOrWhiteSpace(file))
        {
            throw new UsageException("logits: --out FILE.safetensors is missing: name the file to write");
        }

        OutputFile.Require("logits", Out.Name, file);
        ModelFolder model = ModelPath.Load("logits", context.Value(Model)!, context.Value(Dtype)!);
        int[] ids = prompt is null ? TokenInput.Parse("logits", givenIds!, model) : TokenInput.Encode("logits", prompt, model);
        if (ids.Length > model.Model.Config.ContextLength)
        {
            throw new UsageException($"logits: {ids.Length} tokens exceed the model's context of {model.Model.Config.ContextLength}");
        }

        Tensor logits = Autograd.NoGrad(() => model.Model.Logits(ids));
        IReadOnlyList<NamedTensor> tensors = new[] { new KeyValuePair<string, Tensor>("logits", logits) }.ToNamedTensors();
        DurableFile.Write(DiskFileSystem.Instance, file, stream => SafeTensorsWriter.Write(stream, tensors, SafeTensorsWriter.TransformersMetadata));
        Digest digest = TensorDigest.ComputeAll(tensors, Numerics.Compute.Current.Threads).Root;
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["model"] = model.Path,
                ["model_digest"] = ModelFolder.Digests(model.Path, Numerics.Compute.Current.Threads).Root.ToString(),
                ["arithmetic"] = Numerics.ArithmeticVersion.Name,
                ["dtype"] = context.Value(Dtype)!,
                ["ids"] = TokenInput.ToJson(ids),
                ["shape"] = TokenInput.ToJson(logits.Shape.ToArray()),
                ["file"] = file,
                ["digest"] = digest.ToString(),
            });
        }
        else
        {
            Console.Out.WriteLine($"{digest}  {file}  {logits.Shape}");
        }

        return ExitCodes.Success;
    }
}
