using System.Globalization;
using LLama;
using LLama.Common;
using LLama.Native;

namespace LlamaCppPeer;

/// <summary>One case: `llama prefill DTYPE TOKENS` or `llama decode DTYPE SEQUENCES`. The numbers of the prompt are those of Idem's side.</summary>
internal sealed class Case : IDisposable
{
    private const int Prompt = 64, Steps = 32;

    private readonly LLamaWeights _weights;
    private readonly LLamaContext _context;
    private readonly LLamaBatch _batch = new();
    private readonly bool _decodes;
    private readonly int _count;

    public Case(string folder, string[] words, int threads)
    {
        _decodes = words[2] == "decode";
        _count = int.Parse(words[^1], CultureInfo.InvariantCulture);
        string file = words[3] == "q8" ? "q8_0" : words[3];
        int sequences = _decodes ? _count : 1;
        ModelParams parameters = new(Path.Combine(folder, $"llama-{file}.gguf"))
        {
            ContextSize = (uint)(_decodes ? (Prompt + Steps) * sequences : _count),
            SeqMax = (uint)sequences,
            BatchSize = 2048,
            UBatchSize = 512,
            Threads = threads,
            BatchThreads = threads,
            GpuLayerCount = 0,
        };
        _weights = LLamaWeights.LoadFromFile(parameters);
        _context = _weights.CreateContext(parameters);
        if (_decodes)
        {
            for (int sequence = 0; sequence < sequences; sequence++)
            {
                _batch.Clear();
                for (int i = 0; i < Prompt; i++)
                {
                    _batch.Add((LLamaToken)(((sequence * Prompt) + i) % 1000), i, (LLamaSeqId)sequence, i == Prompt - 1);
                }

                Decode();
            }
        }
    }

    public void Run()
    {
        if (!_decodes)
        {
            _context.NativeHandle.MemoryClear(true);
            _batch.Clear();
            for (int i = 0; i < _count; i++)
            {
                _batch.Add((LLamaToken)i, i, LLamaSeqId.Zero, i == _count - 1);
            }

            Decode();
            return;
        }

        for (int sequence = 0; sequence < _count; sequence++)
        {
            _context.NativeHandle.MemorySequenceRemove((LLamaSeqId)sequence, Prompt, -1);
        }

        for (int step = 0; step < Steps; step++)
        {
            _batch.Clear();
            for (int sequence = 0; sequence < _count; sequence++)
            {
                _batch.Add((LLamaToken)(step + sequence), Prompt + step, (LLamaSeqId)sequence, true);
            }

            Decode();
        }
    }

    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
    }

    private void Decode()
    {
        DecodeResult result = _context.Decode(_batch);
        if (result != DecodeResult.Ok)
        {
            throw new InvalidOperationException($"llama.cpp: {result}");
        }

        _ = _context.NativeHandle.GetLogitsIth(_batch.TokenCount - 1); // waits for them
    }
}
