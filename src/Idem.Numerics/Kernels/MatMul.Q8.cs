// Products of the q8 profile: rows of a are quantised once, then each task takes panels of codes and all rows, two at a time. The dot of a
// block is an exact integer; only scales and sums over blocks round, as MatMul.Q8.Reference.cs says. Codes of weights are stored
// with 128 added, as x86 multiplies unsigned by signed bytes; a block's sum therefore starts at -128 times the sum of a's codes.
// Panels as in PackedWeights: for each block 32 scales, then for each four k four bytes of each column.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

public static unsafe partial class MatMul
{
    /// <summary>Products of codes below which a second thread costs more than it gives.</summary>
    private const long CodesPerTask = 128 * 1024;

    private const int Q8TasksPerThread = 4;

    private static void RunQ8(Compute compute, MatMulPlan* plan)
    {
        int blocks = Q8Block.Count(plan->K);
        long rowBlocks = (long)plan->M * blocks;
        Q8Plan q8 = new() { Plan = plan, Blocks = blocks };
        q8.Scales = Scratch.RentShared((rowBlocks * 2) + (rowBlocks * Q8Block.Length / sizeof(float)));
        q8.Starts = (int*)(q8.Scales + rowBlocks);
        q8.Codes = (sbyte*)(q8.Starts + rowBlocks);
        KernelLoop.Run(compute, plan->M, plan->K, new QuantizeRows { Q8 = &q8 });
        plan->LeafCount = ChainTree.LeafCount(blocks);
        plan->LevelCount = ChainTree.LevelCount(plan->LeafCount);
        plan->Panels = MatMulPlan.CeilingDivide(plan->N, MatMulPlan.PanelColumns);
        plan->PanelsPerCut = 1;
        long products = (long)plan->M * plan->N * plan->K;
        plan->Groups = compute.Threads == 1 ? 1 : (int)Math.Min(plan->Panels, Math.Clamp(products / CodesPerTask, 1, compute.Threads * Q8TasksPerThread));
        compute.For(plan->Groups, &q8, compute.Path switch
        {
            SimdPath.Scalar or SimdPaths.Deviant => &RunQ8Task<SimdScalar, float, double, ByteDotsScalar, int>,
            SimdPath.Vector128 => &RunQ8Task<Simd128, Vector128<float>, Vector128<double>, ByteDots128, Vector128<int>>,
            _ => &RunQ8Task<Simd256, Vector256<float>, Vector256<double>, ByteDots256, Vector256<int>>, // memory does not fill wider ones
        });
    }

    private static void RunQ8Task<S, F, D, Q, I>(void* state, int index)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where Q : struct, IByteDots<I, F>
        where I : struct
    {
        Q8Plan* q8 = (Q8Plan*)state;
        MatMulPlan* plan = q8->Plan;
        const int Width = MatMulPlan.PanelColumns, Sums = 2 * Width;
        float* sums = Scratch.Rent(Sums * (plan->LevelCount + 1));
        for (int panel = plan->FirstPanel(index); panel < plan->FirstPanel(index + 1); panel++)
        {
            byte* weights = plan->Packed + (panel * (long)q8->Blocks * PackedWeights.Q8RecordBytes);
            for (int row = 0; row < plan->M; row += 2)
            {
                int rows = Math.Min(2, plan->M - row);
                for (int leaf = 0; leaf < plan->LeafCount; leaf++)
                {
                    int first = leaf * ChainTree.Leaf, depth = Math.Min(q8->Blocks - first, ChainTree.Leaf);
                    new Span<float>(sums, Sums).Clear();
                    for (int column = 0; column < Width; column += 4 * S.Lanes)
                    {
                        if (rows == 1)
                        {
                            Q8Tile1<S, F, D, Q, I>(q8, row, first, depth, weights, column, sums + column);
                        }
                        else
                        {
                            Q8Tile2<S, F, D, Q, I>(q8, row, first, depth, weights, column, sums + column);
                        }
                    }

                    JoinQ8<S, F, D>(plan, leaf, sums, sums + Sums, Sums);
                }

                int firstColumn = panel * Width, columns = plan->ColumnsOfPanel(panel);
                for (int i = 0; i < rows; i++)
                {
                    float* c = plan->C + ((row + i) * plan->Ldc) + firstColumn, sum = sums + (i * Width);
                    for (int j = 0; j < columns; j++)
                    {
                        c[j] = plan->Bias == null ? sum[j] : sum[j] + plan->Bias[firstColumn + j];
                    }
                }
            }
        }
    }

