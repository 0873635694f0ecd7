// The operations that layers are made of: norms, embedding, cross-entropy.

using System.Buffers;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>Layer normalisation over the last dimension.</summary>
    public static Tensor LayerNorm(Tensor x, Tensor weight, Tensor? bias, float eps)
    {
        (int rows, int columns) = NormRows("LayerNorm", x, weight, bias);
        Tape? tape = Tape.For(x, weight, bias);
        Tensor y = Tape.NewResult(x.Shape);
        Storage mean = StoragePool.Rent(rows), rstd = StoragePool.Rent(rows);
        Numerics.Kernels.LayerNorm.Forward(
            Compute.Current, rows, columns, x.Data, weight.Data, bias is null ? default : bias.Data, eps, y.Data, mean.Span(0, rows), rstd.Span(0, rows));
        KeepOrRelease(tape?.Record(Op.LayerNorm, y, x, weight, bias), mean, rstd);
        return Tape.Observe(Op.LayerNorm, y);
    }

    /// <summary>
    /// sum = a + b, and its layer normalisation, in one pass. Two operations are recorded, as if they had been done one by one;
    /// who watches sees them done so.
    /// </summary>
    public static Tensor AddLayerNorm(Tensor a, Tensor b, Tensor weight, Tensor? bias, float eps, out Tensor sum)
    {
        if (a.Shape != b.Shape)
        {
            throw ShapeException.Two("AddLayerNorm", a.Shape, b.Shape, "they must be equal");
        }

        if (Tape.IsObserved)
        {
            sum = Binary(Op.Add, a, b);
            return LayerNorm(sum, weight, bias, eps);
        }

        (int rows, int columns) = NormRows("AddLayerNorm", a, weight, bias);
        Tape? sumTape = Tape.For(a, b);
        sum = Tape.NewResult(a.Shape);
        sumTape?.Record(Op.Add, sum, a, b);
        Tape? tape = Tape.For(sum, weight, bias);
        Tensor y = Tape.NewResult(a.Shape);
        Storage mean = StoragePool.Rent(rows), rstd = StoragePool.Rent(rows);
        Numerics.Kernels.LayerNorm.ForwardResidual(
            Compute.Current, rows, columns, a.Data, b.Data, weight.Data, bias is null ? default : bias.Data, eps, sum.Data, y.Data, mean.Span(0, rows), rstd.Span(0, rows));
        KeepOrRelease(tape?.Record(Op.LayerNorm, y, sum, weight, bias), mean, rstd);
        return y;
    }

    /// <summary>Root-mean-square normalisation over the last dimension.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, float eps)
    {
        (int rows, int columns) = NormRows("RmsNorm", x, weight, null);
        Tape? tape = Tape.For(x, weight);
        Tensor y = Tape.NewResult(x.Shape);
        Storage rstd = StoragePool.Rent(rows);
        Numerics.Kernels.RmsNorm.Forward(Compute.Current, rows, columns, x.Data, weight.Data, eps, y.Data, rstd.Span(0, rows));
        KeepOrRelease(tape?.Record(Op.RmsNorm, y, x, weight), rstd, null);
        return Tape.Observe(Op.RmsNorm, y);
    }

    /// <summary>sum = a + b, and its root-mean-square normalisation, in one pass; recorded, and watched, as two operations.</summary>
    public static Tensor AddRmsNorm(Tensor a, Tensor b, Tensor weight, float eps, out Tensor sum)
    {
        if (a.Shape != b.Shape)
        {
            throw ShapeException.Two("AddRmsNorm", a.Shape, b.Shape, "they must be equal");
        }

        if (Tape.IsObserved)
        {
            sum = Binary(Op.Add, a, b);
            return RmsNorm(sum, weight, eps);
        }

        (int rows, int columns) = NormRows("AddRmsNorm", a, weight, null);
        Tape? sumTape = Tape.For(a, b);
        sum = Tape.NewResult(a.Shape);
        sumTape?.Record(Op.Add, sum, a, b);
        Tape? tape = Tape.For(sum, weight);
        Tensor y = Tape.NewResult(a.Shape);
        Storage rstd = StoragePool.Rent(rows);
        Numerics.Kernels.RmsNorm.ForwardResidual(
            Compute.Current, rows, columns, a.Data, b.Data, weight.Data, eps, sum.Data, y.Data, rstd.Span(0, rows));
        KeepOrRelease(tape?.Record(Op.RmsNorm, y, sum, weight), rstd, null);
        return y;
    }

    /// <summary>y[i] = table[ids[i]], of shape [ids, width].</summary>
    public static Tensor Embedding(Tensor table, ReadOnlySpan<int> ids)
    {
        if (table.Rank != 2)
        {
            throw ShapeException.One("Embedding", table.Shape, "a table is [rows, width]");
        }

        Tape? tape = Tape.For(table);
        Tensor y = Tape.NewResult([ids.Length, table.Shape[1]]);
        if (table.Packed is { } packed)
        {
            Numerics.Kernels.Embedding.Forward(Compute.Current, ids, packed, y.Data);
        }
        else
        {
            Numerics.Kernels.Embedding.Forward(Compute.Current, ids, table.Shape[0], table.Shape[1], table.Data, y.Data);
        }

        if (tape is not null)
        {
            KeepIds(tape.Record(Op.Embedding, y, table), ids);
        }

        return Tape.Observe(Op.Embedding, y);
    }

    /// <summary>losses[i] of logits [rows, classes]; +0 where the target is to be ignored.</summary>
    public static Tensor CrossEntropy(Tensor logits, ReadOnlySpan<int> targets, int ignoreIndex)
    {
        (int rows, int classes) = Rows("CrossEntropy", logits.Shape);
        if (targets.Length != rows)
        {
            throw ShapeException.Two("CrossEntropy", logits.Shape, [targets.Length], $"{rows} rows of logits need {rows} targets");
        }

        Tape? tape = Tape.For(logits);
        Tensor losses = Tape.NewResult([rows]);
        Storage max = StoragePool.Rent(rows), sum = StoragePool.Rent(rows);
        Numerics.Kernels.CrossEntropy.Forward(
            Compute.Current, rows, classes, logits.Data, targets, ignoreIndex, losses.Data, max.Span(0, rows), sum.Span(0, rows));
        Node? node = tape?.Record(Op.CrossEntropy, losses, logits);
        KeepOrRelease(node, max, sum);
        if (node is not null)
        {
            node.First = ignoreIndex;
            KeepIds(node, targets);
        }

        return Tape.Observe(Op.CrossEntropy, losses);
    }

    private static (int Rows, int Columns) NormRows(string operation, Tensor x, Tensor weight, Tensor? bias)
    {
        (int rows, int columns) = Rows(operation, x.Shape);
        if (weight.Rank != 1 || weight.Length != columns)
        {
            throw ShapeException.Two(operation, x.Shape, weight.Shape, $"the weight has one value for each of the {columns} columns");
        }

        if (bias is not null && bias.Shape != weight.Shape)
        {
            throw ShapeException.Two(operation, x.Shape, bias.Shape, $"the bias has one value for each of the {columns} columns");
        }

        return (rows, columns);
    }

    private static void KeepOrRelease(Node? node, Storage saved, Storage? savedToo)
    {
        if (node is null)
        {
            saved.Release();
            savedToo?.Release();
            return;
        }

        node.Saved = saved;
        node.SavedToo = savedToo;
    }

    /// <summary>Saves ids with a node.</summary>
    public static void KeepIds(Node node, ReadOnlySpan<int> ids)
    {
        node.Ids = ArrayPool<int>.Shared.Rent(Math.Max(1, ids.Length));
        ids.CopyTo(node.Ids);
    }
}
