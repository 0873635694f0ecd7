// Attention's forward pass where queries are too few to fill a tile: decoding. Here keys are lanes: blocks of keys are transposed,
// all queries and heads that share them take their scores, each score row goes through softmax as any row does, and the values are
// read once for all rows, leaf by leaf. A thread takes whole key heads; heads that are left over when every thread has had the same
// number are shared by all threads, which cut them by leaves of keys: the leaves of a chain-tree are independent sums.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    /// <summary>Keys for which threads may share a head.</summary>
    private const int SharedKeysMin = 4 * ChainTree.Leaf;

    private enum FewQueriesStage
    {
        /// <summary>An item is a key head.</summary>
        WholeHeads,

        /// <summary>An item is a range of leaves of keys of a shared head: their scores.</summary>
        Scores,

        /// <summary>An item is a row of a shared head: its probabilities.</summary>
        Softmax,

        /// <summary>An item is a range of leaves: their sums of values.</summary>
        Values,

        /// <summary>An item is a row: the sum of its leaves.</summary>
        Join,
    }

    /// <summary>Whether a tile would be filled to a quarter at most.</summary>
    private static bool HasFewQueries(in AttentionShape shape, SimdPath path) =>
        shape.QueryCount <= Math.Max(1, (int)path / 32) / 2 && !shape.Dropout.IsActive;

    private static void RunFewQueries(Compute compute, FewQueriesKernel kernel)
    {
        ref readonly AttentionShape shape = ref kernel.Shape;
        int heads = shape.Batch * shape.KeyHeads, shared = compute.Threads == 1 || kernel.KeyEnd - kernel.KeyBase < SharedKeysMin ? 0 : heads % compute.Threads;
        kernel.Ranges = 1;
        KernelLoop.Run(compute, heads - shared, Cost(shape), kernel);
        if (shared == 0)
        {
            return;
        }

        kernel.FirstHead = heads - shared;
        kernel.Ranges = Math.Min(kernel.LeafEnd - kernel.LeafBase, ((2 * compute.Threads) + shared - 1) / shared);
        kernel.HeadFloats = new FewQueriesHead(kernel, Math.Max(1, (int)compute.Path / 32), null).Floats;
        kernel.Memory = Scratch.Rent(shared * kernel.HeadFloats);
        for (kernel.Stage = FewQueriesStage.Scores; kernel.Stage <= FewQueriesStage.Join; kernel.Stage++)
        {
            KernelLoop.Run(compute, shared * kernel.Parts, int.MaxValue, kernel);
        }
    }

    private struct FewQueriesKernel : IKernel
    {
        public AttentionShape Shape;
        public KeyRows K, V;
        public float* Q, Y, Max, Sum;
        public FewQueriesStage Stage;

        /// <summary>Shared heads: the first, into how many ranges of leaves each is cut, and their memory.</summary>
        public int FirstHead, Ranges;
        public float* Memory;
        public long HeadFloats;

        /// <summary>Rows that share a key head. The heads are neighbours, so that the bounds of rows ascend.</summary>
        public readonly int Rows => Shape.Group * Shape.QueryCount;

        /// <summary>The first key of score rows: a multiple of 32, so that an element's index and its key's fall into the same lane.</summary>
        public readonly int KeyBase => Shape.FirstKey(0) / Lanes.Count * Lanes.Count;

        public readonly int KeyEnd => Shape.EndKey(Shape.QueryCount - 1);

        public readonly int LeafBase => KeyBase / ChainTree.Leaf;

        public readonly int LeafEnd => ((KeyEnd - 1) / ChainTree.Leaf) + 1;

        /// <summary>Items of a shared head at this stage.</summary>
        public readonly int Parts => Stage is FewQueriesStage.Scores or FewQueriesStage.Values ? Ranges : Rows;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int item = start; item < end; item++)
            {
                if (Stage == FewQueriesStage.WholeHeads)
                {
                    long floats = new FewQueriesHead(this, S.Lanes, null).Floats;
                    FewQueriesHead head = new(this, S.Lanes, Scratch.Rent(floats));
                    head.Score<S, F, D>(this, item, 0);
                    for (int row = 0; row < Rows; row++)
                    {
                        head.Softmax<S, F, D>(this, item, row);
                    }

                    head.AddValues<S, F, D>(this, item, 0);
                    for (int row = 0; row < Rows; row++)
                    {
                        head.Join<S, F, D>(this, item, row);
                    }
                }
                else
                {
                    RunShared<S, F, D>(item / Parts, item % Parts);
                }
            }
        }

        private readonly void RunShared<S, F, D>(int index, int part)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            FewQueriesHead head = new(this, S.Lanes, Memory + (index * HeadFloats));
            switch (Stage)
            {
                case FewQueriesStage.Scores:
                    head.Score<S, F, D>(this, FirstHead + index, part);
                    break;
                case FewQueriesStage.Softmax:
                    head.Softmax<S, F, D>(this, FirstHead + index, part);
                    break;
                case FewQueriesStage.Values:
                    head.AddValues<S, F, D>(this, FirstHead + index, part);
                    break;
                default:
                    head.Join<S, F, D>(this, FirstHead + index, part);
                    break;
            }
        }
    }

    /// <summary>The memory that a key head's few queries work in, and the steps.</summary>
    private readonly struct FewQueriesHead
    {
        /// <summary>Rows of scores, and their bounds.</summary>
        private readonly float* _scores;
        private readonly long _stride;
        private readonly int* _firsts, _ends;

        /// <summary>Sums of values [leaf][row][head], the joined sum and the levels of each row's tree.</summary>
        private readonly float* _leaves, _joined;
        private readonly long _joinFloats;

        /// <summary>A transposed block of keys for each range of leaves.</summary>
        private readonly float* _keyLanes;
        private readonly long _keyLanesFloats;

        /// <summary>Keys or values widened from bfloat16 for each range: a leaf, or a block if that is longer.</summary>
        private readonly float* _widened;
        private readonly long _widenedFloats;

        public FewQueriesHead(in FewQueriesKernel kernel, int lanes, float* memory)
        {
            int block = 4 * lanes, headSize = kernel.Shape.HeadSize, rows = kernel.Rows;
            _stride = ((((long)kernel.KeyEnd - kernel.KeyBase + block - 1) / block) + 1) * block;
            _keyLanesFloats = (long)headSize * block;
            _joinFloats = (1L + ChainTree.LevelCount(kernel.LeafEnd)) * headSize;
            AttentionMemory at = new(memory);
            _scores = at.Take(rows * _stride);
            _firsts = (int*)at.Take(rows);
            _ends = (int*)at.Take(rows);
            _leaves = at.Take((long)(kernel.LeafEnd - kernel.LeafBase) * rows * headSize);
            _joined = at.Take(rows * _joinFloats);
            _keyLanes = at.Take(kernel.Ranges * _keyLanesFloats);
            _widenedFloats = kernel.K.IsBFloat16 ? (long)headSize * Math.Max(block, ChainTree.Leaf) : 0;
            _widened = at.Take(kernel.Ranges * _widenedFloats);
            Floats = at.Take(0) - memory;
        }

        /// <summary>The memory laid out, in float32.</summary>
        public long Floats { get; }

        /// <summary>Scores of a range of leaves.</summary>
        public void Score<S, F, D>(in FewQueriesKernel kernel, int head, int range)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            ref readonly AttentionShape shape = ref kernel.Shape;
            int block = 4 * S.Lanes, size = shape.HeadSize, first = FirstKey(kernel, range), end = FirstKey(kernel, range + 1);
            float* lanes = _keyLanes + (range * _keyLanesFloats);
            for (int count; first < end; first += count)
            {
                // Blocks end at multiples of their length: a whole block is written, and one that ended beyond the range would write
                // over scores of the next, which another thread may have written already.
                count = Math.Min(block - (first % block), end - first);
                for (int done = 0, together; done < count; done += together)
                {
                    together = kernel.K.Together(first + done, count - done);
                    float* keys = kernel.K.Read(
                        head / shape.KeyHeads, first + done, head % shape.KeyHeads * size, together, size, _widened + (range * _widenedFloats), out int stride);
                    Transposition.RowsToLanes(keys, stride, together, size, lanes + done, block);
                }

                for (int row = 0; row < kernel.Rows; row++)
                {
                    float* q = kernel.Q + ((long)(head / shape.KeyHeads) * shape.QueryBatchStride) + Address(shape, head, row, shape.QueryRowStride);
                    AttentionProducts.DotOne<S, F, D>(q, lanes, size, shape.Scale, _scores + (row * _stride) + (first - kernel.KeyBase));
                }
            }
        }

        /// <summary>A row of scores becomes probabilities.</summary>
        public void Softmax<S, F, D>(in FewQueriesKernel kernel, int head, int row)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            ref readonly AttentionShape shape = ref kernel.Shape;
            int query = row / shape.Group, first = shape.FirstKey(query), end = shape.EndKey(query), keyBase = kernel.KeyBase;
            float* p = _scores + (row * _stride) - keyBase;
            float max = Rows.Max<S, F, D>(p + first, end - first);

            // A key before the window becomes e = +0. Adding that is not absence for a lane at -0, but the sign of a zero cannot
            // reach the sum: it holds the maximum's e, which is 1 (or NaN, and then all is).
            int start = keyBase + ((first - keyBase) & -Lanes.Count);
            new Span<float>(p + start, first - start).Fill(float.NegativeInfinity);
            float sum = ExpRows.MapAndSum<S, F, D>(p + start, max, p + start, end - start);
            Kernels.Softmax.Divide<S, F, D>(p + first, sum, end - first);
            _firsts[row] = first;
            _ends[row] = end;
            if (kernel.Max != null)
            {
                long queryHead = ((long)head * shape.Group) + (row % shape.Group), stored = (queryHead * shape.QueryCount) + query;
                kernel.Max[stored] = max;
                kernel.Sum[stored] = sum;
            }
        }

        /// <summary>Sums of probabilities times values of a range of leaves, for all rows at once.</summary>
        public void AddValues<S, F, D>(in FewQueriesKernel kernel, int head, int range)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            ref readonly AttentionShape shape = ref kernel.Shape;
            int size = shape.HeadSize, begin = FirstKey(kernel, range), end = FirstKey(kernel, range + 1);
            for (int first = begin, together; first < end; first += together)
            {
                int leaf = first / ChainTree.Leaf, next = (int)Math.Min(end, (leaf + 1L) * ChainTree.Leaf);
                together = kernel.V.Together(first, next - first);
                float* sums = Leaf(kernel, leaf);
                if (first == begin || first % ChainTree.Leaf == 0)
                {
                    AttentionSums.Clear<S, F, D>(sums, kernel.Rows * size);
                }

                // A leaf's chain goes on where the last page's ended: its sums are kept in memory between.
                float* values = kernel.V.Read(
                    head / shape.KeyHeads, first, head % shape.KeyHeads * size, together, size, _widened + (range * _widenedFloats), out int stride);
                AttentionChains chains = new(_scores - kernel.KeyBase, (nint)_stride, 1, values - ((long)first * stride), stride);
                chains.Add<S, F, D, ChainsGoOn>(_firsts, _ends, kernel.Rows, first, first + together, sums, size, size);
            }
        }

        /// <summary>Joins the leaves in which a row has keys.</summary>
        public void Join<S, F, D>(in FewQueriesKernel kernel, int head, int row)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            ref readonly AttentionShape shape = ref kernel.Shape;
            int size = shape.HeadSize;
            float* sum = _joined + (row * _joinFloats), levels = sum + size;
            PresentLeaves tree = default;
            for (int leaf = _firsts[row] / ChainTree.Leaf; leaf <= (_ends[row] - 1) / ChainTree.Leaf; leaf++)
            {
                tree.Begin<S, F, D>(leaf, sum, levels, size, size);
                AttentionRows.Copy<S, F, D>(Leaf(kernel, leaf) + ((long)row * size), size, sum);
            }

            tree.Finish<S, F, D>(sum, levels, size, size);
            float* y = kernel.Y + ((long)(head / shape.KeyHeads) * shape.OutputBatchStride) + Address(shape, head, row, shape.OutputRowStride);
            AttentionRows.Copy<S, F, D>(sum, size, y);
        }

        private float* Leaf(in FewQueriesKernel kernel, int leaf) => _leaves + ((long)(leaf - kernel.LeafBase) * kernel.Rows * kernel.Shape.HeadSize);

        /// <summary>Ranges are whole leaves, but for the first and the last key.</summary>
        private static int FirstKey(in FewQueriesKernel kernel, int range)
        {
            int leaf = kernel.LeafBase + (int)((long)(kernel.LeafEnd - kernel.LeafBase) * range / kernel.Ranges);
            return (int)Math.Clamp((long)leaf * ChainTree.Leaf, kernel.KeyBase, kernel.KeyEnd);
        }

        /// <summary>Where a row of q or y begins in its sequence.</summary>
        private static long Address(in AttentionShape shape, int head, int row, int stride) =>
            ((long)(row / shape.Group) * stride) + ((((long)(head % shape.KeyHeads) * shape.Group) + (row % shape.Group)) * shape.HeadSize);
    }
}
