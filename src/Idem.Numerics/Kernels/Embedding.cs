// Rows of a table by index. The gradient of a table's row is a chain-tree over the absolute token index in which the tokens with
// other ids are absent; threads share the table's rows, vectors lie along a row.

using System.Buffers;
using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Embedding lookup and its gradient. Order: <c>arithmetic.md#embedding</c>.</summary>
public static unsafe partial class Embedding
{
    /// <summary>y[t] = table[ids[t]]: copies rows of <paramref name="width"/> elements.</summary>
    public static void Forward(Compute compute, ReadOnlySpan<int> ids, int vocabulary, int width, ReadOnlySpan<float> table, Span<float> y)
    {
        const string Operation = "Embedding.Forward";
        CheckShapes(Operation, ids, vocabulary, width);
        Check.Length(Operation, nameof(table), table.Length, $"[{vocabulary},{width}]", (long)vocabulary * width);
        Check.Length(Operation, nameof(y), y.Length, $"[{ids.Length},{width}]", (long)ids.Length * width);
        fixed (int* pi = ids)
        fixed (float* pt = table, py = y)
        {
            KernelLoop.Run(compute, ids.Length, width, new ForwardKernel { Ids = pi, Width = width, Table = pt, Y = py });
        }
    }

    /// <summary>dtable[v] = the chain-tree over the tokens with id v of their dy; rows without a token are +0.</summary>
    public static void Backward(Compute compute, ReadOnlySpan<int> ids, int vocabulary, int width, ReadOnlySpan<float> dy, Span<float> dtable)
    {
        const string Operation = "Embedding.Backward";
        CheckShapes(Operation, ids, vocabulary, width);
        Check.Length(Operation, nameof(dy), dy.Length, $"[{ids.Length},{width}]", (long)ids.Length * width);
        Check.Length(Operation, nameof(dtable), dtable.Length, $"[{vocabulary},{width}]", (long)vocabulary * width);
        int[] ends = ArrayPool<int>.Shared.Rent(vocabulary + 1), tokens = ArrayPool<int>.Shared.Rent(ids.Length + 1);
        SortByIdStably(ids, ends.AsSpan(0, vocabulary + 1), tokens);
        fixed (int* pe = ends, pt = tokens)
        fixed (float* pdy = dy, pd = dtable)
        {
            long cost = width + ((long)ids.Length * width / vocabulary);
            KernelLoop.Run(compute, vocabulary, cost, new BackwardKernel { Starts = pe, Tokens = pt, Width = width, Dy = pdy, Dtable = pd });
        }

        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<int>.Shared.Return(tokens);
    }

    /// <summary>
    /// dtable = dtable + what <see cref="Backward"/> makes, for a dtable whose elements are not -0: then nothing has to be added to
    /// the rows without a token, and only the others are touched.
    /// </summary>
    public static void BackwardInto(Compute compute, ReadOnlySpan<int> ids, int vocabulary, int width, ReadOnlySpan<float> dy, Span<float> dtable)
    {
        const string Operation = "Embedding.Backward";
        CheckShapes(Operation, ids, vocabulary, width);
        Check.Length(Operation, nameof(dy), dy.Length, $"[{ids.Length},{width}]", (long)ids.Length * width);
        Check.Length(Operation, nameof(dtable), dtable.Length, $"[{vocabulary},{width}]", (long)vocabulary * width);
        int[] ends = ArrayPool<int>.Shared.Rent(vocabulary + 1), tokens = ArrayPool<int>.Shared.Rent(ids.Length + 1);
        SortByIdStably(ids, ends.AsSpan(0, vocabulary + 1), tokens);
        fixed (int* pe = ends, pt = tokens)
        fixed (float* pdy = dy, pd = dtable)
        {
            BackwardKernel kernel = new() { Starts = pe, Tokens = pt, Width = width, Dy = pdy, Dtable = pd, Into = true };
            KernelLoop.Run(compute, vocabulary, 1 + ((long)ids.Length * width / vocabulary), kernel);
        }

        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<int>.Shared.Return(tokens);
    }

