// idem attest: a signed statement of what a run, a model or a receipt is.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Attestation;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Training;

namespace Idem.Cli.Verbs;

internal static class AttestVerb
{
    private static readonly Argument<string> Subject = new("path") { Description = "A run folder, a receipt, or a model: a folder, a GGUF file, a name in the Hugging Face cache." };

    private static readonly Option<string> Key = new("--key")
    {
        Description = "The private key, Ed25519 or ECDSA P-256, as 'openssl genpkey' writes it.", HelpName = "KEY.pem", Required = true,
    };

    private static readonly Option<string> Out = new("--out") { Description = "The envelope to write.", HelpName = "FILE", Required = true };

    public static Command Create()
    {
        Command command = new("attest", "Sign what a run, a model or a receipt is: an in-toto Statement in a DSSE envelope.") { Subject, Key, Out };
        command.SetVerb(Run);
        return command;
    }

    /// <summary>A model's name becomes its folder; a run or a receipt is what it is.</summary>
    public static string Resolve(string verb, string path) => RunFolder.IsRun(path) || Statements.IsReceipt(path) ? path : ModelPath.ResolveFolder(verb, path);

    private static int Run(VerbContext context)
    {
        string file = context.Value(Out)!;
        OutputFile.Require("attest", Out.Name, file);
        using SigningKey key = SigningKey.Read(context.Value(Key)!);
        string path = Resolve("attest", context.Value(Subject)!);
        Statement statement = Statements.Of(path, context.Cancellation);
        DurableFile.Write(DiskFileSystem.Instance, file, Envelope.Sign(Envelope.InToto, statement.ToBytes(), key).ToBytes());
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["path"] = path, ["envelope"] = file, ["key_id"] = key.Public.KeyId, ["key_kind"] = key.Public.Kind, ["predicate_type"] = statement.PredicateType, ["subjects"] = statement.Subjects.Count,
            });
            return ExitCodes.Success;
        }

        Display.Line($"attested     {Display.Escape(path)}: {statement.Subjects.Count} {(statement.Subjects.Count == 1 ? "digest" : "digests")}, nothing was re-executed");
        Display.Line($"key          {key.Public.Kind}, {key.Public.KeyId}");
        Display.Line($"envelope     {Display.Escape(file)}");
        return ExitCodes.Success;
    }
}
