// What BERT makes of a batch. Masked positions are absent: they have no row, and no other row saw them.

using Idem.Tensors;

namespace Idem.Models;

/// <summary>The last hidden states of a batch, present tokens only.</summary>
/// <param name="Rows">[present tokens, C], sequence after sequence.</param>
/// <param name="Lengths">Present tokens of each sequence.</param>
/// <param name="Indices">Where each row stands in the batch that was given: sequence * T + position.</param>
public sealed record BertStates(Tensor Rows, IReadOnlyList<int> Lengths, IReadOnlyList<int> Indices);

/// <summary>The tokens of a batch that are present, with their positions.</summary>
internal sealed class BertBatch
{
    private BertBatch(int count, int sequences)
    {
        Ids = new int[count];
        Types = new int[count];
        Positions = new int[count];
        Indices = new int[count];
        Lengths = new int[sequences];
    }

    public int[] Ids { get; }

    public int[] Types { get; }

    public int[] Positions { get; }

    public int[] Indices { get; }

    public int[] Lengths { get; }

    public bool IsEven => Lengths.AsSpan().ContainsAnyExcept(Lengths[0]) == false;

    /// <summary>Leaves out what the mask hides; the others keep their positions.</summary>
    public static BertBatch Create(ReadOnlySpan<int> ids, int sequences, ReadOnlySpan<int> types, ReadOnlySpan<int> mask, int context)
    {
        int length = sequences > 0 ? ids.Length / sequences : 0;
        if (length == 0 || ids.Length % sequences != 0 || length > context)
        {
            throw new ArgumentException($"Bert: {ids.Length} ids in {sequences} sequences: each takes as many, at least 1 and at most the context of {context}.", nameof(ids));
        }

        if ((!types.IsEmpty && types.Length != ids.Length) || (!mask.IsEmpty && mask.Length != ids.Length))
        {
            throw new ArgumentException($"Bert: {ids.Length} ids take as many token types and as many mask values, or none.");
        }

        BertBatch batch = new(mask.IsEmpty ? ids.Length : ids.Length - mask.Count(0), sequences);
        int row = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (!mask.IsEmpty && mask[i] == 0)
            {
                if (i % length == 0)
                {
                    throw new ArgumentException($"Bert: the first token of sequence {i / length} is masked, but pooling reads it; pad at the end.", nameof(mask));
                }

                continue;
            }

            batch.Ids[row] = ids[i];
            batch.Types[row] = types.IsEmpty ? 0 : types[i];
            batch.Positions[row] = i % length;
            batch.Indices[row] = i;
            batch.Lengths[i / length]++;
            row++;
        }

        return batch;
    }
}