    // One row by four vectors: the blocks of one leaf.
    private static void Q8Tile1<S, F, D, Q, I>(Q8Plan* q8, int row, int firstBlock, int depth, byte* weights, int column, float* sums)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where Q : struct, IByteDots<I, F>
        where I : struct
    {
        long at = (row * (long)q8->Blocks) + firstBlock;
        sbyte* a = q8->Codes + (at * Q8Block.Length);
        byte* record = weights + (firstBlock * (long)PackedWeights.Q8RecordBytes);
        F s0 = S.Load(sums), s1 = S.Load(sums + S.Lanes), s2 = S.Load(sums + (2 * S.Lanes)), s3 = S.Load(sums + (3 * S.Lanes));
        for (int block = 0; block < depth; block++, record += PackedWeights.Q8RecordBytes, a += Q8Block.Length)
        {
            byte* w = record + PackedWeights.Q8ScaleBytes + (column * 4);
            I i0 = Q.Create(q8->Starts[at + block]), i1 = i0, i2 = i0, i3 = i0;
            for (int group = 0; group < Q8Block.Length; group += 4, w += PackedWeights.Q8GroupBytes)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(w + MatMulPlan.AheadBytes);
                    Sse.Prefetch0(w + MatMulPlan.AheadBytes + 64);
                }

                I x = Q.Create(*(int*)(a + group));
                i0 = Q.Add(i0, Q.Load(w), x);
                i1 = Q.Add(i1, Q.Load(w + (4 * S.Lanes)), x);
                i2 = Q.Add(i2, Q.Load(w + (8 * S.Lanes)), x);
                i3 = Q.Add(i3, Q.Load(w + (12 * S.Lanes)), x);
            }

