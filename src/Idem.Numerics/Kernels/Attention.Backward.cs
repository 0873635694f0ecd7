// Attention's backward pass on vectors. Block after block of queries recomputes the probabilities from the saved maxima and
// denominators, a tile at a time, and finishes dq; then every key adds the block's terms to its chains of dv and dk, which run over
// the queries in ascending order. A thread takes whole key heads; heads that are left over when every thread has had the same number
// are shared by all threads: the tiles of a block first, then its keys. No buffer holds more than one block of queries.

using System.Numerics;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Attention
{
    /// <summary>Floats of probabilities and score gradients that a thread works in: half of a second-level cache.</summary>
    private const int BlockFloats = 128 * 1024;

    /// <summary>Queries a sequence for which threads may share a head.</summary>
    private const int SharedQueriesMin = 128;

    private enum BackwardStage
    {
        /// <summary>An item is a key head with all query heads that share it.</summary>
        WholeHeads,

        /// <summary>An item is a range of keys of a shared head: its rows are packed, its chains set to nothing.</summary>
        Begin,

        /// <summary>An item is a tile of queries of the block.</summary>
        Tiles,

        /// <summary>An item is a range of keys, to which the block's terms are added.</summary>
        Keys,

        /// <summary>An item is a range of keys, whose chains are finished.</summary>
        Finish,
    }

    private static void RunBackward(Compute compute, BackwardKernel kernel)
    {
        ref readonly AttentionShape shape = ref kernel.Shape;
        int heads = shape.Batch * shape.KeyHeads, shared = compute.Threads == 1 || shape.QueryCount < SharedQueriesMin ? 0 : heads % compute.Threads;
        kernel.BlockSize = BlockSize(shape, compute.Path, BlockFloats / 2 / Math.Max(1, KeysOfBlockMax(shape, ChainTree.Leaf)));
        KernelLoop.Run(compute, heads - shared, 3 * Cost(shape), kernel);
        if (shared == 0)
        {
            return;
        }

        // Enough tiles a block for all threads, enough ranges of keys as well.
        int width = 2 * Math.Max(1, (int)compute.Path / 32), tasks = 4 * compute.Threads;
        kernel.FirstHead = heads - shared;
        kernel.BlockSize = BlockSize(shape, compute.Path, (tasks + shared - 1) / shared * width);
        kernel.Ranges = Math.Min((tasks + shared - 1) / shared, (shape.KeyCount + 63) / 64);
        BackwardHead layout = new(shape, width, kernel.BlockSize, kernel.BlockSize / width, null);
        kernel.HeadFloats = layout.Floats;
        kernel.Memory = Scratch.Rent(shared * layout.Floats);
        for (kernel.Group = 0; kernel.Group < shape.Group; kernel.Group++)
        {
            Share(compute, kernel, BackwardStage.Begin, shared * kernel.Ranges);
            for (kernel.Block = shape.QueryOffset / kernel.BlockSize; kernel.Block * kernel.BlockSize < shape.QueryOffset + shape.QueryCount; kernel.Block++)
            {
                Share(compute, kernel, BackwardStage.Tiles, shared * (kernel.BlockSize / width));
                Share(compute, kernel, BackwardStage.Keys, shared * kernel.Ranges);
            }

            Share(compute, kernel, BackwardStage.Finish, shared * kernel.Ranges);
        }
    }

    private static void Share(Compute compute, BackwardKernel kernel, BackwardStage stage, int items)
    {
        kernel.Stage = stage;
        KernelLoop.Run(compute, items, int.MaxValue, kernel);
    }

    /// <summary>Queries of a block: a power of two that divides a leaf, at least a tile, near <paramref name="wanted"/>.</summary>
    private static int BlockSize(in AttentionShape shape, SimdPath path, int wanted)
    {
        int width = 2 * Math.Max(1, (int)path / 32), queries = (int)BitOperations.RoundUpToPowerOf2((uint)shape.QueryCount);
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(wanted, 1, ChainTree.Leaf));
        return Math.Max(width, Math.Min(size > wanted ? size / 2 : size, queries));
    }

    /// <summary>The most keys that the queries of a block see.</summary>
    private static int KeysOfBlockMax(in AttentionShape shape, int blockSize) =>
        shape.Window == 0 ? shape.KeyCount : (int)Math.Min(shape.KeyCount, (long)shape.Window + blockSize);

    private struct BackwardKernel : IKernel
    {
        public AttentionShape Shape;
        public float* Q, K, V, Max, Sum, Dy, Dq, Dk, Dv;
        public BackwardStage Stage;

        /// <summary>Shared heads: the first, the query head of each that is at work, and their memory.</summary>
        public int FirstHead, Group;
        public float* Memory;
        public long HeadFloats;

        /// <summary>Queries of a block, and the block at work: positions Block*BlockSize to (Block+1)*BlockSize.</summary>
        public int BlockSize, Block;

        /// <summary>Ranges into which the keys of a shared head are cut.</summary>
        public int Ranges;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int item = start; item < end; item++)
            {
                if (Stage == BackwardStage.WholeHeads)
                {
                    RunWholeHead<S, F, D>(item);
                }
                else
                {
                    RunShared<S, F, D>(item);
                }
            }
        }

        private readonly void RunWholeHead<S, F, D>(int keyHead)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, tiles = BlockSize / width, end = Shape.QueryCount == 0 ? 0 : Shape.QueryOffset + Shape.QueryCount;
            BackwardHead head = new(Shape, width, BlockSize, 1, null);
            head = new BackwardHead(Shape, width, BlockSize, 1, Scratch.Rent(head.Floats)) { Operands = Of(keyHead, 0) };
            for (int group = 0; group < Shape.Group; group++)
            {
                head.Operands = Of(keyHead, group);
                head.Begin<S, F, D>(Shape, 0, Shape.KeyCount);
                for (int block = Shape.QueryOffset / BlockSize; block * BlockSize < end; block++)
                {
                    head.Place(Shape, block);
                    for (int tile = 0; tile < tiles; tile++)
                    {
                        head.RunTile<S, F, D>(Shape, tile, 0);
                    }

                    head.AddQueries<S, F, D>(Shape, head.KeyFirst, head.KeyEnd);
                }

                head.Finish<S, F, D>(Shape, 0, Shape.KeyCount);
            }
        }

        private readonly void RunShared<S, F, D>(int item)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int width = 2 * S.Lanes, tiles = BlockSize / width, parts = Stage == BackwardStage.Tiles ? tiles : Ranges, index = item / parts, part = item % parts;
            BackwardHead head = new(Shape, width, BlockSize, tiles, Memory + (index * HeadFloats)) { Operands = Of(FirstHead + index, Group) };
            int first = (int)((long)Shape.KeyCount * part / Ranges), end = (int)((long)Shape.KeyCount * (part + 1) / Ranges);
            switch (Stage)
            {
                case BackwardStage.Begin:
                    head.Begin<S, F, D>(Shape, first, end);
                    break;
                case BackwardStage.Tiles:
                    head.Place(Shape, Block);
                    head.RunTile<S, F, D>(Shape, part, part);
                    break;
                case BackwardStage.Keys:
                    head.Place(Shape, Block);
                    first = head.KeyFirst + (int)((long)(head.KeyEnd - head.KeyFirst) * part / Ranges);
                    end = head.KeyFirst + (int)((long)(head.KeyEnd - head.KeyFirst) * (part + 1) / Ranges);
                    head.AddQueries<S, F, D>(Shape, first, end);
                    break;
                default:
                    head.Finish<S, F, D>(Shape, first, end);
                    break;
            }
        }

        /// <summary>The operands of a query head, its rows counted from position 0 of its sequence.</summary>
        private readonly BackwardOperands Of(int keyHead, int group)
        {
            int batch = keyHead / Shape.KeyHeads, h = (keyHead % Shape.KeyHeads * Shape.Group) + group;
            long q = ((long)batch * Shape.QueryBatchStride) + ((long)h * Shape.HeadSize), y = ((long)batch * Shape.OutputBatchStride) + ((long)h * Shape.HeadSize);
            long k = ((long)batch * Shape.KeyBatchStride) + ((long)(keyHead % Shape.KeyHeads) * Shape.HeadSize);
            long v = ((long)batch * Shape.ValueBatchStride) + ((long)(keyHead % Shape.KeyHeads) * Shape.HeadSize);
            long stored = (((long)batch * Shape.QueryHeads) + h) * Shape.QueryCount;
            return new BackwardOperands
            {
                Sequence = batch,
                Head = h,
                IsFirst = group == 0,
                Q = Q + q,
                K = K + k,
                V = V + v,
                Max = Max + stored,
                Sum = Sum + stored,
                Dy = Dy + y,
                Dq = Dq + q,
                Dk = Dk + k,
                Dv = Dv + v,
            };
        }
    }
}
