// All derivatives, in one table. Each entry quotes the forward line it differentiates (y the output, dy its gradient) and writes the
// contributions to its inputs' gradients in the order a, b, c.
// What may never change: which kernels with which operands make a contribution; they decide its bits.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using MatMulKernel = Idem.Numerics.Kernels.MatMul;

namespace Idem.Tensors;

internal static class Gradients
{
    /// <summary>Contributes to the gradients of a node's inputs.</summary>
    public static void Backward(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        switch (n.Op)
        {
            case Op.Add: Add(n, dy, g); break;
            case Op.Subtract: Subtract(n, dy, g); break;
            case Op.Multiply: Multiply(n, dy, g); break;
            case Op.Divide: Divide(n, dy, g); break;
            case Op.AddScalar: g.Pass(n.A); break; // y = a + s
            case Op.MultiplyScalar: MultiplyScalar(n, dy, g); break;
            case Op.Unary: Unary(n, dy, g); break;
            case Op.MatMul: MatMul(n, dy, g); break;
            case Op.Reshape: g.Pass(n.A); break; // y = a under another shape
            case Op.Slice: Slice(n, dy, g); break;
            case Op.Transpose: Transpose(n, dy, g); break;
            case Op.Sum: Sum(n, dy, g); break;
            case Op.Mean: Mean(n, dy, g); break;
            case Op.Softmax: Softmax(n, dy, g); break;
            case Op.LogSoftmax: LogSoftmax(n, dy, g); break;
            case Op.LayerNorm: LayerNorm(n, dy, g); break;
            case Op.RmsNorm: RmsNorm(n, dy, g); break;
            case Op.Embedding: Embedding(n, dy, g); break;
            case Op.Dropout: Dropout(n, dy, g); break;
            case Op.PackHeads: PackHeads(n, dy, g); break;
            case Op.Attention: Attention(n, dy, g); break;
            case Op.RaggedAttention: RaggedAttention(n, dy, g); break;
            case Op.CrossEntropy: CrossEntropy(n, dy, g); break;
            case Op.LinearCrossEntropy: LinearCrossEntropy.Backward(n, dy, g); break; // y[i] = -log(softmax(b a[i])[t[i]])
            default: throw new InvalidOperationException($"{n.Op} has no gradient.");
        }
    }

    // ---- arithmetic; a broadcast input's gradient is summed over the positions where it was repeated

    private static void Add(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a + b
        Unrepeat(n, n.A!, dy, g); // da = dy
        Unrepeat(n, n.B!, dy, g); // db = dy
    }

    private static void Subtract(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a - b
        Unrepeat(n, n.A!, dy, g); // da = dy
        if (Backpropagation.Wants(n.B))
        {
            using Temporary t = new(dy.Length);
            Elementwise.Unary(g.Compute, UnaryOp.Negate, dy, t.Span);
            SumTo(n, n.B!, t.Span, g); // db = -dy
        }
    }

    private static void Multiply(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a * b
        ContributeArithmetic(Op.Multiply, n, n.A!, dy, n.Output.Shape, n.B!, g); // da = dy * b
        ContributeArithmetic(Op.Multiply, n, n.B!, dy, n.Output.Shape, n.A!, g); // db = dy * a
    }

    private static void Divide(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a / b
        ContributeArithmetic(Op.Divide, n, n.A!, dy, n.Output.Shape, n.B!, g); // da = dy / b
        if (Backpropagation.Wants(n.B))
        {
            using Temporary t = new(dy.Length), u = new(dy.Length);
            Elementwise.Binary(g.Compute, BinaryOp.Multiply, dy, n.Output.Data, t.Span);
            Elementwise.Unary(g.Compute, UnaryOp.Negate, t.Span, t.Span);
            Ops.Arithmetic(Op.Divide, n.Output.Shape, t.Span, n.Output.Shape, n.B!.Data, n.B.Shape, u.Span);
            SumTo(n, n.B, u.Span, g); // db = -(dy * y) / b
        }
    }

