using System.Globalization;
using System.Text.RegularExpressions;
using Idem.Audit;
using Idem.Inference;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;
using Idem.Verification;

namespace Idem.Tests.Verification;

/// <summary>
/// Receipts of random generations, of every type of model: each verifies under other threads and another path, and with one random
/// change is rejected for the right reason. A change of the request is judged by making the changed request: where its answer is the
/// stated one, the receipt is still true, and must be accepted.
/// </summary>
internal sealed partial class ReceiptCampaign : IDisposable
{
    private const string File = "receipt.json";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<(string Type, PackedDtype Dtype), (ModelFolder Folder, ReceiptModel Identity)> _models = [];

    public int Accepted { get; private set; }

    public int Rejected { get; private set; }

    /// <summary>Changes after which the receipt was still true.</summary>
    public int StillTrue { get; private set; }

    /// <summary>How often each field was named for a change.</summary>
    public SortedDictionary<string, int> Named { get; } = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    /// <summary>One receipt, and one change.</summary>
    /// <returns>What went wrong, or null.</returns>
    public string? Run(string type, Random random)
    {
        Compute before = Compute.Current;
        try
        {
            Compute.Current = AnyCompute(random);
            Receipt receipt = Make(type, random);
            byte[] bytes = receipt.Encode(out Digest id);
            Receipt read = Receipt.Decode(bytes, File, out Digest readId);
            if (readId != id || !read.Encode(out _).AsSpan().SequenceEqual(bytes))
            {
                return "is not read as it was written";
            }

            Compute.Current = AnyCompute(random);
            ReceiptReport report = Verify(type, read, AnyPlace(read, random));
            if (!report.Equal || !(report = Verify(type, read, null)).Equal)
            {
                return $"a sound receipt: {report.Mismatches[0]}";
            }

            Accepted++;
            return random.Next(4) == 0 ? ChangeBytes(bytes, random) : Change(type, read, random);
        }
        finally
        {
            Compute.Current = before;
        }
    }

    private static Compute AnyCompute(Random random) => new(SimdPaths.All[random.Next(SimdPaths.All.Count)], random.Next(1, 4));

    private static ReceiptPlace? AnyPlace(Receipt receipt, Random random)
    {
        ReceiptSample sample = receipt.Samples[random.Next(receipt.Samples.Count)];
        return sample.Tokens.Count == 0 ? null : new ReceiptPlace(sample.Sample, random.Next(sample.Tokens.Count));
    }

    private (ModelFolder Folder, ReceiptModel Identity) Model(string type, PackedDtype dtype)
    {
        if (!_models.TryGetValue((type, dtype), out (ModelFolder Folder, ReceiptModel Identity) model))
        {
            string path = Directory.Exists(_folder[type]) ? _folder[type] : TinyFolder.Write(_folder, type, type);
            ModelFolder folder = ModelFolder.Load(path, dtype);
            model = (folder, Receipts.Identify(folder, default));
            _models.Add((type, dtype), model);
        }

        return model;
    }

    private Receipt Make(string type, Random random)
    {
        (ModelFolder folder, ReceiptModel identity) = Model(type, (PackedDtype)random.Next(3));
        CacheDtype cacheDtype = random.Next(3) == 0 ? CacheDtype.BFloat16 : CacheDtype.Float32;
        int vocabulary = folder.Model.Config.VocabSize, context = folder.Model.Config.ContextLength;
        int[] prompt = [.. Enumerable.Range(0, random.Next(6) == 0 ? random.Next(context - 12, context + 6) : random.Next(1, 24)).Select(_ => random.Next(vocabulary))];
        bool penalised = random.Next(3) == 0;
        SamplingSettings settings = new()
        {
            MaxTokens = random.Next(1, 24),
            Temperature = random.Next(4) switch { 0 => 0f, 1 => 0.7f, 2 => 1f, _ => 1.5f },
            TopK = random.Next(3) == 0 ? random.Next(2, 12) : 0,
            TopP = random.Next(3) == 0 ? 0.9f : 1f,
            MinP = random.Next(4) == 0 ? 0.02f : 0f,
            RepetitionPenalty = penalised ? 1.3f : 1f,
            FrequencyPenalty = penalised ? 0.3f : 0f,
            PresencePenalty = penalised ? -0.2f : 0f,
            LogitBias = random.Next(4) == 0 ? [.. Enumerable.Range(0, 3).Select(i => new LogitBias((i * 20) + random.Next(20), random.Next(-4, 5) / 2f))] : [],
            Seed = (ulong)random.NextInt64(),
            StopIds = random.Next(3) == 0 ? [random.Next(vocabulary), random.Next(vocabulary)] : [],
        };
        string[] stops = random.Next(3) == 0 ? [TinyFolder.Text.Substring(random.Next(100), random.Next(1, 3))] : [];
        int steps = random.Next(8) == 0 ? random.Next(1, 10) : int.MaxValue;
        int pageLength = random.Next(1, 40), longest = (context + pageLength - 1) / pageLength * pageLength; // memory for one sequence, or for a little more
        EngineSettings engine = new()
        {
            MaxBatchedTokens = random.Next(1, 40),
            MaxSequences = random.Next(1, 5),
            PrefixPositions = random.Next(2) == 0 ? 0 : null,
            PageLength = pageLength,
            KvPositions = random.Next(2) == 0 ? null : longest + random.Next(longest),
            CacheDtype = cacheDtype,
        };
        return Generate(folder, identity with { CacheDtype = ProfileNames.Of(cacheDtype) }, engine, prompt, settings, stops, [.. Enumerable.Range(0, random.Next(3) == 0 ? 3 : 1)], steps);
    }

