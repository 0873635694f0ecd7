// What decoder models share: token ids in, logits of each next token out, for training, prefill and decoding.
// Rows are positions: activations are [B*T, C], sequences one after another.
//   B sequences, T positions, V vocabulary, C width
// What may never change: which operations make a result. Training, prefill, chunks and single tokens run the same lines.

using System.Buffers;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Models;

/// <summary>A causal language model.</summary>
public abstract class DecoderModel : LanguageModel
{
    private static readonly CrossEntropyLoss MeanLoss = new(), SummedLoss = new(reduction: Reduction.Sum), SingleLosses = new(reduction: Reduction.None);

    /// <summary>Elements of a key of one layer, all heads together.</summary>
    private protected abstract int KeyWidth { get; }

    /// <summary>The output head, [V, C].</summary>
    private protected abstract Parameter OutputTable { get; }

    /// <summary>Logits of sequences.</summary>
    /// <param name="ids">B*T token ids, sequence after sequence.</param>
    /// <param name="sequences">B.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    /// <returns>[B, T, V].</returns>
    public Tensor Forward(ReadOnlySpan<int> ids, int sequences, ForwardContext? context = null)
    {
        Tensor logits = Logits(ids, sequences, context); // [B*T, V]
        return logits.Reshape(sequences, ids.Length / sequences, Config.VocabSize);
    }

    /// <inheritdoc/>
    public override Tensor Logits(ReadOnlySpan<int> ids) => Logits(ids, 1, null);

    /// <inheritdoc/>
    public override Tensor HiddenStates(ReadOnlySpan<int> ids)
    {
        using ResultScope scope = Tape.OwnResults();
        return scope.Keep(Hidden(ids, 1, null));
    }

    /// <summary>Cross-entropy of each position's logits against a target.</summary>
    /// <param name="ids">B*T token ids, sequence after sequence.</param>
    /// <param name="targets">B*T target ids, usually the ids that follow; -100 for positions without a loss.</param>
    /// <param name="sequences">B.</param>
    /// <param name="reduction">Mean, or none for a shard of a batch.</param>
    /// <param name="context">Where in the run this is; needed in training with dropout.</param>
    public Tensor Loss(ReadOnlySpan<int> ids, ReadOnlySpan<int> targets, int sequences, Reduction reduction = Reduction.Mean, ForwardContext? context = null)
    {
        using ResultScope scope = Tape.OwnResults();
        Tensor x = Hidden(ids, sequences, context); // [B*T, C]
        return scope.Keep(LossOf(reduction).Forward(x, OutputTable, targets));
    }

    /// <summary>An empty cache for one sequence.</summary>
    /// <param name="capacity">Positions; the whole context by default.</param>
    public KvCache NewCache(int? capacity = null) => new(Config.Layers, capacity ?? Config.ContextLength, KeyWidth);

    /// <summary>
    /// Continues sequences by as many ids each, without gradients: the logits have the bits of <see cref="Forward(ReadOnlySpan{int}, int, ForwardContext?)"/>
    /// over the whole sequences, however they are cut.
    /// </summary>
    /// <param name="ids">n ids for each cache, in order.</param>
    /// <param name="caches">One for each sequence; advanced by n.</param>
    /// <param name="logits">Receives [caches, V]: those of each sequence's last position; or [caches * n, V], of all.</param>
    /// <exception cref="ArgumentException">The ids do not divide among the caches, exceed them, or the logits have another size.</exception>
    public void Forward(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, Span<float> logits)
    {
        ArgumentNullException.ThrowIfNull(caches);
        int count = CheckContinuation(ids.Length, caches), vocabulary = Config.VocabSize;
        bool all = logits.Length == ids.Length * (long)vocabulary;
        if (!all && logits.Length != caches.Count * (long)vocabulary)
        {
            throw new ArgumentException(
                $"{GetType().Name}.Forward: logits have {logits.Length} elements, but the last position of {caches.Count} sequences takes {caches.Count} * {vocabulary}, all positions {ids.Length} * that.", nameof(logits));
        }

        using ResultScope scope = Tape.OwnResultsNoGrad();
        Tensor x = Continue(ids, caches, count); // [caches * n, C]
        Tensor rows = all || count == 1 ? x : LastRows(x, caches.Count);
        Head(rows).Data.CopyTo(logits);
        for (int i = 0; i < caches.Count; i++) // enumerating an interface allocates
        {
            caches[i].Advance(count);
        }
    }