    private static void MultiplyScalar(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a * s
        using Contribution da = g.To(n.A);
        Elementwise.Scale(g.Compute, dy, n.Scalar, da.Span); // da = dy * s
    }

    private static void Unary(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = f(a)
        using Contribution da = g.To(n.A);
        Elementwise.UnaryGradient(g.Compute, n.Unary, n.A!.Data, n.Output.Data, dy, da.Span); // da = f'(a) dy
    }

    private static void Dropout(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a * scale where kept, +0 where dropped
        using Contribution da = g.To(n.A);
        Numerics.Kernels.Dropout.Backward(g.Compute, n.Dropout, n.First, dy, da.Span); // da = dy * scale where kept, +0 where dropped
    }

    // ---- matrix product: op(x) is x or its transpose, as stored

    private static void MatMul(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = op(a) op(b) + c
        Tensor a = n.A!, b = n.B!;
        bool ta = n.TransposeA, tb = n.TransposeB;
        var s = new MatMulSizes(a.Shape, b.Shape, ta, tb);
        if (Backpropagation.Wants(a))
        {
            using Contribution da = g.To(a);
            for (int i = 0; i < s.Batch; i++)
            {
                ReadOnlySpan<float> w = b.Data.Slice(i * s.LengthB, s.LengthB), d = dy.Slice(i * s.LengthY, s.LengthY);
                Span<float> to = da.Span.Slice(i * s.LengthA, s.LengthA);
                if (ta)
                {
                    // da = op(b) dy^T
                    MatMulKernel.Multiply(g.Compute, tb, true, s.K, s.M, s.N, w, s.StrideB, d, s.N, default, to, s.StrideA);
                }
                else
                {
                    // da = dy op(b)^T
                    MatMulKernel.Multiply(g.Compute, false, !tb, s.M, s.K, s.N, d, s.N, w, s.StrideB, default, to, s.StrideA);
                }
            }
        }

        if (Backpropagation.Wants(b))
        {
            using Contribution db = g.To(b);
            ReadOnlySpan<float> absent = g.ZerosForAbsent(b, b.Shape[-1]);
            for (int i = 0; i < s.Batch; i++)
            {
                ReadOnlySpan<float> x = a.Data.Slice(i * s.LengthA, s.LengthA), d = dy.Slice(i * s.LengthY, s.LengthY);
                Span<float> to = db.Span.Slice(i * s.LengthB, s.LengthB);
                if (tb)
                {
                    // db = dy^T op(a)
                    MatMulKernel.Multiply(g.Compute, true, ta, s.N, s.K, s.M, d, s.N, x, s.StrideA, absent, to, s.StrideB);
                }
                else
                {
                    // db = op(a)^T dy
                    MatMulKernel.Multiply(g.Compute, !ta, false, s.K, s.N, s.M, x, s.StrideA, d, s.N, absent, to, s.StrideB);
                }
            }
        }

        if (Backpropagation.Wants(n.C))
        {
            using Contribution dc = g.To(n.C);
            Reduce.SumColumns(g.Compute, s.Batch * s.M, s.N, dy, dc.Span); // dc = the sum of dy's rows
        }
    }

    // ---- rearrangements

    private static void Slice(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a[.., start : start + length, ..] of one dimension
        using Contribution da = g.To(n.A);
        var from = new Ops.Blocks(n.Output.Shape, n.First);
        var to = new Ops.Blocks(n.A!.Shape, n.First);
        da.Span.Clear(); // da = dy there, +0 elsewhere
        Ops.CopyRows(dy, from.Row, da.Span[(n.Second * to.Inner)..], to.Row, from.Row, from.Outer);
    }

    private static void Transpose(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a with dimensions i and j exchanged
        using Contribution da = g.To(n.A);
        Ops.Exchange(n.Output.Shape, dy, da.Span, n.First, n.Second); // da = dy with them exchanged back
    }

    // ---- reductions and softmax

    private static void Sum(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = the sum of a, over all elements or along a dimension
        using Contribution da = g.To(n.A);
        Ops.Repeat(dy, n.Output.Shape, n.A!.Shape, da.Span); // da = dy, repeated
    }

