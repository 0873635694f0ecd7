// A decoder over pages: the batches that a scheduler decides become one forward pass each, and then a token for every sequence that has
// one coming. Rows of logits are independent: tokens are drawn on all threads.

using System.Runtime.InteropServices;
using Idem.Inference.Scheduling;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

/// <summary>Computes rows of logits: <see cref="DecoderModel.Forward(ReadOnlySpan{int}, IReadOnlyList{KvCache}, ReadOnlySpan{int}, ReadOnlySpan{int}, Span{float})"/>, or what a test puts in its place.</summary>
internal delegate void BatchForward(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts, ReadOnlySpan<int> rows, Span<float> logits);

internal sealed class PagedDecoder(BatchForward forward, KvLayout layout, int vocabulary, int context) : IPagedModel
{
    private readonly List<KeyPage?> _pages = [];
    private readonly List<KeyPage> _places = [];
    private readonly List<int> _ids = [], _counts = [], _rows = [];
    private readonly List<KvCache> _caches = [];
    private readonly List<(GenerationSequence Sequence, int Position)> _wanted = []; // whose row it is, and after which position
    private float[] _logits = [];

    /// <summary>The sequences that drew in the last batch.</summary>
    public List<Generation> Drawing { get; } = [];

    /// <inheritdoc/>
    public void Copy(int from, int to, int rows) => layout.Copy(Page(from), Page(to), rows);

    /// <inheritdoc/>
    public void Run(IReadOnlyList<BatchEntry> batch)
    {
        _ids.Clear();
        _counts.Clear();
        _rows.Clear();
        _caches.Clear();
        _wanted.Clear();
        Drawing.Clear();
        for (int i = 0; i < batch.Count; i++)
        {
            Collect(batch[i]);
        }

        int size = checked(_rows.Count * vocabulary);
        if (_logits.Length < size)
        {
            _logits = GC.AllocateUninitializedArray<float>(size);
        }

        forward(
            CollectionsMarshal.AsSpan(_ids), _caches, CollectionsMarshal.AsSpan(_counts), CollectionsMarshal.AsSpan(_rows), _logits.AsSpan(0, size));
        Take();
    }

    private void Collect(BatchEntry entry)
    {
        GenerationSequence sequence = (GenerationSequence)entry.Sequence;
        Generation generation = sequence.Generation;
        _places.Clear();
        foreach (int number in sequence.Pages)
        {
            _places.Add(Page(number));
        }

        sequence.Cache.Place(CollectionsMarshal.AsSpan(_places), sequence.Computed);
        int first = _ids.Count, begin = sequence.Begin + sequence.Computed;
        _ids.AddRange(CollectionsMarshal.AsSpan(sequence.Ids).Slice(begin, entry.Count));
        _counts.Add(entry.Count);
        _caches.Add(sequence.Cache);

        // The row of a position speaks of the id after it.
        int reported = generation.PromptTokens.Count;
        for (int i = 0; i < entry.Count; i++)
        {
            int next = begin + i + 1;
            bool isReported = sequence.PromptRows is not null && next < generation.Prompt.Count && next >= reported;
            if (isReported || (entry.Draws && i == entry.Count - 1 && generation.Settings.MaxTokens > 0))
            {
                _rows.Add(first + i);
                _wanted.Add((sequence, next));
            }
        }

        generation.CachedTokens = sequence.TakenOver;
        if (entry.Draws)
        {
            Drawing.Add(generation);
        }
    }

    private void Take()
    {
        PromptToken[] prompt = new PromptToken[_wanted.Count];
        Compute.Current.For(_wanted.Count, i => Take(i, prompt));
        for (int i = 0; i < _wanted.Count; i++)
        {
            (GenerationSequence sequence, int position) = _wanted[i];
            if (position < sequence.Generation.Prompt.Count)
            {
                sequence.Generation.AddPromptToken(prompt[i]);
            }
        }

        foreach (Generation generation in Drawing)
        {
            if (generation.Settings.MaxTokens == 0)
            {
                generation.Finished ??= FinishReason.Length;
            }
        }
    }

    private void Take(int index, PromptToken[] prompt)
    {
        (GenerationSequence sequence, int position) = _wanted[index];
        Generation generation = sequence.Generation;
        ReadOnlyMemory<float> row = _logits.AsMemory(index * vocabulary, vocabulary);
        try
        {
            if (position < generation.Prompt.Count)
            {
                prompt[index] = TokenSampler.OfPrompt(generation.Prompt[position], row.Span, sequence.PromptRows!.Value);
            }
            else if (TokenSampler.Draw(generation, row) is { } token)
            {
                generation.Append(token, context);
            }
            else
            {
                generation.Finished = FinishReason.Stop;
            }
        }
#pragma warning disable CA1031 // Whatever a constraint or a row of logits makes go wrong is that generation's error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            generation.Fail(exception);
        }
    }

    private KeyPage Page(int number)
    {
        while (_pages.Count <= number)
        {
            _pages.Add(null);
        }

        return _pages[number] ??= layout.NewPage();
    }
}
