// What batching costs beside the model: eight sequences by forward passes alone, through the engine (greedy, then drawn) and through
// its host with eight readers, alternately; then how long a token's own work takes; then requests against a busy host: time to the
// first token and between tokens. The model is that of `decode`. `--only bf16` measures that way alone.

using System.Diagnostics;
using System.Globalization;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Random;

namespace Idem.Bench;

internal static class EngineBenchmark
{
    private const int Sequences = 8, Prompt = 64, Steps = 24, Rounds = 5;

    private static readonly SamplingSettings Greedy = new() { MaxTokens = Steps + 1, Temperature = 0 };
    private static readonly SamplingSettings Drawn = Greedy with { Temperature = 0.8f };

    public static void Report(Options options)
    {
        Compute.Current = new Compute(options.Paths[0], options.Threads);
        Console.WriteLine($"{options.Threads} threads, path {options.Paths[0].Name()}; {Sequences} sequences, tokens/s, medians of {Rounds} rounds; in parentheses the median of the rounds' ratios to forward passes");
        Console.WriteLine("| weights | forward passes | engine, greedy | engine, drawn | host, drawn |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach ((string name, PackedDtype dtype) in new[] { ("f32", PackedDtype.Float32), ("bf16", PackedDtype.BFloat16), ("q8", PackedDtype.Q8) })
        {
            if (name.Contains(options.Only, StringComparison.Ordinal))
            {
                ReportModel(name, DecodeBenchmark.Create(dtype));
            }
        }

        ReportToken();
        foreach (int keys in new[] { 64, 112, 500, 2000 })
        {
            ReportPages(keys);
        }
    }

    /// <summary>Requests of clients that ask again as soon as they are answered.</summary>
    public static void ReportLoad(Options options)
    {
        Compute.Current = new Compute(options.Paths[0], options.Threads);
        DecoderModel model = DecodeBenchmark.Create(PackedDtype.BFloat16);
        _ = LoadAsync(model, 8, 128).GetAwaiter().GetResult(); // code is compiled, memory taken
        Console.WriteLine($"{options.Threads} threads, bf16; prompts of 32 to 256 tokens, half of them with a common beginning of 128; 32 tokens each");
        Console.WriteLine("| clients | positions a step | first token p50, ms | p99 | between tokens p50, ms | p99 | tokens/s | batch |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach ((int clients, int positions) in new[] { (1, 512), (8, 512), (8, 128), (8, 64), (32, 512), (32, 128) })
        {
            Console.WriteLine(LoadAsync(model, clients, positions).GetAwaiter().GetResult());
        }
    }

    private static void ReportModel(string name, DecoderModel model)
    {
        Func<double>[] ways = [() => Forward(model), () => Generate(model, Greedy), () => Generate(model, Drawn), () => Host(model)];
        double[][] speeds = Array.ConvertAll(ways, _ => new double[Rounds]);
        for (int round = -1; round < Rounds; round++) // the first warms up
        {
            for (int way = 0; way < ways.Length; way++)
            {
                double speed = ways[way]();
                speeds[way][Math.Max(round, 0)] = speed;
            }
        }

        IEnumerable<string> cells = speeds.Select(speed =>
            string.Create(CultureInfo.InvariantCulture, $"{DecodeBenchmark.Median(speed):F1} ({DecodeBenchmark.Median([.. speed.Zip(speeds[0], (a, b) => a / b)]):F3})"));
        Console.WriteLine($"| {name} | {string.Join(" | ", cells)} |");
    }

    private static int[] PromptOf(int sequence) => [.. Enumerable.Range(0, Prompt).Select(i => 1 + sequence + (i * 7))];

    private static double Forward(DecoderModel model)
    {
        KvCache[] caches = [.. Enumerable.Range(0, Sequences).Select(_ => model.NewCache(Prompt + Steps))];
        int[] ids = [.. Enumerable.Range(0, Sequences).SelectMany(PromptOf)];
        float[] logits = new float[model.Config.VocabSize * Sequences];
        model.Forward(ids, caches, logits);
        TimeSpan begin = Clock();
        for (int step = 0; step < Steps; step++)
        {
            model.Forward(ids.AsSpan(step, Sequences), caches, logits);
        }

        return Steps * Sequences / (Clock() - begin).TotalSeconds;
    }

    private static TimeSpan Clock()
    {
        if (Compute.Current.Threads > 1)
        {
            return TimeSpan.FromTicks(Stopwatch.GetElapsedTime(0).Ticks);
        }

        using Process process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private static double Generate(DecoderModel model, SamplingSettings settings)
    {
        Engine engine = new(model);
        Generation[] generations = [.. Enumerable.Range(0, Sequences).Select(i => engine.Submit(PromptOf(i), settings with { Seed = (ulong)i }))];
        while (generations[^1].Tokens.Count == 0)
        {
            engine.Step();
        }

        TimeSpan begin = Clock();
        while (engine.HasWork)
        {
            engine.Step();
        }

        return Steps * Sequences / (Clock() - begin).TotalSeconds;
    }

    // From the moment at which all have their first token.
    private static double Host(DecoderModel model)
    {
        EngineHost host = new(model);
        GenerationStream[] streams =
            [.. Enumerable.Range(0, Sequences).Select(i => host.Submit(new GenerationRequest { Prompt = PromptOf(i), Settings = Drawn with { Seed = (ulong)i } }))];
        TimeSpan[] firsts = new TimeSpan[Sequences];
        Task.WaitAll([.. streams.Select((stream, i) => Task.Run(async () =>
        {
            await foreach (GenerationEvent _ in stream.Events.ReadAllAsync())
            {
                firsts[i] = firsts[i] == default ? Clock() : firsts[i];
            }
        }))]);
        double seconds = (Clock() - firsts.Max()).TotalSeconds;
        host.DisposeAsync().AsTask().Wait();
        return Steps * Sequences / seconds;
    }

    private static void ReportToken()
    {
        float[] logits = new float[DecodeBenchmark.Shape.VocabSize];
        new RandomStream(1, "bench", "logits").FillNormal(logits);
        SamplingParameters all = new(0.8f, 0, 1f), nucleus = new(0.8f, 0, 0.9f), few = new(0.8f, 40, 1f);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A token of {logits.Length} logits, microseconds on one thread: greedy {Time(() => Sampling.ArgMax(logits)):F0}, drawn of all {Time(() => Sampling.Draw(logits, all, 1UL << 40)):F0}, of the likeliest 0.9 {Time(() => Sampling.Draw(logits, nucleus, 1UL << 40)):F0}, of the best 40 {Time(() => Sampling.Draw(logits, few, 1UL << 40)):F0}; log-probability {Time(() => LogSoftmax.Normalize(Compute.Current, logits)):F0}; digest {Time(() => TensorDigest.Compute(NamedTensor.Of("logits", [logits.Length], logits))):F0}"));
    }

    // One query of the model over some keys: rows side by side, and in pages.
    private static void ReportPages(int keys)
    {
        const int HeadSize = 64, KeyHeads = 3, Heads = 9, Width = KeyHeads * HeadSize, Length = KvLayout.DefaultPageLength;
        Compute compute = new(Compute.Current.Path, 1);
        float[] q = new float[(Heads + (2 * KeyHeads)) * HeadSize], k = new float[keys * Width], v = new float[keys * Width], y = new float[Heads * HeadSize];
        RandomStream stream = new(1, "bench", "keys");
        Array.ForEach([q, k, v], values => stream.FillNormal(values));
        KeyPageTable pages = new(Length);
        for (int first = 0; first < keys; first += Length)
        {
            KeyPage page = new(2 * Length * Width);
            int floats = Math.Min(Length, keys - first) * Width;
            k.AsSpan(first * Width, floats).CopyTo(page.Span);
            v.AsSpan(first * Width, floats).CopyTo(page.Span[(Length * Width)..]);
            pages.Add(page);
        }

        AttentionShape shape = AttentionShape.CausalPacked(1, Heads, KeyHeads, 1, HeadSize, 0.125f) with
        {
            QueryOffset = keys - 1, KeyCount = keys, KeyRowStride = Width, ValueRowStride = Width, KeyBatchStride = keys * Width, ValueBatchStride = keys * Width,
        };
        double[] rows = new double[9], paged = new double[9];
        for (int round = 0; round < rows.Length; round++)
        {
            rows[round] = Time(() => Attention.Forward(compute, shape, q, k, v, y, default, default));
            paged[round] = Time(() => Attention.Forward(compute, shape, q, pages, 0, Length * Width, false, y));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A query over {keys} keys, microseconds on one thread: rows side by side {DecodeBenchmark.Median(rows):F1}, pages of {Length} {DecodeBenchmark.Median(paged):F1} ({DecodeBenchmark.Median([.. paged.Zip(rows, (a, b) => a / b)]):F3})"));
    }

    private static double Time(Action action)
    {
        double[] times = new double[30];
        for (int i = -10; i < times.Length; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            action();
            times[Math.Max(i, 0)] = Stopwatch.GetElapsedTime(begin).TotalMicroseconds;
        }

        return DecodeBenchmark.Median(times);
    }

    // A row of the table.
    private static async Task<string> LoadAsync(DecoderModel model, int clients, int positions)
    {
        int requests = Math.Max(64 / clients, 6);
        await using EngineHost host = new(model, new EngineSettings { MaxBatchedTokens = positions, MaxSequences = 16, PrefixPositions = 16384 });
        List<double> first = [], between = [];
        long begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            Random random = new(client);
            for (int i = 0; i < requests; i++)
            {
                int[] prompt = [.. Enumerable.Range(0, random.Next(32, 256)).Select(j => j < 128 && client % 2 == 0 ? j + 5 : random.Next(40000))];
                long at = Stopwatch.GetTimestamp();
                bool isFirst = true;
                using GenerationStream stream = host.Submit(new GenerationRequest { Prompt = prompt, Settings = Drawn with { MaxTokens = 32 }, Client = $"{client}" });
                await foreach (GenerationEvent _ in stream.Events.ReadAllAsync())
                {
                    double milliseconds = Stopwatch.GetElapsedTime(at).TotalMilliseconds;
                    at = Stopwatch.GetTimestamp();
                    lock (first)
                    {
                        (isFirst ? first : between).Add(milliseconds);
                    }

                    isFirst = false;
                }
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        EngineStatistics statistics = host.Statistics;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {clients} | {positions} | {Quantile(first, 0.5):F0} | {Quantile(first, 0.99):F0} | {Quantile(between, 0.5):F1} | {Quantile(between, 0.99):F0} | {statistics.GeneratedTokens / seconds:F0} | {statistics.GeneratedTokens / (double)statistics.Steps:F1} |");
    }

    private static double Quantile(List<double> values, double share)
    {
        values.Sort();
        return values[(int)Math.Min(values.Count - 1, values.Count * share)];
    }
}
