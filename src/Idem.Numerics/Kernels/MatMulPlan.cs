// How one product is cut into tasks: blocks of rows by groups of column panels. The cut decides speed only: every output is
// computed by one tile in one order, wherever the cuts fall, and the reduction is cut at leaves alone.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Operands and cuts of one product; read by all its tasks.</summary>
internal unsafe struct MatMulPlan
{
    /// <summary>Floats of a packed block of a: about what the second-level cache holds beside a panel of b.</summary>
    private const int BlockFloats = 96 * 1024;

    /// <summary>Floats of partial sums that one task may hold.</summary>
    private const int LevelFloatsMax = 512 * 1024;

    /// <summary>Products below which a second thread costs more than it gives.</summary>
    private const long ProductsPerTask = 256 * 1024;

    private const int TasksPerThread = 4;

    public int M, N, K;
    public byte* A;
    public nint ARow, AStep;
    public bool TransposeA, TransposeB;
    public float* B;
    public nint Ldb;
    public float* Bias;
    public float* C;
    public nint Ldc;

    /// <summary>Rows and columns of a full tile, and whether it is the one for few rows.</summary>
    public int TileRows, TileColumns;
    public bool FewRows;

    /// <summary>Rows of a block (a multiple of TileRows), blocks, column panels, and groups of panels.</summary>
    public int BlockRows, RowBlocks, Panels, Groups;

    /// <summary>Whether a is packed, and whether full panels of b are read where they are.</summary>
    public bool PackA, DirectB;

    public int LeafCount, LevelCount;

    public readonly int TaskCount => RowBlocks * Groups;

    /// <summary>Chooses tile shape and cuts. The operands must be set.</summary>
    public void Cut<S, F, D>(int threads)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        FewRows = M <= MatMulTile.RowsMax<S, F, D>(fewRows: true);
        TileColumns = S.Lanes * (FewRows ? 4 : 2);
        int tileRowsMax = MatMulTile.RowsMax<S, F, D>(FewRows);
        TileRows = CeilingDivide(M, CeilingDivide(M, tileRowsMax)); // 13 rows are 7 + 6, not 12 + 1
        Panels = CeilingDivide(N, TileColumns);
        LeafCount = ChainTree.LeafCount(K);
        LevelCount = ChainTree.LevelCount(LeafCount);

        int blockRowsMax = Math.Max(TileRows, BlockFloats / Math.Clamp(K, 1, ChainTree.Leaf));
        RowBlocks = CeilingDivide(M, blockRowsMax);
        long tasksMax = Math.Max(1, (long)M * N * Math.Max(K, 1) / ProductsPerTask);
        int tasksWanted = threads == 1 ? 1 : (int)Math.Min(tasksMax, threads * TasksPerThread);
        Groups = Math.Min(Panels, CeilingDivide(tasksWanted, RowBlocks));
        if (RowBlocks * Groups < tasksWanted)
        {
            RowBlocks = Math.Min(CeilingDivide(M, TileRows), CeilingDivide(tasksWanted, Groups));
        }

        BlockRows = CeilingDivide(CeilingDivide(M, RowBlocks), TileRows) * TileRows;
        RowBlocks = CeilingDivide(M, BlockRows);
        long levelFloats = (long)LevelCount * BlockRows * TileColumns;
        int groupPanelsMax = (int)Math.Clamp(LevelFloatsMax / Math.Max(1, levelFloats), 1, Panels);
        Groups = Math.Max(Groups, CeilingDivide(Panels, groupPanelsMax));

        DirectB = !TransposeB && BlockRows <= 2 * TileRows;
        PackA = BlockRows > TileRows && CeilingDivide(Panels, Groups) > 2;
    }

    public readonly int FirstPanel(int group) => (int)((long)Panels * group / Groups);

    private static int CeilingDivide(int x, int y) => (int)(((long)x + y - 1) / y);
}
