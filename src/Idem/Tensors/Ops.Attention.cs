// Attention and what brings its operands into place.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>Rows [q k v] of separate (or interleaved) projections, q and k rotated by each row's position.</summary>
    /// <param name="layout">Heads.</param>
    /// <param name="positions">The absolute position of each row.</param>
    /// <param name="table">Cosines and sines; null where nothing is rotated.</param>
    /// <param name="q">[rows, query heads * head size]; interleaved, all three.</param>
    /// <param name="k">[rows, key heads * head size]; null where interleaved.</param>
    /// <param name="v">As k.</param>
    public static Tensor PackHeads(in HeadLayout layout, ReadOnlySpan<int> positions, RotaryTable? table, Tensor q, Tensor? k, Tensor? v)
    {
        Tape? tape = Tape.For(q, k, v);
        Tensor packed = Tape.NewResult([positions.Length, layout.PackedWidth]);
        Heads.Pack(Compute.Current, layout, positions, table, q.Data, k is null ? default : k.Data, v is null ? default : v.Data, packed.Data);
        if (tape is not null)
        {
            Node node = tape.Record(Op.PackHeads, packed, q, k, v);
            node.Heads = layout;
            node.Rotary = table;
            KeepIds(node, positions);
        }

        return Tape.Observe(Op.PackHeads, packed);
    }

    /// <summary>Attention whose q, k and v are slices of each row of one packed tensor.</summary>
    public static Tensor Attention(Tensor packed, in AttentionShape shape)
    {
        int rows = shape.Batch * shape.QueryCount, width = shape.QueryHeads * shape.HeadSize;
        Tape? tape = Tape.For(packed);
        Tensor y = Tape.NewResult([rows, width]);
        int statistics = tape is null ? 0 : rows * shape.QueryHeads;
        Storage? max = tape is null ? null : StoragePool.Rent(statistics), sum = tape is null ? null : StoragePool.Rent(statistics);
        ReadOnlySpan<float> q = packed.Data;
        (int keys, int values) = PackedOffsets(shape);
        Numerics.Kernels.Attention.Forward(
            Compute.Current, shape, q, q[keys..], q[values..], y.Data, max is null ? default : max.Span(0, statistics), sum is null ? default : sum.Span(0, statistics));
        if (tape is not null)
        {
            Node node = tape.Record(Op.Attention, y, packed);
            node.Attention = shape;
            KeepOrRelease(node, max!, sum);
        }

        return Tape.Observe(Op.Attention, y);
    }

    /// <summary>Where keys and values begin in a packed row.</summary>
    public static (int Keys, int Values) PackedOffsets(in AttentionShape shape) =>
        (shape.QueryHeads * shape.HeadSize, (shape.QueryHeads + shape.KeyHeads) * shape.HeadSize);

    /// <summary>As <see cref="Attention"/>, for sequences of different lengths one behind the other.</summary>
    /// <param name="packed">[sum of lengths, packed width].</param>
    /// <param name="shape">A packed shape of one sequence of any length.</param>
    /// <param name="lengths">Rows of each sequence.</param>
    public static Tensor RaggedAttention(Tensor packed, in AttentionShape shape, ReadOnlySpan<int> lengths)
    {
        int rows = packed.Shape[0], heads = shape.QueryHeads, row = 0;
        Tape? tape = Tape.For(packed);
        Tensor y = Tape.NewResult([rows, heads * shape.HeadSize]);
        Storage? max = tape is null ? null : StoragePool.Rent(rows * heads), sum = tape is null ? null : StoragePool.Rent(rows * heads);
        (int keys, int values) = PackedOffsets(shape);
        foreach (int length in lengths)
        {
            ReadOnlySpan<float> q = packed.Data.Slice(row * shape.QueryRowStride, length * shape.QueryRowStride);
            Numerics.Kernels.Attention.Forward(
                Compute.Current, OfLength(shape, length), q, q[keys..], q[values..], y.Data.Slice(row * shape.OutputRowStride, length * shape.OutputRowStride),
                max is null ? default : max.Span(row * heads, length * heads), sum is null ? default : sum.Span(row * heads, length * heads));
            row += length;
        }

        if (tape is not null)
        {
            Node node = tape.Record(Op.RaggedAttention, y, packed);
            node.Attention = shape;
            node.First = lengths.Length;
            KeepIds(node, lengths);
            KeepOrRelease(node, max!, sum);
        }

        return Tape.Observe(Op.RaggedAttention, y);
    }

    /// <summary>A packed shape of one sequence, for another length.</summary>
    public static AttentionShape OfLength(in AttentionShape shape, int length) => shape with { QueryCount = length, KeyCount = length };
}
