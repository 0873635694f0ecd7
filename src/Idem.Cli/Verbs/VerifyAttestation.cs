// idem verify PATH --attestation FILE --key PUB.pem: whether a signature holds, and whether what it is about is still what was signed.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Attestation;
using Idem.Cli.Terminal;

namespace Idem.Cli.Verbs;

internal static class VerifyAttestation
{
    /// <summary>Its presence says that an attestation is to be checked.</summary>
    public static readonly Option<string?> Envelope = new("--attestation")
    {
        Description = "Check an envelope of 'idem attest' against what lies at the path: signature, digests, configuration. Re-executes nothing.", HelpName = "FILE",
    };

    private static readonly Option<string?> Key = new("--key") { Description = "With --attestation: the public key of who signed.", HelpName = "PUB.pem" };

    /// <summary>What only attestations have.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Envelope, Key];

    public static int Run(VerbContext context, string path)
    {
        string file = context.Value(Envelope)!;
        VerificationKey key = VerificationKey.Read(context.Value(Key)
            ?? throw new UsageException("verify: an attestation is worth what its key is: give --key with the public key of who you expect to have signed"));
        Envelope envelope = Attestation.Envelope.Read(file);
        bool isSigned = envelope.IsSignedBy(key);
        IReadOnlyList<StatementDifference> differences = isSigned ? Compare(context, path, file, envelope) : [];
        if (context.Json)
        {
            WriteJson(path, file, key, isSigned, differences);
        }
        else
        {
            Print(path, key, isSigned, differences);
        }

        if (!isSigned)
        {
            Console.Error.WriteLine($"idem: {file}: it is not signed by the key {key.KeyId}, or it was changed since");
        }
        else if (differences.Count > 0)
        {
            Console.Error.WriteLine($"idem: {path}: {differences[0]}{(differences.Count > 1 ? $" (and {differences.Count - 1} more)" : "")}");
        }

        return isSigned && differences.Count == 0 ? ExitCodes.Success : ExitCodes.Mismatch;
    }

    private static IReadOnlyList<StatementDifference> Compare(VerbContext context, string path, string file, Envelope envelope)
    {
        if (envelope.PayloadType != Attestation.Envelope.InToto)
        {
            throw new AttestationException(file, $"holds {envelope.PayloadType}, not {Attestation.Envelope.InToto}", "Name a file that 'idem attest' wrote");
        }

        Statement attested = Statement.Parse(envelope.Payload, file);
        return attested.Compare(Statements.Of(AttestVerb.Resolve("verify", path), context.Cancellation));
    }

    private static void Print(string path, VerificationKey key, bool isSigned, IReadOnlyList<StatementDifference> differences)
    {
        Display.Line($"key          {key.Kind}, {key.KeyId}");
        Display.Line(isSigned ? "signature    [green]holds[/]" : "signature    [red]does not hold[/]");
        foreach (StatementDifference difference in differences)
        {
            Display.Line($"[red]different[/]    {Display.Escape(difference.ToString())}");
        }

        if (isSigned && differences.Count == 0)
        {
            Display.Line($"[green]equal[/]        {Display.Escape(path)} is what was signed; nothing was re-executed");
        }
    }

    private static void WriteJson(string path, string file, VerificationKey key, bool isSigned, IReadOnlyList<StatementDifference> differences) => Display.WriteJson(new JsonObject
    {
        ["path"] = path,
        ["attestation"] = file,
        ["key_id"] = key.KeyId,
        ["signed"] = isSigned,
        ["equal"] = isSigned && differences.Count == 0,
        ["differences"] = new JsonArray([.. differences.Select(difference => new JsonObject
        {
            ["member"] = difference.Member, ["attested"] = difference.Attested, ["found"] = difference.Found,
        })]),
    });
}
