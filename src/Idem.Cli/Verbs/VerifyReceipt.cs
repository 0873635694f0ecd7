// idem verify RECEIPT: makes an answer again and says whether it is the model's.

using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Inference;
using Idem.Verification;

namespace Idem.Cli.Verbs;

internal static class VerifyReceipt
{
    private static readonly Option<string?> Model = new("--model") { Description = "For a receipt: the model that answered. " + ModelPath.Description, HelpName = "MODEL" };

    private static readonly Option<string?> Token = new("--token")
    {
        Description = "For a receipt: re-execute one token alone, from 0; S:I is token I of sample S.", HelpName = "I",
    };

    /// <summary>What only receipts have.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Model, Token];

    public static int Run(VerbContext context, string path)
    {
        byte[] bytes = Read(path);
        Receipt receipt;
        Digest id;
        try
        {
            receipt = Receipt.Decode(bytes, path, out id);
        }
        catch (ReceiptException exception) when (exception.IsDigest && context.IsGiven(Model))
        {
            throw Explain(context, bytes, path, exception);
        }

        ReceiptPlace? only = context.Value(Token) is { } place ? ParsePlace(place, receipt) : null;
        long begin = Stopwatch.GetTimestamp();
        (ReceiptReport report, ModelFolder model) = Replay(context, path, receipt, only);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        if (context.Json)
        {
            WriteJson(path, id, report, seconds);
        }
        else
        {
            Print(path, id, receipt, only, model, report, seconds);
        }

        if (!report.Equal)
        {
            Console.Error.WriteLine($"idem: {path}: {report.Mismatches[0]}");
            return ExitCodes.Mismatch;
        }

        return ExitCodes.Success;
    }

    private static (ReceiptReport Report, ModelFolder Model) Replay(VerbContext context, string path, Receipt receipt, ReceiptPlace? only)
    {
        string directory = context.Value(Model) ?? throw new UsageException($"verify: {path} is a receipt, which its model replays: give --model");
        ModelFolder model = ModelPath.Load("verify", directory, ProfileNames.Of(ReceiptVerifier.DtypeOf(receipt, path)));
        ReceiptModel identity = Receipts.Identify(model, default);
        return (ProgressDisplay.Run(context.Json, show => ReceiptVerifier.Verify(
            receipt, path, model, identity, only, show is null ? null : (done, total) => show(new PartProgress("re-executing", "tokens", done, total)), context.Cancellation)), model);
    }

    // A file whose digests do not hold says only which part was changed; the model says which field.
    private static ReceiptException Explain(VerbContext context, byte[] bytes, string path, ReceiptException exception)
    {
        string found;
        try
        {
            (ReceiptReport report, _) = Replay(context, path, Receipt.DecodeChanged(bytes, path), null);
            found = report.Equal ? "The model answers what the file says: the digest itself was changed" : $"Compared with the model: {report.Mismatches[0]}";
        }
        catch (ReceiptException impossible)
        {
            found = $"{impossible.Field}: {impossible.What}";
        }

        return new ReceiptException(path, exception.Field, $"{exception.What}. {found.TrimEnd('.')}");
    }

    private static byte[] Read(string path) => new FileInfo(path).Length <= Receipt.BytesMax
        ? File.ReadAllBytes(path)
        : throw new ReceiptException(path, null, $"is not a receipt: it has more than {Receipt.BytesMax} bytes");

    private static ReceiptPlace ParsePlace(string text, Receipt receipt)
    {
        string[] parts = text.Split(':');
        int[] numbers = [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1)];
        if (numbers.Length > 2 || numbers.Contains(-1))
        {
            throw new UsageException($"--token {text}: give a token's number from 0, or sample:token");
        }

        int wanted = numbers.Length == 2 ? numbers[0] : receipt.Samples.Count > 0 ? receipt.Samples[0].Sample : 0;
        ReceiptSample sample = receipt.Samples.FirstOrDefault(candidate => candidate.Sample == wanted)
            ?? throw new UsageException($"--token {text}: the receipt has no sample {wanted}");
        return numbers[^1] < sample.Tokens.Count
            ? new ReceiptPlace(wanted, numbers[^1])
            : throw new UsageException($"--token {text}: the sample has {sample.Tokens.Count} tokens, numbered from 0");
    }

    private static void Print(string path, Digest id, Receipt receipt, ReceiptPlace? only, ModelFolder model, ReceiptReport report, double seconds)
    {
        Display.Line($"receipt      {id}");
        Display.Line($"model        {Display.Escape(model.Path)}, {receipt.Model.Dtype}, keys and values in {receipt.Model.CacheDtype}, arithmetic {receipt.Model.Arithmetic}");
        int tokens = receipt.Samples.Sum(sample => sample.Tokens.Count);
        string which = only is { } place ? $"token {place.Token} of sample {place.Sample}" : $"{report.Executed} of {tokens} tokens, {receipt.Samples.Count} {(receipt.Samples.Count == 1 ? "sample" : "samples")}";
        Display.Line($"re-executed  {which} in {Display.Duration(seconds)}");
        foreach (ReceiptMismatch mismatch in report.Mismatches)
        {
            Display.Line($"[red]different[/]    {Display.Escape(mismatch.Field)}: {Display.Escape(mismatch.ToString())}");
        }

        if (report.Equal)
        {
            Display.Line($"[green]equal[/]        {Display.Escape(path)} is what the model answers, bit for bit");
        }
    }

    private static void WriteJson(string path, Digest id, ReceiptReport report, double seconds) => Display.WriteJson(new JsonObject
    {
        ["receipt"] = path,
        ["id"] = id.ToString(),
        ["equal"] = report.Equal,
        ["tokens_executed"] = report.Executed,
        ["seconds"] = seconds,
        ["mismatches"] = new JsonArray([.. report.Mismatches.Select(mismatch => new JsonObject
        {
            ["field"] = mismatch.Field,
            ["or"] = mismatch.Or,
            ["sample"] = mismatch.Sample,
            ["token"] = mismatch.Token,
            ["stated"] = mismatch.Stated,
            ["found"] = mismatch.Found,
            ["reason"] = mismatch.Reason,
        })]),
    });
}
