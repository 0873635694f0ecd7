// Attention's forward pass where queries are too few to fill a tile: decoding. Here keys are lanes: blocks of keys are transposed,
// all queries and heads that share them take their scores, and each score row then goes through softmax as any row does.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    private partial struct ForwardKernel
    {
        /// <summary>Whether a tile would be filled to a quarter at most.</summary>
        private readonly bool HasFewQueries(int width) => Shape.QueryCount <= width / 4 && !Shape.Dropout.IsActive;

        private readonly void RunFewQueries<S, F, D>(int batch, int keyHead)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            // Score rows begin at a multiple of 32 keys, so that an element's index and its key's fall into the same lane.
            int headSize = Shape.HeadSize, block = 4 * S.Lanes, rows = Shape.Group * Shape.QueryCount;
            int keyBase = Shape.FirstKey(0) / Lanes.Count * Lanes.Count, keyEnd = Shape.EndKey(Shape.QueryCount - 1);
            long stride = (((long)(keyEnd - keyBase) + block - 1) / block * block) + block;
            int levelCount = ChainTree.LevelCount(ChainTree.LeafCount(keyEnd));
            float* keyLanes = Scratch.Rent(((long)headSize * block) + (rows * stride) + ((1L + levelCount) * Scratch.Round(headSize)));
            float* scores = keyLanes + ((long)headSize * block), sums = scores + (rows * stride), levels = sums + Scratch.Round(headSize);
            float* k = K + ((long)batch * Shape.KeyBatchStride) + ((long)keyHead * headSize);
            float* v = V + ((long)batch * Shape.ValueBatchStride) + ((long)keyHead * headSize);
            for (int first = keyBase; first < keyEnd; first += block)
            {
                Transposition.RowsToLanes(k + ((long)first * Shape.KeyRowStride), Shape.KeyRowStride, Math.Min(block, keyEnd - first), headSize, keyLanes, block);
                for (int row = 0; row < rows; row++)
                {
                    AttentionProducts.DotOne<S, F, D>(Query(batch, keyHead, row), keyLanes, headSize, Shape.Scale, scores + (row * stride) + (first - keyBase));
                }
            }

            for (int row = 0; row < rows; row++)
            {
                int query = row % Shape.QueryCount, head = (keyHead * Shape.Group) + (row / Shape.QueryCount);
                int first = Shape.FirstKey(query), end = Shape.EndKey(query);
                float* p = scores + (row * stride) - keyBase;
                float max = Rows.Max<S, F, D>(p + first, end - first);

                // A key before the window becomes e = +0. Adding that is not absence for a lane at -0, but the sign of a zero
                // cannot reach the sum: it holds the maximum's e, which is 1 (or NaN, and then all is).
                new Span<float>(p + keyBase, first - keyBase).Fill(float.NegativeInfinity);
                float sum = Lanes.Sum<S, F, D, StoredExpTerm>(new StoredExpTerm(p + keyBase, max, p + keyBase), end - keyBase);
                Softmax.Divide<S, F, D>(p + first, sum, end - first);
                AddValues<S, F, D>(p, v, first, end, sums, levels);
                float* y = Y + ((long)batch * Shape.OutputBatchStride) + ((long)query * Shape.OutputRowStride) + ((long)head * headSize);
                new Span<float>(sums, headSize).CopyTo(new Span<float>(y, headSize));
                if (Max != null)
                {
                    long stored = ((((long)batch * Shape.QueryHeads) + head) * Shape.QueryCount) + query;
                    Max[stored] = max;
                    Sum[stored] = sum;
                }
            }
        }

        private readonly float* Query(int batch, int keyHead, int row) =>
            Q + ((long)batch * Shape.QueryBatchStride) + ((long)(row % Shape.QueryCount) * Shape.QueryRowStride)
            + (((long)(keyHead * Shape.Group) + (row / Shape.QueryCount)) * Shape.HeadSize);

        /// <summary>sums = the chain-tree over keys first to end of p[key]*v[key].</summary>
        private readonly void AddValues<S, F, D>(float* p, float* v, int first, int end, float* sums, float* levels)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int headSize = Shape.HeadSize, stride = Shape.ValueRowStride;
            PresentLeaves tree = default;
            while (first < end)
            {
                int leaf = first / ChainTree.Leaf, last = Math.Min(end, (leaf + 1) * ChainTree.Leaf);
                tree.Begin<S, F, D>(leaf, sums, levels, Scratch.Round(headSize), headSize);
                new Span<float>(sums, headSize).Clear();
                AttentionProducts.Accumulate1<S, F, D>(p + first, 1, v + ((long)first * stride), stride, last - first, sums, headSize);
                first = last;
            }

            tree.Finish<S, F, D>(sums, levels, Scratch.Round(headSize), headSize);
        }
    }
}
