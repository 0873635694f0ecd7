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

    /// <summary>What Transformers calls the head's module.</summary>
    private protected virtual string HeadName => "lm_head";

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
        using ModuleScope head = Tape.EnterModule(HeadName);
        return scope.Keep(LossOf(reduction).Forward(x, OutputTable, targets));
    }

    /// <summary>An empty cache for one sequence.</summary>
    /// <param name="capacity">Positions; the whole context by default.</param>
    /// <param name="dtype">How it holds keys and values; results are those of training in float32 only.</param>
    public KvCache NewCache(int? capacity = null, CacheDtype dtype = CacheDtype.Float32) =>
        new(Config.Layers, capacity ?? Config.ContextLength, KeyWidth, dtype);

    /// <summary>The layout of pages of its keys and values.</summary>
    internal KvLayout KvLayout(int pageLength, CacheDtype dtype) => new(Config.Layers, KeyWidth, pageLength, dtype);

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
        int sequences = caches.Count, vocabulary = Config.VocabSize;
        if (sequences == 0 || ids.Length == 0 || ids.Length % sequences != 0)
        {
            throw new ArgumentException(
                $"{GetType().Name}.Forward: {ids.Length} ids do not divide among {sequences} caches; give the count of each if they differ.", nameof(ids));
        }

        bool all = logits.Length == ids.Length * (long)vocabulary;
        if (!all && logits.Length != sequences * (long)vocabulary)
        {
            throw new ArgumentException(
                $"{GetType().Name}.Forward: logits have {logits.Length} elements, but the last position of {sequences} sequences takes {sequences} * {vocabulary}, all positions {ids.Length} * that.", nameof(logits));
        }

        int count = ids.Length / sequences, step = all ? 1 : count;
        int[] counts = ArrayPool<int>.Shared.Rent(sequences), rows = ArrayPool<int>.Shared.Rent(ids.Length);
        counts.AsSpan(0, sequences).Fill(count);
        for (int i = 0; i < ids.Length / step; i++)
        {
            rows[i] = ((i + 1) * step) - 1;
        }

        Forward(ids, caches, counts.AsSpan(0, sequences), rows.AsSpan(0, ids.Length / step), logits);
        ArrayPool<int>.Shared.Return(counts);
        ArrayPool<int>.Shared.Return(rows);
    }

    /// <summary>
    /// Continues sequences by any number of ids each, without gradients. What a sequence's rows give depends on that sequence alone: on its
    /// ids up to there, not on how they are cut or on its neighbours.
    /// </summary>
    /// <param name="ids">The ids of the first cache, then of the next, and so on.</param>
    /// <param name="caches">One for each sequence; advanced by its count.</param>
    /// <param name="counts">The number of ids for each cache, at least 1.</param>
    /// <param name="rows">Which of the ids' positions give logits, as indices into <paramref name="ids"/>; may be none.</param>
    /// <param name="logits">Receives [rows, V].</param>
    /// <exception cref="ArgumentException">The counts do not add up, exceed a cache or the context, or the logits have another size.</exception>
    public void Forward(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts, ReadOnlySpan<int> rows, Span<float> logits)
    {
        ArgumentNullException.ThrowIfNull(caches);
        CheckContinuation(ids.Length, caches, counts);
        if (logits.Length != rows.Length * (long)Config.VocabSize)
        {
            throw new ArgumentException($"{GetType().Name}.Forward: logits have {logits.Length} elements, but {rows.Length} rows take as many times {Config.VocabSize}.", nameof(logits));
        }

        using ResultScope scope = Tape.OwnResultsNoGrad();
        Tensor x = Continue(ids, caches, counts); // [ids, C]
        if (rows.Length > 0)
        {
            Head(rows.Length == ids.Length ? x : Gather(x, rows)).Data.CopyTo(logits);
        }

        for (int i = 0; i < caches.Count; i++) // enumerating an interface allocates
        {
            caches[i].Advance(counts[i]);
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

        Tensor x = Transform(ids, positions.AsSpan(0, ids.Length), new SequenceRows(sequences, length, context, null, null));
        ArrayPool<int>.Shared.Return(positions);
        return x;
    }

    private Tensor Continue(ReadOnlySpan<int> ids, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts)
    {
        int[] positions = ArrayPool<int>.Shared.Rent(ids.Length), perCache = ArrayPool<int>.Shared.Rent(counts.Length);
        counts.CopyTo(perCache);
        int row = 0, end = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            for (int j = 0; j < counts[i]; j++)
            {
                positions[row++] = caches[i].Length + j;
            }

            end = Math.Max(end, caches[i].Length + counts[i]);
        }

        Tensor x = Transform(ids, positions.AsSpan(0, ids.Length), new SequenceRows(caches.Count, end, null, caches, perCache));
        ArrayPool<int>.Shared.Return(positions);
        ArrayPool<int>.Shared.Return(perCache);
        return x;
    }

    // [B*T, C] to [B*T, V]
    private Tensor Head(Tensor x)
    {
        using ModuleScope head = Tape.EnterModule(HeadName);
        return Ops.MatMul(x, OutputTable, transposeB: true);
    }

    private void CheckContinuation(int length, IReadOnlyList<KvCache> caches, ReadOnlySpan<int> counts)
    {
        string name = GetType().Name;
        long sum = 0;
        for (int i = 0; i < caches.Count && i < counts.Length; i++)
        {
            KvCache cache = caches[i];
            int count = counts[i];
            sum += count;
            if (count < 1)
            {
                throw new ArgumentException($"{name}.Forward: {count} ids for cache {i}; each sequence continues by at least one.");
            }

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

        if (caches.Count != counts.Length || sum != length)
        {
            throw new ArgumentException($"{name}.Forward: {counts.Length} counts of {sum} ids together for {caches.Count} caches and {length} ids.");
        }
    }

    private static CrossEntropyLoss LossOf(Reduction reduction) => reduction switch
    {
        Reduction.None => SingleLosses,
        Reduction.Sum => SummedLoss,
        _ => MeanLoss,
    };

    private static Tensor Gather(Tensor x, ReadOnlySpan<int> rows)
    {
        int width = x.Shape[1];
        Tensor y = Tape.NewResult([rows.Length, width]);
        for (int i = 0; i < rows.Length; i++)
        {
            x.Data.Slice(rows[i] * width, width).CopyTo(y.Data[(i * width)..]);
        }

        return y;
    }
}
