// Attention's forward pass on vectors: a key head's rows are packed once, then tile after tile of queries goes through scores, the
// true maximum, exponentials, denominators and the value chains. No buffer is larger than one tile's scores.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    /// <summary>An item is a run of tiles of all query heads that share one key head of one sequence.</summary>
    private partial struct ForwardKernel : IKernel
    {
        public AttentionShape Shape;
        public int Chunks;
        public float* Q, K, V, Y, Max, Sum;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int item = start; item < end; item++)
            {
                int width = 2 * S.Lanes, tiles = AttentionTile.Count(Shape, width);
                if (HasFewQueries(width))
                {
                    RunFewQueries<S, F, D>(item / Chunks / Shape.KeyHeads, item / Chunks % Shape.KeyHeads);
                    continue;
                }

                int chunk = item % Chunks, first = (int)((long)tiles * chunk / Chunks), last = (int)((long)tiles * (chunk + 1) / Chunks);
                if (first < last)
                {
                    RunTiles<S, F, D>(item / Chunks / Shape.KeyHeads, item / Chunks % Shape.KeyHeads, first, last);
                }
            }
        }

        private readonly void RunTiles<S, F, D>(int batch, int keyHead, int firstTile, int lastTile)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, headSize = Shape.HeadSize;
            int* bounds = stackalloc int[2 * width];
            float* statistics = stackalloc float[4 * width];
            PresentLeaves* trees = stackalloc PresentLeaves[width];
            AttentionTile tile = new(bounds, statistics, width);
            float* max = statistics + (2 * width), sum = max + width;

            tile.Place(Shape, width, firstTile);
            int keyFirst = tile.KeyFirst;
            tile.Place(Shape, width, lastTile - 1);
            int keyCount = tile.KeyEnd - keyFirst;

            long packed = Scratch.Round((long)keyCount * headSize), square = Scratch.Round((long)width * headSize);
            int levelCount = ChainTree.LevelCount(ChainTree.LeafCount(tile.KeyEnd));
            long maskSize = Shape.Dropout.IsActive ? (long)keyCount * width : 0, bytesSize = Shape.Dropout.IsActive ? keyCount : 0;
            float* keys = Scratch.Rent((2 * packed) + ((3 + levelCount) * square) + ((long)(keyCount + Lanes.Count) * width) + maskSize + bytesSize);
            float* values = keys + packed, queries = values + packed, queryLanes = queries + square, outputs = queryLanes + square;
            float* levels = outputs + square, lanes = levels + (levelCount * square), scores = lanes + (Lanes.Count * width);
            AttentionMask mask = new(scores + ((long)keyCount * width), Shape.Dropout.KeptScale);
            byte* bytes = (byte*)(mask.Keep + maskSize);
            long head = (long)keyHead * headSize;
            AttentionProducts.Pack(K + ((long)batch * Shape.KeyBatchStride) + ((long)keyFirst * Shape.KeyRowStride) + head, Shape.KeyRowStride, keyCount, headSize, keys);
            AttentionProducts.Pack(V + ((long)batch * Shape.ValueBatchStride) + ((long)keyFirst * Shape.ValueRowStride) + head, Shape.ValueRowStride, keyCount, headSize, values);

            for (int h = keyHead * Shape.Group; h < (keyHead + 1) * Shape.Group; h++)
            {
                float* q = Q + ((long)batch * Shape.QueryBatchStride) + ((long)h * headSize);
                float* y = Y + ((long)batch * Shape.OutputBatchStride) + ((long)h * headSize);
                for (int t = firstTile; t < lastTile; t++)
                {
                    tile.Place(Shape, width, t);
                    int row = tile.Position - Shape.QueryOffset, used = tile.High - tile.Low;
                    AttentionProducts.Pack(q + ((long)(row + tile.Low) * Shape.QueryRowStride), Shape.QueryRowStride, used, headSize, queries + (tile.Low * headSize));
                    AttentionProducts.Transpose(queries, headSize, tile.Low, tile.High, width, queryLanes);
                    float* tileKeys = keys + ((long)(tile.KeyFirst - keyFirst) * headSize);
                    AttentionProducts.Dot<S, F, D>(tileKeys, tile.KeyEnd - tile.KeyFirst, queryLanes, headSize, Shape.Scale, scores);
                    AttentionSoftmax.Max<S, F, D>(tile, scores, max);
                    AttentionSoftmax.Exp<S, F, D>(tile, scores, max, lanes, sum);
                    AttentionSoftmax.Divide<S, F, D>(tile, scores, sum);
                    if (Shape.Dropout.IsActive)
                    {
                        mask.Fill(Shape, tile, width, batch, h, bytes);
                        AttentionSums.OverKeptKeys<S, F, D>(tile, mask, scores, values, keyFirst, headSize, outputs, levels);
                    }
                    else
                    {
                        AttentionSums.OverKeys<S, F, D>(tile, scores, values, keyFirst, headSize, outputs, levels, trees);
                    }

                    for (int lane = tile.Low; lane < tile.High; lane++)
                    {
                        new Span<float>(outputs + (lane * headSize), headSize).CopyTo(new Span<float>(y + ((long)(row + lane) * Shape.OutputRowStride), headSize));
                        if (Max != null)
                        {
                            long stored = ((((long)batch * Shape.QueryHeads) + h) * Shape.QueryCount) + row + lane;
                            Max[stored] = max[lane];
                            Sum[stored] = sum[lane];
                        }
                    }
                }
            }
        }
    }
}
