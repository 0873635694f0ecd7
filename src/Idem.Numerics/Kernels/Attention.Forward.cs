// Attention's forward pass on vectors: a key head's rows are packed once, then tile after tile of queries goes through scores, the
// true maximum, exponentials, denominators and the value chains. No buffer is larger than one tile's scores.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    /// <summary>An item is a run of tiles of all query heads that share one key head of one sequence.</summary>
    private struct ForwardKernel : IKernel
    {
        public AttentionShape Shape;
        public int Chunks;
        public KeyRows K, V;
        public float* Q, Y, Max, Sum;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int item = start; item < end; item++)
            {
                int width = 2 * S.Lanes, tiles = AttentionTile.Count(Shape, width);
                // Causal runs grow with their position: the longest come first, so that threads end together.
                int heads = Shape.Batch * Shape.KeyHeads, head = item % heads, chunk = Chunks - 1 - (item / heads);
                int first = (int)((long)tiles * chunk / Chunks), last = (int)((long)tiles * (chunk + 1) / Chunks);
                if (first < last)
                {
                    RunTiles<S, F, D>(head / Shape.KeyHeads, head % Shape.KeyHeads, first, last);
                }
            }
        }

        private readonly void RunTiles<S, F, D>(int batch, int keyHead, int firstTile, int lastTile)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, headSize = Shape.HeadSize;
            PresentLeaves* trees = stackalloc PresentLeaves[width];
            int* bounds = stackalloc int[3 * width];
            AttentionTile tile = new(bounds, width);
            tile.Place(Shape, width, firstTile);
            int keyFirst = tile.KeyFirst;
            tile.Place(Shape, width, lastTile - 1);
            int keyCount = tile.KeyEnd - keyFirst;

            bool hasDropout = Shape.Dropout.IsActive;
            long packed = Scratch.Round((long)keyCount * headSize), square = Scratch.Round((long)width * headSize), scoresSize = (long)keyCount * width;
            int levelCount = ChainTree.LevelCount(ChainTree.LeafCount(tile.KeyEnd));
            AttentionMemory memory = new(Scratch.Rent(
                (2 * packed) + ((1 + levelCount) * square) + (Lanes.Count * S.Lanes) + scoresSize + (hasDropout ? scoresSize + keyCount : 0) + (8 * 16)));
            float* keys = memory.Take(packed), values = memory.Take(packed), queryLanes = memory.Take(square), levels = memory.Take(levelCount * square);
            float* lanes = memory.Take(Lanes.Count * S.Lanes), scores = memory.Take(scoresSize);
            AttentionMask mask = new(memory.Take(hasDropout ? scoresSize : 0), width, Shape.Dropout.KeptScale);
            byte* bytes = (byte*)memory.Take(hasDropout ? keyCount : 0);
            K.Pack<S, F, D>(batch, keyFirst, keyHead * headSize, keyCount, headSize, keys);
            V.Pack<S, F, D>(batch, keyFirst, keyHead * headSize, keyCount, headSize, values);

            for (int h = keyHead * Shape.Group; h < (keyHead + 1) * Shape.Group; h++)
            {
                float* q = Q + ((long)batch * Shape.QueryBatchStride) + ((long)h * headSize);
                float* y = Y + ((long)batch * Shape.OutputBatchStride) + ((long)h * headSize);
                for (int t = firstTile; t < lastTile; t++)
                {
                    tile.Place(Shape, width, t);
                    int row = tile.Position - Shape.QueryOffset;
                    float* tileY = y + ((long)row * Shape.OutputRowStride);
                    AttentionRows.ToLanes<S, F, D>(tile, q + ((long)row * Shape.QueryRowStride), Shape.QueryRowStride, headSize, queryLanes);
                    AttentionProducts.OfTile<S, F, D>(tile, keys + ((long)(tile.KeyFirst - keyFirst) * headSize), queryLanes, headSize, Shape.Scale, scores, width);
                    ToProbabilities<S, F, D>(tile, 0, scores, lanes, (((long)batch * Shape.QueryHeads) + h) * Shape.QueryCount);
                    ToProbabilities<S, F, D>(tile, S.Lanes, scores, lanes, (((long)batch * Shape.QueryHeads) + h) * Shape.QueryCount);
                    if (hasDropout)
                    {
                        mask.Fill(Shape, tile, batch, h, bytes);
                        AttentionSums.OverKeptKeys<S, F, D>(tile, mask, scores, width, values, keyFirst, headSize, tileY, Shape.OutputRowStride, levels);
                    }
                    else
                    {
                        AttentionSums.OverKeys<S, F, D>(tile, scores, width, values, keyFirst, headSize, tileY, Shape.OutputRowStride, levels, trees);
                    }
                }
            }
        }

        /// <summary>Scores of a vector of queries become probabilities.</summary>
        private readonly void ToProbabilities<S, F, D>(in AttentionTile tile, int at, float* scores, float* lanes, long stored)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            AttentionSpan keys = tile.Span(at, S.Lanes);
            if (keys.First >= keys.End)
            {
                return; // no lane holds a query
            }

            int width = 2 * S.Lanes;
            scores += ((long)(keys.First - tile.KeyFirst) * width) + at;
            F max = AttentionSoftmax.Max<S, F, D>(tile, keys, at, scores, width);
            F sum = AttentionSoftmax.Exp<S, F, D>(tile, keys, at, scores, width, max, lanes);
            AttentionSoftmax.Divide<S, F, D>(keys.End - keys.First, scores, width, sum);
            if (Max != null)
            {
                float* statistics = stackalloc float[2 * S.Lanes];
                S.Store(statistics, max);
                S.Store(statistics + S.Lanes, sum);
                stored += tile.Position - Shape.QueryOffset;
                for (int lane = Math.Max(tile.Low, at); lane < Math.Min(tile.High, at + S.Lanes); lane++)
                {
                    Max[stored + lane] = statistics[lane - at];
                    Sum[stored + lane] = statistics[S.Lanes + lane - at];
                }
            }
        }
    }
}
