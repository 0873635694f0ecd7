// idem verify PATH: proves again what PATH states. What PATH is decides how; each kind is a file beside this one, with its options.

using System.CommandLine;

namespace Idem.Cli.Verbs;

internal static class VerifyVerb
{
    private static readonly Argument<string> PathArgument = new("path") { Description = "A run folder that 'idem train --out' wrote, a receipt that 'idem generate --receipt' wrote, or what an --attestation is about." };

    private static readonly Kind Runs = new("a run folder", VerifyRun.Options, VerifyRun.Run);

    private static readonly Kind Receipts = new("a receipt", VerifyReceipt.Options, VerifyReceipt.Run);

    private static readonly Kind Attested = new("what --attestation is about", VerifyAttestation.Options, VerifyAttestation.Run);

    private static readonly Kind[] Kinds = [Runs, Receipts, Attested];

    public static Command Create()
    {
        Command command = new("verify", "Re-execute a run or a receipt's answer, all or parts, and compare every bit that it states; or check an attestation.") { PathArgument };
        foreach (Option option in Kinds.SelectMany(kind => kind.Options))
        {
            command.Options.Add(option);
        }

        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string path = context.Value(PathArgument)!;
        Kind kind = context.IsGiven(VerifyAttestation.Envelope) ? Attested : File.Exists(path) ? Receipts : Runs;
        foreach (Kind other in Kinds)
        {
            if (other != kind && other.Options.FirstOrDefault(context.IsGiven) is { } option)
            {
                throw new UsageException($"verify: {option.Name} is for {other.Name}, and {path} is {kind.Name}");
            }
        }

        return kind.Run(context, path);
    }

    /// <summary>Something that can be verified.</summary>
    /// <param name="Name">What it is, for messages.</param>
    /// <param name="Options">Options that it alone has.</param>
    /// <param name="Run">Verifies what lies at a path; returns the exit code.</param>
    private sealed record Kind(string Name, IReadOnlyList<Option> Options, Func<VerbContext, string, int> Run);
}
