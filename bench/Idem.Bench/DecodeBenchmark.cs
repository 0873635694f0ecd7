// Decoding and prefill of a Llama of 134M parameters with random weights, held in each way; the ways alternate, so that each round
// compares them on the same machine. Also how long the folder takes to load. `--only f32` measures that way alone.

using System.Diagnostics;
using System.Globalization;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Bench;

internal static class DecodeBenchmark
{
    private const int Prompt = 64;
    private const int Steps = 32;
    private const int Rounds = 3;

    /// <summary>The model.</summary>
    public static readonly LlamaConfig Shape = new()
    {
        VocabSize = 49152,
        HiddenSize = 576,
        IntermediateSize = 1536,
        NumHiddenLayers = 30,
        NumAttentionHeads = 9,
        NumKeyValueHeads = 3,
        MaxPositionEmbeddings = 2048,
        TieWordEmbeddings = true,
    };

    public static void Report(Options options)
    {
        Compute.Current = new Compute(options.Paths[0], options.Threads);
        Llama source = new(Shape);
        source.Initialize(1);
        source.Eval();
        (string Name, DecoderModel Model)[] ways =
        [
            .. new (string, PackedDtype?)[] { ("unpacked", null), ("f32", PackedDtype.Float32), ("bf16", PackedDtype.BFloat16), ("q8", PackedDtype.Q8) }
                .Where(way => way.Item1.Contains(options.Only, StringComparison.Ordinal))
                .Select(way => (way.Item1, way.Item2 is null ? source : Pack(source, way.Item2.Value))),
        ];
        double[][] decode = Array.ConvertAll(ways, _ => new double[Rounds]), generate = Array.ConvertAll(ways, _ => new double[Rounds]);
        double[][] prefill = Array.ConvertAll(ways, _ => new double[Rounds]), batch = Array.ConvertAll(ways, _ => new double[Rounds]);
        for (int round = -1; round < Rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                double[] speeds = [Decode(ways[way].Model, 1), Generate(ways[way].Model), Prefill(ways[way].Model), Decode(ways[way].Model, 8)];
                if (round >= 0) // the first warms up
                {
                    (decode[way][round], generate[way][round], prefill[way][round], batch[way][round]) = (speeds[0], speeds[1], speeds[2], speeds[3]);
                }
            }
        }

        Console.WriteLine($"{options.Threads} threads, path {options.Paths[0].Name()}; tokens/s, medians of {Rounds}");
        Console.WriteLine("| weights | decode | engine | 8 sequences | prefill 256 |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        for (int way = 0; way < ways.Length; way++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {ways[way].Name} | {Median(decode[way]):F1} | {Median(generate[way]):F1} | {Median(batch[way]):F1} | {Median(prefill[way]):F0} |"));
        }
    }

    /// <summary>Writes the model as a folder and loads it in each way.</summary>
    public static void ReportLoading(Options options)
    {
        Compute.Current = new Compute(options.Paths[0], options.Threads);
        string path = Path.Combine(Path.GetTempPath(), $"idem-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(path);
        try
        {
            Llama source = new(Shape);
            source.Initialize(1);
            File.WriteAllBytes(Path.Combine(path, "config.json"), Shape.ToJson());
            using (FileStream stream = File.Create(Path.Combine(path, SafeTensorsFolder.SingleFile)))
            {
                SafeTensorsWriter.Write(stream, source.StateDict().ToNamedTensors(), SafeTensorsWriter.TransformersMetadata);
            }

            long bytes = new FileInfo(Path.Combine(path, SafeTensorsFolder.SingleFile)).Length;
            foreach ((string name, PackedDtype? packed) in new (string, PackedDtype?)[] { ("unpacked", null), ("f32", PackedDtype.Float32), ("bf16", PackedDtype.BFloat16), ("q8", PackedDtype.Q8) })
            {
                double[] seconds = new double[Rounds];
                for (int round = 0; round < Rounds; round++)
                {
                    long begin = Stopwatch.GetTimestamp();
                    ModelFolder folder = ModelFolder.Load(path, packed);
                    seconds[round] = Stopwatch.GetElapsedTime(begin).TotalSeconds;
                    GC.KeepAlive(folder);
                    folder = null!;
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{bytes / 1e6:F0} MB as {name}: {Median(seconds):F3} s (first {seconds[0]:F3}), {options.Threads} threads"));
            }
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>The model, its weights held in one way.</summary>
    public static Llama Create(PackedDtype packed)
    {
        Llama source = new(Shape);
        source.Initialize(1);
        return Pack(source, packed);
    }

    private static Llama Pack(Llama source, PackedDtype packed)
    {
        Llama model = new(Shape);
        model.LoadStateDict(new TensorStateSource(source.StateDict()), packed);
        model.Eval();
        return model;
    }

    private static double Decode(DecoderModel model, int sequences)
    {
        KvCache[] caches = [.. Enumerable.Range(0, sequences).Select(_ => model.NewCache(Prompt + Steps))];
        int[] ids = [.. Enumerable.Range(0, Prompt * sequences).Select(i => i % 1000)];
        float[] logits = new float[model.Config.VocabSize * sequences];
        model.Forward(ids, caches, logits);
        long begin = Stopwatch.GetTimestamp();
        for (int step = 0; step < Steps; step++)
        {
            model.Forward(ids.AsSpan(step, sequences), caches, logits);
        }

        return Steps * sequences / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static double Generate(DecoderModel model)
    {
        Engine engine = new(model);
        int[] ids = [.. Enumerable.Range(0, Prompt)];
        long begin = 0;
        foreach (GeneratedToken _ in engine.Generate(ids, new SamplingSettings { MaxTokens = Steps + 1, Temperature = 0.8f }))
        {
            begin = begin == 0 ? Stopwatch.GetTimestamp() : begin; // from the first token on
        }

        return Steps / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static double Prefill(DecoderModel model)
    {
        const int Tokens = 256;
        KvCache[] caches = [model.NewCache(Tokens)];
        int[] ids = [.. Enumerable.Range(0, Tokens)];
        float[] logits = new float[model.Config.VocabSize];
        long begin = Stopwatch.GetTimestamp();
        model.Forward(ids, caches, logits);
        return Tokens / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>The middle one.</summary>
    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
