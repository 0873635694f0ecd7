// What 'idem verify RUN --json' found, read back for a report: of the run that it belongs to, and of no other.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Report;

/// <summary>The result of a verification.</summary>
internal sealed record VerificationResult(
    string File, string Genesis, string LedgerHash, long LedgerSteps, string Level, bool IsEqual, long StepsExecuted, int Segments, double Seconds, string? Mismatch, RunEnvironment Environment)
{
    /// <summary>Version of the file's layout.</summary>
    public const string Format = "idem-verification-1";

    /// <summary>Reads a result.</summary>
    /// <exception cref="CorruptFileException">It is none.</exception>
    public static VerificationResult Read(string file)
    {
        const string Remedy = "Write it with 'idem verify RUN --json > FILE'";
        try
        {
            JsonObject json = JsonNode.Parse(System.IO.File.ReadAllBytes(file))!.AsObject();
            if ((string?)json["format"] != Format)
            {
                throw new CorruptFileException(file, $"is not of format '{Format}'", Remedy);
            }

            JsonObject? mismatch = json["mismatch"]?.AsObject();
            return new VerificationResult(
                file, (string)json["genesis"]!, (string)json["ledger_hash"]!, (long)json["ledger_steps"]!, (string)json["level"]!, (bool)json["equal"]!,
                (long)json["steps_executed"]!, json["segments"]!.AsArray().Count, (double)json["seconds"]!,
                mismatch is null ? null : $"step {mismatch["step"]}: {mismatch["quantity"]} is {mismatch["recorded"]} in the run, {mismatch["computed"]} when re-executed",
                RunEnvironment.Of(json["environment"]!.AsObject()));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new CorruptFileException(file, $"is not the result of a verification: {exception.Message}", Remedy, exception);
        }
    }

    /// <summary>Whether it is of this run's history, as far as that had come.</summary>
    public bool IsOf(RunHistory run) => Genesis == run.Run.Manifest.Genesis.ToString()
        && (LedgerSteps == run.Head.Lines ? LedgerHash == run.Head.Hash.ToString() : LedgerSteps < run.Head.Lines && LedgerHash == run.HashAt(LedgerSteps).ToString());
}