    private static void Mean(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = the sum of a / count
        using Contribution da = g.To(n.A);
        da.Span.Fill(Average.Gradient(dy[0], n.First)); // da = dy / count, repeated
    }

    private static void Softmax(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = softmax(a), by rows
        (int rows, int columns) = Ops.Rows("Softmax", n.A!.Shape);
        using Contribution da = g.To(n.A);
        Numerics.Kernels.Softmax.Backward(g.Compute, rows, columns, n.Output.Data, dy, da.Span); // da = y (dy - sum(y dy))
    }

    private static void LogSoftmax(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = log(softmax(a)), by rows
        (int rows, int columns) = Ops.Rows("LogSoftmax", n.A!.Shape);
        using Contribution da = g.To(n.A);
        Numerics.Kernels.LogSoftmax.Backward(g.Compute, rows, columns, n.Output.Data, dy, da.Span); // da = dy - exp(y) sum(dy)
    }

    // ---- layers

    private static void LayerNorm(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = (a - mean) rstd b + c, by rows
        (int rows, int columns) = Ops.Rows("LayerNorm", n.A!.Shape);
        using Contribution dc = g.To(n.C);
        using Contribution db = g.To(n.B);
        if (Backpropagation.SumToAddTo(n.A) is { IsEmpty: false } sum)
        {
            // What follows a residual sum: the gradient of the norm is added to the sum's on the way.
            Numerics.Kernels.LayerNorm.BackwardResidual(
                g.Compute, rows, columns, n.A.Data, n.B!.Data, n.Saved!.Span(0, rows), n.SavedToo!.Span(0, rows), dy, sum, sum, db.Span, dc.Span);
            return;
        }

        using Contribution da = g.To(n.A);
        Numerics.Kernels.LayerNorm.Backward(
            g.Compute, rows, columns, n.A.Data, n.B!.Data, n.Saved!.Span(0, rows), n.SavedToo!.Span(0, rows), dy, da.Span, db.Span, dc.Span);
    }

    private static void RmsNorm(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = a rstd b, by rows
        (int rows, int columns) = Ops.Rows("RmsNorm", n.A!.Shape);
        using Contribution db = g.To(n.B);
        if (Backpropagation.SumToAddTo(n.A) is { IsEmpty: false } sum)
        {
            // As for LayerNorm.
            Numerics.Kernels.RmsNorm.BackwardResidual(g.Compute, rows, columns, n.A.Data, n.B!.Data, n.Saved!.Span(0, rows), dy, sum, sum, db.Span);
            return;
        }

        using Contribution da = g.To(n.A);
        Numerics.Kernels.RmsNorm.Backward(g.Compute, rows, columns, n.A.Data, n.B!.Data, n.Saved!.Span(0, rows), dy, da.Span, db.Span);
    }

    private static void Embedding(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y[i] = a[ids[i]]
        Shape table = n.A!.Shape;
        if (g.SumWithoutAbsent(n.A) is { IsEmpty: false } sum)
        {
            Numerics.Kernels.Embedding.BackwardInto(g.Compute, n.Ids.AsSpan(0, n.Output.Shape[0]), table[0], table[1], dy, sum);
            return;
        }

        using Contribution da = g.To(n.A);
        Numerics.Kernels.Embedding.Backward(
            g.Compute, n.Ids.AsSpan(0, n.Output.Shape[0]), table[0], table[1], dy, da.Span); // da[v] = the sum of dy[i] with ids[i] = v
    }

    private static void PackHeads(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = [rotated a, rotated b, c], head by head
        using Contribution dc = g.To(n.C);
        using Contribution db = g.To(n.B);
        using Contribution da = g.To(n.A);
        Numerics.Kernels.Heads.Unpack(g.Compute, n.Heads, n.Ids.AsSpan(0, n.Output.Shape[0]), n.Rotary, dy, da.Span, db.Span, dc.Span); // turned back
    }

