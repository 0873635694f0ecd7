// The last layer of a language model and its loss as one operation: y[i] = -log(softmax(W a[i])[t[i]]), without keeping the logits
// of a large vocabulary twice, or at all. The bits are those of Ops.MatMul followed by Ops.CrossEntropy:
//   rows are independent forward, so they are taken some at a time;
//   classes are independent backward once each row's maximum and sum are known, so blocks of them are computed anew; the gradient
//   of a, a chain-tree over all classes, is joined from the blocks' subtrees, which a block of 2^n leaves makes whole.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;
using MatMulKernel = Idem.Numerics.Kernels.MatMul;

namespace Idem.Tensors;

internal static class LinearCrossEntropy
{
    /// <summary>Classes of a block in backward: a power of two of leaves.</summary>
    private const int BlockClasses = 16 * ChainTree.Leaf;

    /// <summary>Logits up to this many (256 MiB) are kept for backward rather than computed twice.</summary>
    public static long KeptLogitsMax { get; set; } = 1 << 26;

    /// <summary>Logits held at once where they are not kept (64 MiB), but those of one row at least.</summary>
    public static long LogitsMax { get; set; } = 1 << 24;

    /// <summary>losses[i] of x [rows, width] under the table [classes, width]; +0 where the target is to be ignored. Watched, it is the two operations.</summary>
    public static Tensor Forward(Tensor x, Tensor table, ReadOnlySpan<int> targets, int ignoreIndex)
    {
        if (Tape.IsObserved)
        {
            return Ops.CrossEntropy(Ops.MatMul(x, table, transposeB: true), targets, ignoreIndex);
        }

        var sizes = new MatMulSizes(x.Shape, table.Shape, false, true);
        int rows = sizes.M, classes = sizes.N;
        if (targets.Length != rows)
        {
            throw ShapeException.Two("CrossEntropy", x.Shape, [targets.Length], $"{rows} rows need {rows} targets");
        }

        Tape? tape = Tape.For(x, table);
        Tensor losses = Tape.NewResult([rows]);
        bool keeps = tape is not null && (long)rows * classes <= KeptLogitsMax;
        int rowsAtOnce = keeps ? rows : (int)Math.Clamp(LogitsMax / classes, 1, rows);
        Storage logits = StoragePool.Rent(checked(rowsAtOnce * classes)), statistics = StoragePool.Rent(2 * rows);
        Span<float> max = statistics.Span(0, rows), sum = statistics.Span(rows, rows);
        for (int first = 0; first < rows; first += rowsAtOnce)
        {
            int count = Math.Min(rowsAtOnce, rows - first);
            Span<float> block = logits.Span(0, count * classes);
            Logits(x.Data.Slice(first * sizes.K, count * sizes.K), table, count, sizes, block);
            CrossEntropy.Forward(
                Compute.Current, count, classes, block, targets.Slice(first, count), ignoreIndex,
                losses.Data.Slice(first, count), max.Slice(first, count), sum.Slice(first, count));
        }

        if (tape is null)
        {
            logits.Release();
            statistics.Release();
            return losses;
        }

        Node node = tape.Record(Op.LinearCrossEntropy, losses, x, table);
        node.First = ignoreIndex;
        node.Saved = statistics;
        Ops.KeepIds(node, targets);
        if (keeps)
        {
            node.SavedToo = logits;
        }
        else
        {
            logits.Release();
        }

        return losses;
    }

    private static void Logits(ReadOnlySpan<float> x, Tensor table, int rows, MatMulSizes sizes, Span<float> logits)
    {
        if (table.Packed is { } packed)
        {
            MatMulKernel.Multiply(Compute.Current, rows, x, sizes.K, packed, default, logits, sizes.N);
        }
        else
        {
            MatMulKernel.Multiply(Compute.Current, false, true, rows, sizes.N, sizes.K, x, sizes.K, table.Data, sizes.K, default, logits, sizes.N);
        }
    }

    /// <summary>da = dl W and dW = dl^T a, with dl[i, j] = (softmax(W a[i])[j] - [j = t[i]]) dy[i].</summary>
    public static void Backward(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        Tensor x = n.A!, table = n.B!;
        int rows = x.Length / table.Shape[1], width = table.Shape[1], classes = table.Shape[0];
        Storage? kept = n.SavedToo;
        int blockMax = kept is null ? Math.Min(BlockClasses, classes) : classes;
        Storage logits = kept ?? StoragePool.Rent(checked(rows * blockMax));
        using Contribution da = g.To(x), db = g.To(table);
        ReadOnlySpan<float> absent = g.ZerosForAbsent(table, width);
        var join = new Joint(g.Compute, rows * width);
        for (int first = 0; first < classes; first += blockMax)
        {
            int count = Math.Min(blockMax, classes - first);
            ReadOnlySpan<float> weights = table.Data.Slice(first * width, count * width);
            Span<float> block = logits.Span(0, rows * count);
            if (kept is null)
            {
                MatMulKernel.Multiply(g.Compute, false, true, rows, count, width, x.Data, width, weights, width, default, block, count);
            }

            CrossEntropy.BackwardBlock(
                g.Compute, rows, classes, first, count, block, n.Ids.AsSpan(0, rows), n.First, n.Saved!.Span(0, rows), n.Saved!.Span(rows, rows), dy, block);
            if (Backpropagation.Wants(table))
            {
                MatMulKernel.Multiply(g.Compute, true, false, count, width, rows, block, count, x.Data, width, absent, db.Span.Slice(first * width, count * width), width);
            }

            if (Backpropagation.Wants(x))
            {
                bool isLast = first + count == classes;
                Span<float> part = first == 0 && isLast ? da.Span : join.Next();
                MatMulKernel.Multiply(g.Compute, false, false, rows, width, count, block, count, weights, width, default, part, width);
                if (first > 0 || !isLast)
                {
                    join.Add(isLast, da.Span);
                }
            }
        }

        if (kept is null)
        {
            logits.Release();
        }
    }

    // The online form of the chain-tree over blocks, on whole matrices.
    private ref struct Joint(Compute compute, int length)
    {
        private Levels _levels;
        private Storage? _part;
        private int _block;

        public Span<float> Next()
        {
            _part = StoragePool.Rent(length);
            return _part.Span(0, length);
        }

        /// <summary>Joins the part just written with those that await it; the last sum is written to <paramref name="result"/>.</summary>
        public void Add(bool isLast, Span<float> result)
        {
            uint merge = ChainTree.LevelsToMerge(_block, isLast);
            for (int level = 0; merge != 0; level++, merge >>= 1)
            {
                if ((merge & 1) != 0)
                {
                    Storage left = _levels[level]!;
                    Reduce.AddInPlace(compute, left.Span(0, length), _part!.Span(0, length));
                    _part.Release();
                    _part = left;
                    _levels[level] = null;
                }
            }

            if (isLast)
            {
                _part!.Span(0, length).CopyTo(result);
                _part.Release();
            }
            else
            {
                _levels[ChainTree.LevelAfter(_block)] = _part;
            }

            _block++;
        }

        [System.Runtime.CompilerServices.InlineArray(20)]
        private struct Levels
        {
            private Storage? _first;
        }
    }
}
