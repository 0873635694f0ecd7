// The model of the llama cases, as GGUF files that both sides read: this program writes the float32 one, llama.cpp's own quantiser the others (run.sh).

using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Idem.Tests.Inference.Gguf;

namespace Idem.Bench.Peers;

internal static class LlamaFiles
{
    /// <summary>Names the folder of the files.</summary>
    public const string FolderVariable = "IDEM_BENCH_MODELS";

    private const int Prompt = 64, Steps = 32;

    /// <summary>Writes llama-f32.gguf: the model of <see cref="DecodeBenchmark"/> with random weights and no tokenizer.</summary>
    public static void WriteModel(string folder)
    {
        Directory.CreateDirectory(folder);
        Llama model = new(DecodeBenchmark.Shape);
        model.Initialize(1);
        File.WriteAllBytes(Path.Combine(folder, "config.json"), DecodeBenchmark.Shape.ToJson());
        using (FileStream stream = File.Create(Path.Combine(folder, SafeTensorsFolder.SingleFile)))
        {
            SafeTensorsWriter.Write(stream, model.StateDict().ToNamedTensors(), SafeTensorsWriter.TransformersMetadata);
        }

        Write(folder, Path.Combine(folder, "llama-f32.gguf"));
    }

    /// <summary>Writes a model folder as a GGUF file, float32, without a tokenizer.</summary>
    public static void Write(string folder, string path)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        string architecture = (string)config["model_type"]! switch { "mistral" => "llama", "gpt_neox" => "gptneox", var other => other };
        int headSize = (int?)config["head_dim"] ?? ((int)(config["hidden_size"] ?? config["n_embd"])! / (int)(config["num_attention_heads"] ?? config["n_head"])!);
        (byte[] file, _) = LlamaCpp.Convert(folder, LlamaCpp.F32, builder =>
        {
            builder.Add("tokenizer.ggml.model", "no_vocab").Add($"{architecture}.vocab_size", (uint)(int)config["vocab_size"]!);
            if (architecture is not ("gptneox" or "gpt2"))
            {
                builder.Add($"{architecture}.rope.dimension_count", (uint)headSize);
            }
        });
        File.WriteAllBytes(path, file);
    }

    /// <summary>A call computes a prompt of <paramref name="count"/> tokens, or 32 tokens of each of <paramref name="count"/> sequences behind prompts of 64.</summary>
    public static ComparedCase Case(string name, string kind, string dtype, int count) => kind == "prefill"
        ? new(name, "tokens/s", count * 1e9, compute => Prefill(Load(compute, dtype), count))
        : new(name, "tokens/s", Steps * count * 1e9, compute => Decode(Load(compute, dtype), count));

    private static DecoderModel Load(Compute compute, string dtype)
    {
        Compute.Current = compute;
        string folder = Environment.GetEnvironmentVariable(FolderVariable)
            ?? throw new ArgumentException($"the llama cases need {FolderVariable}: the folder that 'Idem.Bench write-llama' made");
        (string file, PackedDtype packed) = dtype switch
        {
            "bf16" => ("bf16", PackedDtype.BFloat16),
            "q8" => ("q8_0", PackedDtype.Q8),
            _ => ("f32", PackedDtype.Float32),
        };
        return ModelFolder.Load(Path.Combine(folder, $"llama-{file}.gguf"), packed).Decoder;
    }

    private static Action Prefill(DecoderModel model, int tokens)
    {
        KvCache[] caches = [model.NewCache(tokens)];
        int[] ids = [.. Enumerable.Range(0, tokens)];
        float[] logits = new float[model.Config.VocabSize];
        return () =>
        {
            caches[0].Truncate(0);
            model.Forward(ids, caches, logits);
        };
    }

    private static Action Decode(DecoderModel model, int sequences)
    {
        KvCache[] caches = [.. Enumerable.Range(0, sequences).Select(_ => model.NewCache(Prompt + Steps))];
        int[] ids = [.. Enumerable.Range(0, Prompt * sequences).Select(i => i % 1000)];
        float[] logits = new float[model.Config.VocabSize * sequences];
        model.Forward(ids, caches, logits);
        return () =>
        {
            Array.ForEach(caches, cache => cache.Truncate(Prompt));
            for (int step = 0; step < Steps; step++)
            {
                model.Forward(ids.AsSpan(step, sequences), caches, logits);
            }
        };
    }
}