    private static void CheckShapes(string operation, ReadOnlySpan<int> ids, int vocabulary, int width)
    {
        Check.Dimension(operation, nameof(vocabulary), vocabulary, 1);
        Check.Dimension(operation, nameof(width), width, 1);
        for (int t = 0; t < ids.Length; t++)
        {
            Check.That((uint)ids[t] < (uint)vocabulary, operation, $"id {t} is {ids[t]}, but the vocabulary has {vocabulary} entries");
        }
    }

    /// <summary>Token indices grouped by id, ascending in each group; starts[v] is where group v begins.</summary>
    private static void SortByIdStably(ReadOnlySpan<int> ids, Span<int> starts, Span<int> tokens)
    {
        starts.Clear();
        foreach (int id in ids)
        {
            starts[id + 1]++;
        }

        for (int v = 1; v < starts.Length; v++)
        {
            starts[v] += starts[v - 1];
        }

        for (int t = 0; t < ids.Length; t++)
        {
            tokens[starts[ids[t]]++] = t; // afterwards each entry holds its group's end
        }

        for (int v = starts.Length - 1; v > 0; v--)
        {
            starts[v] = starts[v - 1];
        }

        starts[0] = 0;
    }

    private struct ForwardKernel : IKernel
    {
        public int* Ids;
        public int Width;
        public float* Table, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int t = start; t < end; t++)
            {
                new Span<float>(Table + ((long)Ids[t] * Width), Width).CopyTo(new Span<float>(Y + ((long)t * Width), Width));
            }
        }
    }

    private struct BackwardKernel : IKernel
    {
        public int* Starts, Tokens;
        public int Width;
        public bool Into;
        public float* Dy, Dtable;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float* row = Into ? Scratch.Rent(Width) : null;
            for (int v = start; v < end; v++)
            {
                float* sum = Dtable + ((long)v * Width);
                if (!Into)
                {
                    RunRow<S, F, D>(v, sum);
                }
                else if (Starts[v] != Starts[v + 1])
                {
                    RunRow<S, F, D>(v, row);
                    AddRow<S, F, D>(row, sum);
                }
            }
        }

        /// <summary>sum = sum + row.</summary>
        private readonly void AddRow<S, F, D>(float* row, float* sum)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int i = 0;
            for (; i <= Width - S.Lanes; i += S.Lanes)
            {
                S.Store(sum + i, S.Add(S.Load(sum + i), S.Load(row + i)));
            }

            for (; i < Width; i++)
            {
                sum[i] = sum[i] + row[i];
            }
        }

        private readonly void RunRow<S, F, D>(int v, float* sum)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int token = Starts[v], last = Starts[v + 1];
            if (token == last)
            {
                new Span<float>(sum, Width).Clear();
            }
            else if (Tokens[token] / ChainTree.Leaf == Tokens[last - 1] / ChainTree.Leaf)
            {
                AddChain<S, F, D>(token, last, sum, 0, Width);
            }
            else
            {
                AddTree<S, F, D>(token, last, sum);
            }
        }

        /// <summary>One leaf's chain for columns start to end: from +0, ascending.</summary>
        private readonly void AddChain<S, F, D>(int token, int last, float* sum, int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            new Span<float>(sum + start, end - start).Clear();
            for (; token < last; token++)
            {
                float* dy = Dy + ((long)Tokens[token] * Width);
                int i = start;
                for (; i <= end - S.Lanes; i += S.Lanes)
                {
                    S.Store(sum + i, S.Add(S.Load(sum + i), S.Load(dy + i)));
                }

                for (; i < end; i++)
                {
                    sum[i] = sum[i] + dy[i];
                }
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private readonly void AddTree<S, F, D>(int token, int last, float* sum)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            const int Block = 128;
            float* levels = stackalloc float[Block * ChainTree.LevelCount(ChainTree.LeafCount(Tokens[last - 1] + 1))];
            for (int start = 0; start < Width; start += Block)
            {
                int end = Math.Min(Width, start + Block);
                PresentLeaves leaves = default;
                for (int next = token; next < last;)
                {
                    int leaf = Tokens[next] / ChainTree.Leaf, first = next;
                    while (next < last && Tokens[next] / ChainTree.Leaf == leaf)
                    {
                        next++;
                    }

                    leaves.Begin<S, F, D>(leaf, sum + start, levels, Block, end - start);
                    AddChain<S, F, D>(first, next, sum, start, end);
                }

                leaves.Finish<S, F, D>(sum + start, levels, Block, end - start);
            }
        }
    }
}