    // The samples of these numbers; all are computed side by side, and cancelled after some steps.
    private static Receipt Generate(
        ModelFolder folder, ReceiptModel identity, EngineSettings settings, int[] prompt, SamplingSettings sampling, IReadOnlyList<string> stops, int[] samples, int steps = int.MaxValue)
    {
        Engine engine = new(folder.Decoder, settings);
        TextGeneration[] all = [.. engine.Submit(prompt, sampling, samples[^1] + 1).Select(generation => new TextGeneration(engine, generation, folder.Tokenizer, stops))];
        while (engine.HasWork)
        {
            engine.Step();
            if (--steps <= 0)
            {
                Array.ForEach(all, text => engine.Cancel(text.Generation));
            }

            Array.ForEach(all, text => text.Read());
        }

        return Receipts.Create(identity, prompt, sampling, stops, [.. samples.Select(sample => Receipts.SampleOf(all[sample]))]);
    }

    private ReceiptReport Verify(string type, Receipt receipt, ReceiptPlace? only)
    {
        (ModelFolder folder, ReceiptModel identity) = Model(type, ReceiptVerifier.DtypeOf(receipt, File));
        return ReceiptVerifier.Verify(receipt, File, folder, identity, only);
    }

    // A changed file whose own digests no longer hold is no receipt.
    private string? ChangeBytes(byte[] bytes, Random random)
    {
        int offset = random.Next(bytes.Length), length = random.Next(1, Math.Min(200, bytes.Length - offset + 1)), other = random.Next(bytes.Length);
        byte[] changed = random.Next(5) switch
        {
            0 => [.. bytes[..offset], .. bytes[(offset + length)..]],
            1 => [.. bytes[..offset], .. bytes[offset..(offset + length)], .. bytes[offset..]],
            2 => [.. bytes[..other], .. bytes[offset..(offset + length)], .. bytes[other..]],
            3 => bytes[..offset],
            _ => [.. bytes[..offset], (byte)(bytes[offset] ^ (1 << random.Next(8))), .. bytes[(offset + 1)..]],
        };
        try
        {
            _ = Receipt.Decode(changed, File, out _);
            return $"bytes at {offset} were changed, and nobody sees it";
        }
        catch (ReceiptException exception)
        {
            Rejected++;
            Named["bytes"] = Named.GetValueOrDefault("bytes") + 1;
            return exception.Message.StartsWith(File, StringComparison.Ordinal) ? null : $"bytes at {offset}: {exception.Message}";
        }
    }

    // A forger changes a field and makes all digests anew.
    private string? Change(string type, Receipt receipt, Random random)
    {
        ReceiptChange change = ReceiptChange.Any(receipt, Model(type, default).Folder.Model.Config, random);
        Receipt forged = Receipt.Decode(change.Receipt.Encode(out _), File, out _);
        ReceiptReport report = Verify(type, forged, null);
        string place = string.Create(CultureInfo.InvariantCulture, $"{change.Name}: ");
        if (change.IsRequest && IsTrue(type, forged))
        {
            StillTrue++;
            return report.Equal ? null : $"{place}the receipt is still true, but: {report.Mismatches[0]}";
        }

        Rejected++;
        string field = report.Equal ? "nothing" : Index().Replace(report.Mismatches[0].Field, "[]");
        Named[field] = Named.GetValueOrDefault(field) + 1;
        return report.Equal ? place + "was not noticed"
            : change.Fields.Contains(report.Mismatches[0].Field) || change.Fields.Contains(report.Mismatches[0].Or) ? null
            : $"{place}expected {string.Join(" or ", change.Fields)}, but {report.Mismatches[0].Field}: {report.Mismatches[0]}";
    }

    private bool IsTrue(string type, Receipt forged)
    {
        (ModelFolder folder, ReceiptModel identity) = Model(type, ReceiptVerifier.DtypeOf(forged, File));
        EngineSettings settings = new() { CacheDtype = ProfileNames.ParseCache(forged.Model.CacheDtype) };
        Receipt honest = Generate(
            folder, identity with { CacheDtype = forged.Model.CacheDtype }, settings, [.. forged.PromptIds], Receipts.SettingsOf(forged, folder), forged.Sampling.Stops,
            [.. forged.Samples.Select(sample => sample.Sample)]);
        return forged.Samples.Zip(honest.Samples).All(pair => pair.First.FinishReason == ReceiptSample.Interrupted
            ? pair.First.Tokens.Count <= pair.Second.Tokens.Count && pair.First.Tokens.SequenceEqual(pair.Second.Tokens.Take(pair.First.Tokens.Count))
                && (pair.First.Tokens.Count < pair.Second.Tokens.Count)
            : pair.First.FinishReason == pair.Second.FinishReason && pair.First.Tokens.SequenceEqual(pair.Second.Tokens));
    }

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();
}