    /// <summary>Embeddings, blocks and final norm: [rows, C].</summary>
    /// <param name="ids">The id of each row.</param>
    /// <param name="positions">The absolute position of each row.</param>
    /// <param name="rows">What the rows belong to.</param>
    private protected abstract Tensor Transform(ReadOnlySpan<int> ids, ReadOnlySpan<int> positions, SequenceRows rows);

    private Tensor Logits(ReadOnlySpan<int> ids, int sequences, ForwardContext? context)
    {
        using ResultScope scope = Tape.OwnResults();
        return scope.Keep(Head(Hidden(ids, sequences, context)));
    }

    // [B*T, C]
    private Tensor Hidden(ReadOnlySpan<int> ids, int sequences, ForwardContext? context)
    {
        if (sequences <= 0 || ids.Length == 0 || ids.Length % sequences != 0 || ids.Length / sequences > Config.ContextLength)
        {
            throw new ArgumentException(
                $"{GetType().Name}.Forward: {ids.Length} ids in {sequences} sequences: each takes as many, at least 1 and at most the context of {Config.ContextLength}.", nameof(ids));
        }

        int length = ids.Length / sequences;
        int[] positions = ArrayPool<int>.Shared.Rent(ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            positions[i] = i % length;
        }

        Tensor x = Transform(ids, positions.AsSpan(0, ids.Length), new SequenceRows(sequences, length, context, null));
        ArrayPool<int>.Shared.Return(positions);
        return x;
    }

    private Tensor Continue(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, int count)
    {
        int[] positions = ArrayPool<int>.Shared.Rent(ids.Length);
        int end = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            positions[i] = caches[i / count].Length + (i % count);
            end = Math.Max(end, positions[i] + 1);
        }

        Tensor x = Transform(ids, positions.AsSpan(0, ids.Length), new SequenceRows(caches.Count, end, null, caches));
        ArrayPool<int>.Shared.Return(positions);
        return x;
    }

    // [B*T, C] to [B*T, V]
    private Tensor Head(Tensor x) => Ops.MatMul(x, OutputTable, transposeB: true);

    private int CheckContinuation(int length, IReadOnlyList<KvCache> caches)
    {
        string name = GetType().Name;
        if (caches.Count == 0 || length == 0 || length % caches.Count != 0)
        {
            throw new ArgumentException($"{name}.Forward: {length} ids do not divide among {caches.Count} caches; each sequence continues by as many.");
        }

        int count = length / caches.Count;
        for (int i = 0; i < caches.Count; i++)
        {
            KvCache cache = caches[i];
            cache.Require(count);
            if (cache.Layers != Config.Layers || cache.Width != KeyWidth)
            {
                throw new ArgumentException($"{name}.Forward: a cache of {cache.Layers} layers of width {cache.Width} is not of this model; use NewCache().");
            }

            if (cache.Length + count > Config.ContextLength)
            {
                throw new ArgumentException($"{name}.Forward: {count} positions after {cache.Length} exceed the context of {Config.ContextLength}.");
            }
        }

        return count;
    }

    private static CrossEntropyLoss LossOf(Reduction reduction) => reduction switch
    {
        Reduction.None => SingleLosses,
        Reduction.Sum => SummedLoss,
        _ => MeanLoss,
    };

    private static Tensor LastRows(Tensor x, int sequences)
    {
        int width = x.Shape[1], count = x.Shape[0] / sequences;
        Tensor y = Tape.NewResult([sequences, width]);
        Ops.CopyRows(x.Data[((count - 1) * width)..], count * width, y.Data, width, width, sequences);
        return y;
    }
}