            float* scales = (float*)record + column;
            F scale = S.Create(q8->Scales[at + block]);
            s0 = S.Fma(S.Multiply(scale, S.Load(scales)), Q.ToSingle(i0), s0);
            s1 = S.Fma(S.Multiply(scale, S.Load(scales + S.Lanes)), Q.ToSingle(i1), s1);
            s2 = S.Fma(S.Multiply(scale, S.Load(scales + (2 * S.Lanes))), Q.ToSingle(i2), s2);
            s3 = S.Fma(S.Multiply(scale, S.Load(scales + (3 * S.Lanes))), Q.ToSingle(i3), s3);
        }

        S.Store(sums, s0);
        S.Store(sums + S.Lanes, s1);
        S.Store(sums + (2 * S.Lanes), s2);
        S.Store(sums + (3 * S.Lanes), s3);
    }

    // Two rows by four vectors: weights are loaded once for both.
    private static void Q8Tile2<S, F, D, Q, I>(Q8Plan* q8, int row, int firstBlock, int depth, byte* weights, int column, float* sums)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where Q : struct, IByteDots<I, F>
        where I : struct
    {
        long at = (row * (long)q8->Blocks) + firstBlock, below = at + q8->Blocks;
        sbyte* a = q8->Codes + (at * Q8Block.Length), b = q8->Codes + (below * Q8Block.Length);
        byte* record = weights + (firstBlock * (long)PackedWeights.Q8RecordBytes);
        for (int block = 0; block < depth; block++, record += PackedWeights.Q8RecordBytes, a += Q8Block.Length, b += Q8Block.Length)
        {
            byte* w = record + PackedWeights.Q8ScaleBytes + (column * 4);
            I i0 = Q.Create(q8->Starts[at + block]), i1 = i0, i2 = i0, i3 = i0;
            I j0 = Q.Create(q8->Starts[below + block]), j1 = j0, j2 = j0, j3 = j0;
            for (int group = 0; group < Q8Block.Length; group += 4, w += PackedWeights.Q8GroupBytes)
            {
                I x = Q.Create(*(int*)(a + group)), y = Q.Create(*(int*)(b + group));
                I w0 = Q.Load(w), w1 = Q.Load(w + (4 * S.Lanes)), w2 = Q.Load(w + (8 * S.Lanes)), w3 = Q.Load(w + (12 * S.Lanes));
                i0 = Q.Add(i0, w0, x);
                i1 = Q.Add(i1, w1, x);
                i2 = Q.Add(i2, w2, x);
                i3 = Q.Add(i3, w3, x);
                j0 = Q.Add(j0, w0, y);
                j1 = Q.Add(j1, w1, y);
                j2 = Q.Add(j2, w2, y);
                j3 = Q.Add(j3, w3, y);
            }

            float* scales = (float*)record + column;
            F first = S.Create(q8->Scales[at + block]), second = S.Create(q8->Scales[below + block]);
            AddTerm<S, F, D, Q, I>(sums, first, scales, i0);
            AddTerm<S, F, D, Q, I>(sums + S.Lanes, first, scales + S.Lanes, i1);
            AddTerm<S, F, D, Q, I>(sums + (2 * S.Lanes), first, scales + (2 * S.Lanes), i2);
            AddTerm<S, F, D, Q, I>(sums + (3 * S.Lanes), first, scales + (3 * S.Lanes), i3);
            float* next = sums + MatMulPlan.PanelColumns;
            AddTerm<S, F, D, Q, I>(next, second, scales, j0);
            AddTerm<S, F, D, Q, I>(next + S.Lanes, second, scales + S.Lanes, j1);
            AddTerm<S, F, D, Q, I>(next + (2 * S.Lanes), second, scales + (2 * S.Lanes), j2);
            AddTerm<S, F, D, Q, I>(next + (3 * S.Lanes), second, scales + (3 * S.Lanes), j3);
        }
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    private static void AddTerm<S, F, D, Q, I>(float* sums, F scale, float* scales, I dot)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where Q : struct, IByteDots<I, F>
        where I : struct => S.Store(sums, S.Fma(S.Multiply(scale, S.Load(scales)), Q.ToSingle(dot), S.Load(sums)));

    private static void JoinQ8<S, F, D>(MatMulPlan* plan, int leaf, float* sums, float* levels, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        bool isLast = leaf == plan->LeafCount - 1;
        for (uint merge = ChainTree.LevelsToMerge(leaf, isLast); merge != 0; merge &= merge - 1)
        {
            float* level = levels + (System.Numerics.BitOperations.TrailingZeroCount(merge) * count);
            for (int i = 0; i < count; i += S.Lanes)
            {
                S.Store(sums + i, S.Add(S.Load(level + i), S.Load(sums + i)));
            }
        }

        if (!isLast)
        {
            new Span<float>(sums, count).CopyTo(new Span<float>(levels + (ChainTree.LevelAfter(leaf) * count), count));
        }
    }

    /// <summary>The rows of a as codes: those of row i begin at block i * Blocks.</summary>
    private struct Q8Plan
    {
        public MatMulPlan* Plan;
        public int Blocks;
        public float* Scales;

        /// <summary>-128 times the sum of a block's codes.</summary>
        public int* Starts;
        public sbyte* Codes;
    }

    private struct QuantizeRows : IKernel
    {
        public Q8Plan* Q8;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int k = Q8->Plan->K;
            for (int row = start; row < end; row++)
            {
                float* a = (float*)(Q8->Plan->A + (row * Q8->Plan->ARow));
                for (int block = 0; block < Q8->Blocks; block++)
                {
                    long at = (row * (long)Q8->Blocks) + block;
                    int first = block * Q8Block.Length;
                    Q8->Scales[at] = Q8Block.Quantize<S, F, D>(a + first, Math.Min(Q8Block.Length, k - first), false, Q8->Codes + (at * Q8Block.Length), out int sum);
                    Q8->Starts[at] = -128 * sum;
                }
            }
        }
    }
}
