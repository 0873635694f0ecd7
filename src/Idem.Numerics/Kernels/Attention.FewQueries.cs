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
            // Score rows begin at a multiple of 32 keys, so that an element's index and its key's fall into the same lane. The heads
            // that share keys are neighbours, so that the bounds of rows ascend.
            int headSize = Shape.HeadSize, block = 4 * S.Lanes, rows = Shape.Group * Shape.QueryCount;
            int keyBase = Shape.FirstKey(0) / Lanes.Count * Lanes.Count, keyEnd = Shape.EndKey(Shape.QueryCount - 1);
            int levelCount = ChainTree.LevelCount(ChainTree.LeafCount(keyEnd));
            long stride = ((((long)keyEnd - keyBase + block - 1) / block) + 1) * block, sumsSize = (long)rows * headSize, treesSize = (long)rows * sizeof(PresentLeaves) / sizeof(float);
            AttentionMemory memory = new(Scratch.Rent(((long)headSize * block) + (rows * stride) + ((1 + levelCount) * sumsSize) + (2L * rows) + treesSize + (7 * 16)));
            float* keyLanes = memory.Take((long)headSize * block), scores = memory.Take(rows * stride), sums = memory.Take(sumsSize), levels = memory.Take(levelCount * sumsSize);
            int* firsts = (int*)memory.Take(rows), ends = (int*)memory.Take(rows);
            PresentLeaves* trees = (PresentLeaves*)memory.Take(treesSize);
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
                int query = row / Shape.Group, first = Shape.FirstKey(query), end = Shape.EndKey(query);
                float* p = scores + (row * stride) - keyBase;
                float max = Rows.Max<S, F, D>(p + first, end - first);

                // A key before the window becomes e = +0. Adding that is not absence for a lane at -0, but the sign of a zero
                // cannot reach the sum: it holds the maximum's e, which is 1 (or NaN, and then all is).
                new Span<float>(p + keyBase, first - keyBase).Fill(float.NegativeInfinity);
                float sum = Lanes.Sum<S, F, D, StoredExpTerm>(new StoredExpTerm(p + keyBase, max, p + keyBase), end - keyBase);
                Softmax.Divide<S, F, D>(p + first, sum, end - first);
                firsts[row] = first;
                ends[row] = end;
                if (Max != null)
                {
                    long stored = ((((long)batch * Shape.QueryHeads) + (keyHead * Shape.Group) + (row % Shape.Group)) * Shape.QueryCount) + query;
                    Max[stored] = max;
                    Sum[stored] = sum;
                }
            }

            AttentionChains chains = new(scores - keyBase, (nint)stride, 1, v, Shape.ValueRowStride);
            AttentionSums.OverKeys<S, F, D>(chains, firsts, ends, rows, sums, headSize, headSize, levels, trees);
            for (int row = 0; row < rows; row++)
            {
                AttentionRows.Copy<S, F, D>(sums + ((long)row * headSize), headSize, Y + ((long)batch * Shape.OutputBatchStride) + Address(keyHead, row, Shape.OutputRowStride));
            }
        }

        private readonly float* Query(int batch, int keyHead, int row) => Q + ((long)batch * Shape.QueryBatchStride) + Address(keyHead, row, Shape.QueryRowStride);

        private readonly long Address(int keyHead, int row, int stride) =>
            ((long)(row / Shape.Group) * stride) + (((long)(keyHead * Shape.Group) + (row % Shape.Group)) * Shape.HeadSize);
    }
}
