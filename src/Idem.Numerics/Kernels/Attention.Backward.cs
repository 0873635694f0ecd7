// Attention's backward pass on vectors: tile after tile of queries recomputes the probabilities from the saved maxima and
// denominators, and adds its terms to the chains of dv and dk, which run over the queries in ascending order.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    /// <summary>An item is one key head of one sequence, with all query heads that share it.</summary>
    private struct BackwardKernel : IKernel
    {
        public AttentionShape Shape;
        public float* Q, K, V, Max, Sum, Dy, Dq, Dk, Dv;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int item = start; item < end; item++)
            {
                RunKeyHead<S, F, D>(item / Shape.KeyHeads, item % Shape.KeyHeads);
            }
        }

        private readonly void RunKeyHead<S, F, D>(int batch, int keyHead)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, headSize = Shape.HeadSize, keyCount = Shape.KeyCount;
            int keyLevels = ChainTree.LevelCount(ChainTree.LeafCount(keyCount));
            int queryLevels = ChainTree.LevelCount(ChainTree.LeafCount(Shape.QueryOffset + Shape.QueryCount));
            long packed = Scratch.Round((long)keyCount * headSize), square = Scratch.Round((long)width * headSize);
            long scoresSize = Scratch.Round((long)keyCount * width), keySums = 2 * packed;
            long treesSize = Scratch.Round((2L * keyCount * sizeof(PresentLeaves) / sizeof(float)) + 1);
            long maskSize = Shape.Dropout.IsActive ? scoresSize : 0, bytesSize = Shape.Dropout.IsActive ? keyCount : 0;
            Buffers at = new(Scratch.Rent(
                (2 * packed) + keySums + (queryLevels * keySums) + ((5 + keyLevels) * square) + (2 * scoresSize) + (Lanes.Count * width) + treesSize + maskSize + bytesSize));
            at.Keys = at.Take(packed);
            at.Values = at.Take(packed);
            at.KeySums = at.Take(keySums);
            at.KeySumLevels = at.Take(queryLevels * keySums);
            at.Queries = at.Take(square);
            at.QueryLanes = at.Take(square);
            at.Gradients = at.Take(square);
            at.GradientLanes = at.Take(square);
            at.QuerySums = at.Take(square);
            at.QuerySumLevels = at.Take(keyLevels * square);
            at.P = at.Take(scoresSize);
            at.Ds = at.Take(scoresSize);
            at.Lanes = at.Take(Lanes.Count * width);
            at.KeyTrees = (PresentLeaves*)at.Take(treesSize);
            at.Mask = new AttentionMask(at.Take(maskSize), Shape.Dropout.KeptScale);
            at.MaskBytes = (byte*)at.Take(bytesSize);

            long head = (long)keyHead * headSize;
            AttentionProducts.Pack(K + ((long)batch * Shape.KeyBatchStride) + head, Shape.KeyRowStride, keyCount, headSize, at.Keys);
            AttentionProducts.Pack(V + ((long)batch * Shape.ValueBatchStride) + head, Shape.ValueRowStride, keyCount, headSize, at.Values);
            for (int group = 0; group < Shape.Group; group++)
            {
                new Span<PresentLeaves>(at.KeyTrees, 2 * keyCount).Clear();
                RunQueryHead<S, F, D>(at, batch, (keyHead * Shape.Group) + group);
                for (int key = 0; key < keyCount; key++)
                {
                    float* sums = at.KeySums + ((long)key * 2 * headSize);
                    for (int half = 0; half < 2; half++)
                    {
                        ref PresentLeaves tree = ref at.KeyTrees[(2 * key) + half];
                        float* sum = sums + (half * headSize);
                        if (tree.IsEmpty)
                        {
                            new Span<float>(sum, headSize).Clear(); // no query sees this key
                        }

                        tree.Finish<S, F, D>(sum, at.KeySumLevels + (sum - at.KeySums), keySums, headSize);
                    }

                    float* dv = Dv + ((long)batch * Shape.ValueBatchStride) + ((long)key * Shape.ValueRowStride) + head;
                    float* dk = Dk + ((long)batch * Shape.KeyBatchStride) + ((long)key * Shape.KeyRowStride) + head;
                    AddHead(sums, dv, headSize, isFirst: group == 0);
                    AddHead(sums + headSize, dk, headSize, isFirst: group == 0);
                }
            }
        }

        private readonly void RunQueryHead<S, F, D>(in Buffers at, int batch, int h)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, headSize = Shape.HeadSize, tiles = AttentionTile.Count(Shape, width);
            int* bounds = stackalloc int[2 * width];
            float* statistics = stackalloc float[5 * width];
            PresentLeaves* trees = stackalloc PresentLeaves[width];
            AttentionTile tile = new(bounds, statistics, width);
            float* max = statistics + (2 * width), sum = max + width, delta = sum + width;
            float* q = Q + ((long)batch * Shape.QueryBatchStride) + ((long)h * headSize), dq = Dq + (q - Q);
            float* dy = Dy + ((long)batch * Shape.OutputBatchStride) + ((long)h * headSize);
            for (int t = 0; t < tiles; t++)
            {
                tile.Place(Shape, width, t);
                int row = tile.Position - Shape.QueryOffset, keyCount = tile.KeyEnd - tile.KeyFirst;
                LoadRows(tile, q + ((long)(row + tile.Low) * Shape.QueryRowStride), Shape.QueryRowStride, width, at.Queries, at.QueryLanes);
                LoadRows(tile, dy + ((long)(row + tile.Low) * Shape.OutputRowStride), Shape.OutputRowStride, width, at.Gradients, at.GradientLanes);
                for (int lane = 0; lane < width; lane++)
                {
                    long stored = ((((long)batch * Shape.QueryHeads) + h) * Shape.QueryCount) + row + Math.Clamp(lane, tile.Low, tile.High - 1);
                    max[lane] = Max[stored];
                    sum[lane] = Sum[stored];
                }

                // s = (q.k)*scale; p = exp(s-max)/sum
                long first = (long)tile.KeyFirst * headSize;
                AttentionProducts.Dot<S, F, D>(at.Keys + first, keyCount, at.QueryLanes, headSize, Shape.Scale, at.P);
                AttentionSoftmax.Probabilities<S, F, D>(tile, at.P, max, sum);

                // y = sum of p*v: dp = dy.v, and dv gathers p*dy; p = softmax(s): ds = (p*(dp-delta))*scale
                AttentionProducts.Dot<S, F, D>(at.Values + first, keyCount, at.GradientLanes, headSize, 1f, at.Ds);
                bool hasDropout = Shape.Dropout.IsActive;
                if (hasDropout)
                {
                    at.Mask.Fill(Shape, tile, width, batch, h, at.MaskBytes);
                    AttentionSoftmax.Drop<S, F, D>(tile, at.Mask, at.Ds);
                }

                AttentionSoftmax.Gradient<S, F, D>(tile, at.P, at.Ds, at.Lanes, delta, Shape.Scale);

                // s = q.k: dq = sum over keys of ds*k, and dk gathers ds*q
                AttentionSums.OverKeys<S, F, D>(tile, at.Ds, at.Keys, 0, headSize, at.QuerySums, at.QuerySumLevels, trees);
                BeginLeaves<S, F, D>(at, tile, hasDropout);
                float* keySums = at.KeySums + (2 * first);
                if (hasDropout)
                {
                    AttentionSums.OverKeptQueries<S, F, D>(tile, at.Mask, at.P, at.Gradients, headSize, keySums, 2 * headSize);
                }
                else
                {
                    AttentionSums.OverQueries<S, F, D>(tile, at.P, at.Gradients, headSize, keySums, 2 * headSize);
                }

                AttentionSums.OverQueries<S, F, D>(tile, at.Ds, at.Queries, headSize, keySums + headSize, 2 * headSize);
                for (int lane = tile.Low; lane < tile.High; lane++)
                {
                    new Span<float>(at.QuerySums + (lane * headSize), headSize).CopyTo(new Span<float>(dq + ((long)(row + lane) * Shape.QueryRowStride), headSize));
                }
            }
        }

        /// <summary>
        /// The tile's queries lie in one leaf; keys that have not met it yet begin it at +0 (for dv, those that a kept
        /// probability meets).
        /// </summary>
        private readonly void BeginLeaves<S, F, D>(in Buffers at, in AttentionTile tile, bool hasDropout)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int leaf = tile.Position / ChainTree.Leaf, size = Shape.HeadSize, width = 2 * S.Lanes;
            long stride = 2 * Scratch.Round((long)Shape.KeyCount * Shape.HeadSize);
            for (int key = tile.KeyFirst; key < tile.KeyEnd; key++)
            {
                int low = tile.LaneFirst(key);
                bool hasValueTerms = !hasDropout
                    || AttentionSums.HasKept(at.Mask.Keep + ((long)(key - tile.KeyFirst) * width) + low, 1, tile.LaneEnd(key) - low);
                for (int half = hasValueTerms ? 0 : 1; half < 2; half++)
                {
                    long offset = (2L * key * size) + (half * size);
                    if (at.KeyTrees[(2 * key) + half].Begin<S, F, D>(leaf, at.KeySums + offset, at.KeySumLevels + offset, stride, size))
                    {
                        new Span<float>(at.KeySums + offset, size).Clear();
                    }
                }
            }
        }

        private readonly void LoadRows(in AttentionTile tile, float* source, int stride, int width, float* rows, float* lanes)
        {
            AttentionProducts.Pack(source, stride, tile.High - tile.Low, Shape.HeadSize, rows + (tile.Low * Shape.HeadSize));
            AttentionProducts.Transpose(rows, Shape.HeadSize, tile.Low, tile.High, width, lanes);
        }

        /// <summary>Query heads that share a key head are added in ascending order.</summary>
        private static void AddHead(float* sums, float* target, int headSize, bool isFirst)
        {
            for (int c = 0; c < headSize; c++)
            {
                target[c] = isFirst ? sums[c] : target[c] + sums[c];
            }
        }
    }

    /// <summary>What one key head's backward pass works in, carved from one piece of scratch memory.</summary>
    private struct Buffers(float* memory)
    {
        private float* _next = memory;

        /// <summary>Packed rows of the key head.</summary>
        public float* Keys, Values;

        /// <summary>For each key the chains of dv and dk side by side, and their trees' levels.</summary>
        public float* KeySums, KeySumLevels;
        public PresentLeaves* KeyTrees;

        /// <summary>The tile's rows of q and dy, packed, and with a query a lane.</summary>
        public float* Queries, QueryLanes, Gradients, GradientLanes;

        /// <summary>The tile's chains of dq, and their trees' levels.</summary>
        public float* QuerySums, QuerySumLevels;

        /// <summary>The tile's probabilities and score gradients, a key a row.</summary>
        public float* P, Ds;

        /// <summary>The tile's dropout mask.</summary>
        public AttentionMask Mask;
        public byte* MaskBytes;

        /// <summary>The 32 lanes of every query.</summary>
        public float* Lanes;

        public float* Take(long count)
        {
            float* piece = _next;
            _next += count;
            return piece;
        }
    }
}
