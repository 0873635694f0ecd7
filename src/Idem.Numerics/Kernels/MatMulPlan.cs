// How one product is cut into tasks: blocks of rows by groups of column panels, and the reduction into runs of leaves. The cut
// decides speed only: every output is computed by one tile in one order, wherever the cuts fall.

using System.Numerics;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Operands and cuts of one product; read by all its tasks.</summary>
internal unsafe struct MatMulPlan
{
    /// <summary>Columns of a packed panel, whatever the path: two of the widest vectors.</summary>
    public const int PanelColumns = 32;

    /// <summary>Floats of a block of a: a quarter of a second-level cache of 1 MiB, so that the rest streams past it.</summary>
    private const int BlockFloats = 68 * 1024;

    /// <summary>Rows of a block that make packing a panel of b cheap; a run of leaves is lengthened only while they fit.</summary>
    private const int BlockRowsWanted = 264;

    /// <summary>Floats of partial sums that one task may hold.</summary>
    private const int LevelFloatsMax = 2 * 1024 * 1024;

    /// <summary>Products below which a second thread costs more than it gives.</summary>
    private const long ProductsPerTask = 256 * 1024;

    /// <summary>Products from which operands that several tasks share are packed once, before them.</summary>
    private const long ProductsToShare = 32 * 1024 * 1024;

    /// <summary>Floats of an operand that are still packed as a whole.</summary>
    private const long SharedFloatsMax = 16 * 1024 * 1024;

    private const int TasksPerThread = 4;

    /// <summary>Panels of b packed side by side: 512 bytes of each of its rows at once, two such leaves in a quarter of a megabyte.</summary>
    private const int PanelsTogetherMax = 4;

    /// <summary>How far a tile of few rows asks ahead: bytes of a packed panel.</summary>
    public const int AheadBytes = 8192;

    public int M, N, K;
    public byte* A;
    public nint ARow, AStep;
    public float* B;
    public nint Ldb;
    public bool TransposeB;
    public float* Bias;
    public float* C;
    public nint Ldc;

    /// <summary>Panels of b packed beforehand, as <see cref="PackedWeights"/> lays them out: float32 or bfloat16, coded or not; or null.</summary>
    public byte* Packed;
    public long PanelBytes;
    public bool IsBFloat16, IsCoded;

    /// <summary>Panels of b whose leaf a task packs side by side.</summary>
    public int PanelsTogether;

    /// <summary>Rows and columns of a full tile.</summary>
    public int TileRows, TileColumns;

    /// <summary>Rows of a block (a multiple of TileRows), blocks, column panels, and groups of panels.</summary>
    public int BlockRows, RowBlocks, Panels, Groups;

    /// <summary>Whether all of b is packed before the tasks.</summary>
    public bool ShareB;

    /// <summary>A run is 2^RunLevels leaves: the part of the reduction that stays in one block of a.</summary>
    public int RunLevels;

    public int LeafCount, LevelCount;

    public readonly int RunLeaves => 1 << RunLevels;

    /// <summary>Levels whose sums outlive a run.</summary>
    public readonly int OuterLevels => Math.Max(0, LevelCount - RunLevels);

    public readonly int TaskCount => RowBlocks * Groups;

    public readonly int TilesPerBlock => BlockRows / TileRows;

    /// <summary>Chooses tile shape and cuts. The operands must be set.</summary>
    public void Cut<S, F, D>(int threads)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        TileColumns = S.Lanes * 2;
        int tileRowsMax = MatMulTile.RowsMax<S, F, D>();
        TileRows = CeilingDivide(M, CeilingDivide(M, tileRowsMax)); // 13 rows are 7 + 6, not 12 + 1
        Panels = CeilingDivide(N, PanelColumns);
        LeafCount = ChainTree.LeafCount(K);
        LevelCount = ChainTree.LevelCount(LeafCount);
        int rowsWanted = Math.Min(M, BlockRowsWanted);
        RunLevels = LevelCount;
        while (RunLevels > 0 && (long)rowsWanted * Math.Min(K, ChainTree.Leaf << RunLevels) > BlockFloats)
        {
            RunLevels--;
        }

        int runDepth = Math.Clamp(K, 1, ChainTree.Leaf << RunLevels);
        RowBlocks = CeilingDivide(M, Math.Max(TileRows, BlockFloats / runDepth));
        long products = (long)M * N * Math.Max(K, 1);
        bool share = products >= ProductsToShare;
        int tasksWanted = threads == 1 ? 1 : (int)Math.Clamp(products / ProductsPerTask, 1, threads * TasksPerThread);
        Groups = Math.Min(Panels, CeilingDivide(tasksWanted, RowBlocks));
        if (RowBlocks * Groups < tasksWanted)
        {
            RowBlocks = Math.Min(CeilingDivide(M, TileRows), CeilingDivide(tasksWanted, Groups));
        }

        BlockRows = CeilingDivide(CeilingDivide(M, RowBlocks), TileRows) * TileRows;
        RowBlocks = CeilingDivide(M, BlockRows);
        long levelFloats = (long)OuterLevels * BlockRows * PanelColumns;
        int groupPanelsMax = (int)Math.Clamp(LevelFloatsMax / Math.Max(1, levelFloats), 1, Panels);
        Groups = Math.Max(Groups, CeilingDivide(Panels, groupPanelsMax));
        PanelsTogether = Math.Clamp(Panels / Groups / 3, 1, PanelsTogetherMax); // the first of them are packed before anything is computed
        ShareB = share && Packed == null && RowBlocks > 1 && (long)N * K <= SharedFloatsMax;
    }

    /// <summary>Cuts a product of few rows: Panels are groups of <paramref name="columns"/> columns, a task is a Group of them.</summary>
    public void CutFewRows(int columns, int tileRowsMax, int threads)
    {
        TileColumns = columns;
        TileRows = CeilingDivide(M, CeilingDivide(M, tileRowsMax));
        Panels = CeilingDivide(N, columns);
        LeafCount = ChainTree.LeafCount(K);
        LevelCount = ChainTree.LevelCount(LeafCount);
        long products = (long)M * N * Math.Max(K, 1);
        Groups = threads == 1 ? 1 : (int)Math.Min(Panels, Math.Clamp(products / ProductsPerTask, 1, threads * TasksPerThread));
    }

    public readonly int FirstPanel(int group) => (int)((long)Panels * group / Groups);

    public readonly int LeafDepth(int leaf) => Math.Min(K - (leaf * ChainTree.Leaf), ChainTree.Leaf);

    public readonly int ColumnsOfPanel(int panel) => Math.Min(PanelColumns, N - (panel * PanelColumns));

    public readonly int RowsOfBlock(int block) => Math.Min(BlockRows, M - (block * BlockRows));

    public static int CeilingDivide(int x, int y) => (int)(((long)x + y - 1) / y);
}
