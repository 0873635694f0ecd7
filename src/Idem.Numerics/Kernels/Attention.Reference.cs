// Scaled dot-product attention and its derivative, one output at a time. This file DEFINES the bits.
// What it refuses to do: tiles, online softmax, threads. An absent key (beyond a causal query, or before its window) takes part
// in nothing: not in the maximum, not in the denominator, not in a chain. A dropped probability is absent from the value chain.

using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static partial class Attention
{
    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        public static void Forward(AttentionShape shape, float[] q, float[] k, float[] v, Span<float> y, Span<float> max, Span<float> sum)
        {
            for (int row = 0; row < shape.Batch * shape.QueryHeads * shape.QueryCount; row++)
            {
                (int b, int h, int i) = Address(shape, row);
                Row softmax = Probabilities(shape, b, h, i, q, k, null);
                bool[] kept = Kept(shape, b, h, i);
                float[] p = Dropped(shape, softmax.P);
                for (int c = 0; c < shape.HeadSize; c++)
                {
                    int column = c;
                    y[Output(shape, b, h, i) + c] = PresentTree.Sum(
                        shape.KeyCount, j => IsPresent(shape, i, j) && kept[j], j => p[j], j => v[Value(shape, b, h, j) + column]);
                }

                if (!max.IsEmpty)
                {
                    (max[row], sum[row]) = (softmax.Max, softmax.Sum);
                }
            }
        }

        public static void Backward(
            AttentionShape shape, float[] q, float[] k, float[] v, float[] max, float[] sum, float[] dy, Span<float> dq, Span<float> dk, Span<float> dv)
        {
            int keyCount = shape.KeyCount, d = shape.HeadSize;
            for (int bk = 0; bk < shape.Batch * shape.KeyHeads; bk++)
            {
                int b = bk / shape.KeyHeads, firstHead = bk % shape.KeyHeads * shape.Group;
                for (int h = firstHead; h < firstHead + shape.Group; h++)
                {
                    int head = h;
                    float[][] p = new float[shape.QueryCount][], ds = new float[shape.QueryCount][];
                    bool[][] kept = new bool[shape.QueryCount][];
                    for (int i = 0; i < shape.QueryCount; i++)
                    {
                        int stored = (((b * shape.QueryHeads) + h) * shape.QueryCount) + i;
                        p[i] = Probabilities(shape, b, h, i, q, k, (max[stored], sum[stored])).P;
                        kept[i] = Kept(shape, b, h, i);
                        ds[i] = ScoreGradients(shape, b, h, i, v, dy, p[i], kept[i]);
                        p[i] = Dropped(shape, p[i]);
                    }

                    // s_ij = scale * sum over c of q_ic*k_jc: dq_ic = chain-tree over keys j of ds_ij*k_jc
                    for (int i = 0; i < shape.QueryCount; i++)
                    {
                        for (int c = 0; c < d; c++)
                        {
                            int query = i, column = c;
                            dq[Query(shape, b, h, i) + c] = PresentTree.Sum(
                                keyCount, j => IsPresent(shape, query, j), j => ds[query][j], j => k[Key(shape, b, head, j) + column]);
                        }
                    }

                    // dk_jc = chain-tree over queries of ds_ij*q_ic; y_ic = sum over j of p_ij*v_jc: dv_jc likewise of p_ij*dy_ic
                    for (int j = 0; j < keyCount; j++)
                    {
                        for (int c = 0; c < d; c++)
                        {
                            int key = j, column = c;
                            float dkHead = OverQueries(shape, j, _ => true, i => ds[i][key], i => q[Query(shape, b, head, i) + column]);
                            float dvHead = OverQueries(shape, j, i => kept[i][key], i => p[i][key], i => dy[Output(shape, b, head, i) + column]);
                            int atK = Key(shape, b, h, j) + c, atV = Value(shape, b, h, j) + c;
                            dk[atK] = h == firstHead ? dkHead : dk[atK] + dkHead; // query heads that share a key, ascending
                            dv[atV] = h == firstHead ? dvHead : dv[atV] + dvHead;
                        }
                    }
                }
            }
        }

        /// <summary>The chain-tree over absolute query positions of the queries that see key j.</summary>
        private static float OverQueries(AttentionShape shape, int j, Func<int, bool> kept, Func<int, float> a, Func<int, float> b)
        {
            int offset = shape.QueryOffset;
            return PresentTree.Sum(
                offset + shape.QueryCount, t => t >= offset && IsPresent(shape, t - offset, j) && kept(t - offset), t => a(t - offset), t => b(t - offset));
        }

        /// <summary>s_j = (chain-tree over the head of q*k)*scale; e_j = exp(s_j-max); p_j = e_j/sum, sum by lanes of absolute keys.</summary>
        private static Row Probabilities(AttentionShape shape, int b, int h, int i, float[] q, float[] k, (float Max, float Sum)? stored)
        {
            float[] p = new float[shape.KeyCount];
            float max = float.NegativeInfinity;
            for (int j = 0; j < shape.KeyCount; j++)
            {
                if (IsPresent(shape, i, j))
                {
                    float dot = ChainTree.Dot(shape.HeadSize, q.AsSpan(Query(shape, b, h, i)), 1, k.AsSpan(Key(shape, b, h, j)), 1);
                    p[j] = dot * shape.Scale;
                    max = MathF.Max(max, p[j]);
                }
            }

            max = stored?.Max ?? max;
            float[] lanes = new float[Lanes.Count];
            Array.Fill(lanes, -0f);
            for (int j = 0; j < shape.KeyCount; j++)
            {
                if (IsPresent(shape, i, j))
                {
                    p[j] = Float32.Exp(p[j] - max);
                    lanes[j % Lanes.Count] = lanes[j % Lanes.Count] + p[j];
                }
            }

            float sum = stored?.Sum ?? Lanes.Reference.Halve(lanes.AsSpan());
            for (int j = 0; j < shape.KeyCount; j++)
            {
                p[j] = p[j] / sum;
            }

            return new Row(p, max, sum);
        }

        /// <summary>
        /// y_ic = sum over j of p_j*v_jc: dp_j = chain-tree over c of dy_c*v_jc; under dropout times the scale of kept ones, and
        /// +0 where dropped. p = softmax(s): ds_j = p_j*(dp_j-delta),
        /// delta = sum over present j of p_j*dp_j by lanes of absolute keys. s_j = dot_j*scale: one more product.
        /// </summary>
        private static float[] ScoreGradients(AttentionShape shape, int b, int h, int i, float[] v, float[] dy, float[] p, bool[] kept)
        {
            float[] ds = new float[shape.KeyCount], lanes = new float[Lanes.Count];
            Array.Fill(lanes, -0f);
            for (int j = 0; j < shape.KeyCount; j++)
            {
                if (IsPresent(shape, i, j))
                {
                    ds[j] = ChainTree.Dot(shape.HeadSize, dy.AsSpan(Output(shape, b, h, i)), 1, v.AsSpan(Value(shape, b, h, j)), 1);
                    ds[j] = !shape.Dropout.IsActive ? ds[j] : kept[j] ? ds[j] * shape.Dropout.KeptScale : 0f;
                    lanes[j % Lanes.Count] = Fma.Single(p[j], ds[j], lanes[j % Lanes.Count]);
                }
            }

            float delta = Lanes.Reference.Halve(lanes.AsSpan());
            for (int j = 0; j < shape.KeyCount; j++)
            {
                ds[j] = (p[j] * (ds[j] - delta)) * shape.Scale;
            }

            return ds;
        }

        /// <summary>p_j*scale under dropout, p_j without.</summary>
        private static float[] Dropped(AttentionShape shape, float[] p) =>
            shape.Dropout.IsActive ? [.. p.Select(value => value * shape.Dropout.KeptScale)] : p;

        private static bool[] Kept(in AttentionShape shape, int b, int h, int i)
        {
            byte[] keep = new byte[shape.KeyCount];
            Array.Fill(keep, (byte)1);
            if (shape.Dropout.IsActive)
            {
                shape.Dropout.Fill(keep, b, DropoutSite.AttentionElement(h, shape.QueryOffset + i, 0));
            }

            return [.. keep.Select(value => value != 0)];
        }

        private static bool IsPresent(in AttentionShape shape, int query, int key)
        {
            int position = shape.QueryOffset + query;
            return !shape.Causal || (key <= position && (shape.Window == 0 || key > position - shape.Window));
        }

        private static (int Batch, int Head, int Query) Address(in AttentionShape shape, int row) =>
            (row / shape.QueryCount / shape.QueryHeads, row / shape.QueryCount % shape.QueryHeads, row % shape.QueryCount);

        private static int Query(in AttentionShape s, int b, int h, int i) => (b * s.QueryBatchStride) + (i * s.QueryRowStride) + (h * s.HeadSize);

        private static int Key(in AttentionShape s, int b, int h, int j) => (b * s.KeyBatchStride) + (j * s.KeyRowStride) + (h / s.Group * s.HeadSize);

        private static int Value(in AttentionShape s, int b, int h, int j) => (b * s.ValueBatchStride) + (j * s.ValueRowStride) + (h / s.Group * s.HeadSize);

        private static int Output(in AttentionShape s, int b, int h, int i) => (b * s.OutputBatchStride) + (i * s.OutputRowStride) + (h * s.HeadSize);

        private sealed record Row(float[] P, float Max, float Sum);
    }
}
