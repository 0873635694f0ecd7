// Chain-trees down the columns of a matrix, over the absolute row index: bias and norm-weight gradients. Vectors lie across the
// columns, threads take blocks of columns; each column's leaf chain lives in memory while four rows at a time are added to it.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>A term of a column's chain: one fused multiply-add (or one addition, of a product with one).</summary>
internal interface IColumnTerm
{
    /// <summary>Called before the terms of these rows and columns are added: a term may compute and store what it will add.</summary>
    void Prepare<S, F, D>(int row, int rowEnd, int column, int columnEnd)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;

    F AddTo<S, F, D>(F accumulator, int row, int column)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>y[column] = chain-tree over rows of the terms.</summary>
internal unsafe struct ColumnsKernel<TTerm>(TTerm term, int rows, float* y) : IKernel
    where TTerm : unmanaged, IColumnTerm
{
    /// <summary>Columns whose partial sums are held at a time.</summary>
    public const int Block = 256;

    public readonly void Run<S, F, D>(int start, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int leaves = ChainTree.LeafCount(rows);
        float* levels = stackalloc float[Block * ChainTree.LevelCount(leaves)];
        for (int first = start; first < end; first += Block)
        {
            int width = Math.Min(Block, end - first);
            for (int leaf = 0; leaf < leaves; leaf++)
            {
                AddLeaf<S, F, D>(leaf * ChainTree.Leaf, Math.Min(rows, (leaf + 1) * ChainTree.Leaf), first, width);
                bool isLast = leaf == leaves - 1;
                for (uint merge = ChainTree.LevelsToMerge(leaf, isLast); merge != 0; merge &= merge - 1)
                {
                    float* left = levels + (System.Numerics.BitOperations.TrailingZeroCount(merge) * Block);
                    Join<S, F, D>(left, y + first, width);
                }

                if (!isLast)
                {
                    new Span<float>(y + first, width).CopyTo(new Span<float>(levels + (ChainTree.LevelAfter(leaf) * Block), width));
                }
            }
        }
    }

    private readonly void AddLeaf<S, F, D>(int row, int rowEnd, int first, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        TTerm rowTerm = term;
        new Span<float>(y + first, width).Clear();
        int end = first + width;
        for (; row <= rowEnd - 4; row += 4)
        {
            rowTerm.Prepare<S, F, D>(row, row + 4, first, end);
            int i = first;
            for (; i <= end - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, Add4<S, F, D>(ref rowTerm, S.Load(y + i), row, i));
            }

            for (; i < end; i++)
            {
                y[i] = Add4<SimdScalar, float, double>(ref rowTerm, y[i], row, i);
            }
        }

        for (; row < rowEnd; row++)
        {
            rowTerm.Prepare<S, F, D>(row, row + 1, first, end);
            int i = first;
            for (; i <= end - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, rowTerm.AddTo<S, F, D>(S.Load(y + i), row, i));
            }

            for (; i < end; i++)
            {
                y[i] = rowTerm.AddTo<SimdScalar, float, double>(y[i], row, i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F Add4<S, F, D>(ref TTerm term, F sum, int row, int column)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        sum = term.AddTo<S, F, D>(sum, row, column);
        sum = term.AddTo<S, F, D>(sum, row + 1, column);
        sum = term.AddTo<S, F, D>(sum, row + 2, column);
        return term.AddTo<S, F, D>(sum, row + 3, column);
    }

    /// <summary>y = left + y.</summary>
    private static void Join<S, F, D>(float* left, float* y, int width)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        for (; i <= width - S.Lanes; i += S.Lanes)
        {
            S.Store(y + i, S.Add(S.Load(left + i), S.Load(y + i)));
        }

        for (; i < width; i++)
        {
            y[i] = left[i] + y[i];
        }
    }
}

/// <summary>The terms x[row, column].</summary>
internal readonly unsafe struct ElementColumnTerm(float* x, int columns) : IColumnTerm
{
    private readonly float* _x = x;
    private readonly long _columns = columns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prepare<S, F, D>(int row, int rowEnd, int column, int columnEnd)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int row, int column)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Add(accumulator, S.Load(_x + (row * _columns) + column));
}

/// <summary>The terms dy*xhat with xhat = (x-mean[row])*rstd[row]; without means, xhat = x*rstd[row].</summary>
internal readonly unsafe struct NormalizedColumnTerm(float* x, float* dy, int columns, float* mean, float* rstd) : IColumnTerm
{
    private readonly float* _x = x;
    private readonly float* _dy = dy;
    private readonly float* _mean = mean;
    private readonly float* _rstd = rstd;
    private readonly long _columns = columns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prepare<S, F, D>(int row, int rowEnd, int column, int columnEnd)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F AddTo<S, F, D>(F accumulator, int row, int column)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F x = S.Load(_x + (row * _columns) + column);
        F deviation = _mean == null ? x : S.Subtract(x, S.Create(_mean[row]));
        F xhat = S.Multiply(deviation, S.Create(_rstd[row]));
        return S.Fma(S.Load(_dy + (row * _columns) + column), xhat, accumulator);
    }
}
