using System.Runtime.InteropServices;
using LLama;
using LLama.Common;
using LLama.Native;

namespace LlamaCppPeer;

/// <summary>What llama.cpp computes from a file: keys and values in float32, no flash attention, one batch.</summary>
internal static class Logits
{
    public static void Write(string path, string output, int[] ids)
    {
        ModelParams parameters = new(path)
        {
            ContextSize = (uint)Math.Max(ids.Length, 256), GpuLayerCount = 0, TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32, FlashAttention = false,
        };
        using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
        using LLamaContext context = weights.CreateContext(parameters);
        LLamaBatch batch = new();
        for (int i = 0; i < ids.Length; i++)
        {
            batch.Add((LLamaToken)ids[i], i, LLamaSeqId.Zero, true);
        }

        if (context.Decode(batch) is var result && result != DecodeResult.Ok)
        {
            throw new InvalidOperationException($"llama.cpp: {result}");
        }

        using FileStream stream = File.Create(output);
        for (int i = 0; i < ids.Length; i++)
        {
            stream.Write(MemoryMarshal.AsBytes(context.NativeHandle.GetLogitsIth(i)));
        }
    }
}