    private static void Attention(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y = softmax(scale q k^T over the keys present) v, where [q k v] = a
        AttentionShape shape = n.Attention;
        int statistics = shape.Batch * shape.QueryCount * shape.QueryHeads;
        (int keys, int values) = Ops.PackedOffsets(shape);
        ReadOnlySpan<float> q = n.A!.Data;
        using Contribution da = g.To(n.A); // da = [dq dk dv]
        Numerics.Kernels.Attention.Backward(
            g.Compute, shape, q, q[keys..], q[values..], n.Saved!.Span(0, statistics), n.SavedToo!.Span(0, statistics), dy, da.Span, da.Span[keys..], da.Span[values..]);
    }

    private static void RaggedAttention(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // as Attention, sequence by sequence, each of its own length
        using Contribution da = g.To(n.A);
        int row = 0;
        for (int i = 0; i < n.First; i++)
        {
            AttentionShape shape = Ops.OfLength(n.Attention, n.Ids![i]);
            int packed = row * shape.QueryRowStride, y = row * shape.OutputRowStride, statistics = row * shape.QueryHeads, count = n.Ids[i] * shape.QueryHeads;
            (int keys, int values) = Ops.PackedOffsets(shape);
            ReadOnlySpan<float> q = n.A!.Data.Slice(packed, n.Ids[i] * shape.QueryRowStride);
            Span<float> dq = da.Span.Slice(packed, q.Length);
            Numerics.Kernels.Attention.Backward(
                g.Compute, shape, q, q[keys..], q[values..], n.Saved!.Span(statistics, count), n.SavedToo!.Span(statistics, count),
                dy.Slice(y, n.Ids[i] * shape.OutputRowStride), dq, dq[keys..], dq[values..]);
            row += n.Ids[i];
        }
    }

    private static void CrossEntropy(Node n, ReadOnlySpan<float> dy, Backpropagation g)
    {
        // y[i] = -log(softmax(a[i])[t[i]])
        (int rows, int classes) = Ops.Rows("CrossEntropy", n.A!.Shape);
        using Contribution da = g.To(n.A);
        Numerics.Kernels.CrossEntropy.Backward(
            g.Compute, rows, classes, n.A.Data, n.Ids.AsSpan(0, rows), n.First, n.Saved!.Span(0, rows), n.SavedToo!.Span(0, rows), dy, da.Span); // da[i, j] = (softmax(a[i])[j] - [j = t[i]]) dy[i]
    }

    // ---- broadcasting

    // input += dy, summed to the input's shape.
    private static void Unrepeat(Node n, Tensor input, ReadOnlySpan<float> dy, Backpropagation g)
    {
        if (input.Shape == n.Output.Shape)
        {
            g.Pass(input);
        }
        else
        {
            SumTo(n, input, dy, g);
        }
    }

    // input += gradient, summed to the input's shape.
    private static void SumTo(Node n, Tensor input, ReadOnlySpan<float> gradient, Backpropagation g)
    {
        if (!Backpropagation.Wants(input))
        {
            return;
        }

        using Contribution to = g.To(input);
        if (input.Shape == n.Output.Shape)
        {
            gradient.CopyTo(to.Span);
        }
        else
        {
            Ops.SumToShape(n.Output.Shape, gradient, input.Shape, to.Span);
        }
    }

    // input += left op right, summed to the input's shape.
    private static void ContributeArithmetic(Op op, Node n, Tensor input, ReadOnlySpan<float> left, Shape shape, Tensor right, Backpropagation g)
    {
        if (!Backpropagation.Wants(input))
        {
            return;
        }

        if (input.Shape == shape)
        {
            using Contribution to = g.To(input);
            Ops.Arithmetic(op, shape, left, shape, right.Data, right.Shape, to.Span);
            return;
        }

        using Temporary t = new(shape.Length);
        Ops.Arithmetic(op, shape, left, shape, right.Data, right.Shape, t.Span);
        SumTo(n, input, t.Span, g);
    }

    private readonly ref struct Temporary
    {
        private readonly Storage _storage;

        public Temporary(int length)
        {
            _storage = StoragePool.Rent(length);
            Span = _storage.Span(0, length);
        }

        public Span<float> Span { get; }

        public void Dispose() => _storage.Release();
    }
}
