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

    /// <summary>Panels that one coded panel holds.</summary>
    private const int CodedPanels = CodedPanel.Columns / PanelColumns;

    /// <summary>Floats of a block of a that stays near while packed panels pass: half of a second-level cache of 1 MiB.</summary>
    private const int BlockFloats = 136 * 1024;

    /// <summary>The same where each block packs b anew, so that its height counts for more than that it stays near.</summary>
    private const int PackingBlockFloats = 272 * 1024;

    /// <summary>
    /// Leaves of a run are at most 2 to this power: 128 KiB of a packed panel; and half of that where a task packs, since then four panels and the whole width
    /// of a block of a are at work.
    /// </summary>
    private const int RunLevelsMax = 2, PackingRunLevelsMax = 1;

    /// <summary>Panels that a task packs and has at hand side by side, so that it reads a less often: at most so many, and so many floats.</summary>
    private const int PanelsTogetherMax = 4, TogetherFloatsMax = 132 * 1024;

    /// <summary>Rows of a transposed c that are stored together: three cache lines of each of its rows.</summary>
    private const int PlaceRowsWanted = 48;

    /// <summary>Floats of a beyond which every group of panels reads it from memory, so that there are as few groups as threads.</summary>
    private const long FarFloats = 4 * 1024 * 1024;

    /// <summary>Floats of partial sums that one task may hold.</summary>
    private const int LevelFloatsMax = 2 * 1024 * 1024;

    /// <summary>Products below which a second thread costs more than it gives.</summary>
    private const long ProductsPerTask = 256 * 1024;

    /// <summary>Floats of an operand that are still packed as a whole.</summary>
    private const int SharedFloatsMax = 16 * 1024 * 1024;

    private const int TasksPerThread = 4;

    /// <summary>How far a tile of few rows asks ahead, unless it takes turns with others: bytes of a packed panel.</summary>
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

    /// <summary>Whether c is stored transposed.</summary>
    public bool TransposeC;

    /// <summary>Rows whose results wait to be stored together: of one tile, or of some where c is transposed.</summary>
    public int PlaceRows;

    /// <summary>Panels of b that a task has at hand side by side, and that no cut separates.</summary>
    public int PanelsTogether, PanelsPerCut;

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

    /// <summary>Floats from a run of a packed panel to the next one's: a row more than it has, so that panels side by side lie in different sets of a cache.</summary>
    public readonly long RunFloats => (Math.Min((long)K, RunLeaves * (long)ChainTree.Leaf) + 1) * PanelColumns;

    /// <summary>Chooses tile shape and cuts. The operands must be set.</summary>
    public void Cut<S, F, D>(int threads)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (Packed == null && TransposeB && AStep == sizeof(float) && N > M && (CeilingDivide(M, PanelColumns) * PanelColumns) - M <= M / 16)
        {
            Transpose();
        }

        TileColumns = S.Lanes * 2;
        int tileRowsMax = MatMulTile.RowsMax<S, F, D>();
        TileRows = CeilingDivide(M, CeilingDivide(M, tileRowsMax)); // 13 rows are 7 + 6, not 12 + 1
        Panels = CeilingDivide(N, PanelColumns);
        PanelsPerCut = IsCoded ? CodedPanels : 1;
        int groupsMax = CeilingDivide(Panels, PanelsPerCut);
        LeafCount = ChainTree.LeafCount(K);
        LevelCount = ChainTree.LevelCount(LeafCount);
        bool packs = Packed == null && !TransposeB;
        RunLevels = AStep == sizeof(float) ? Math.Min(LevelCount, packs ? PackingRunLevelsMax : RunLevelsMax) : 0; // columns of a lie in as many pages as it has rows
        int runDepth = Math.Clamp(K, 1, ChainTree.Leaf << RunLevels);
        RowBlocks = CeilingDivide(M, Math.Max(TileRows, (packs ? PackingBlockFloats : BlockFloats) / runDepth));
        long products = (long)M * N * Math.Max(K, 1);
        int tasksWanted = threads == 1 ? 1 : (int)Math.Clamp(products / ProductsPerTask, 1, threads * ((long)M * K > FarFloats ? 1 : TasksPerThread));
        Groups = Math.Min(groupsMax, CeilingDivide(tasksWanted, RowBlocks));
        if (RowBlocks * Groups < tasksWanted)
        {
            RowBlocks = Math.Min(CeilingDivide(M, TileRows), CeilingDivide(tasksWanted, Groups));
        }
        else if (tasksWanted >= threads)
        {
            int share = threads / (int)BigInteger.GreatestCommonDivisor(threads, RowBlocks); // so that all threads have as many tasks
            Groups = Math.Min(groupsMax, CeilingDivide(Groups, share) * share);
        }

        PlaceRows = TransposeC ? Math.Max(TileRows, PlaceRowsWanted / TileRows * TileRows) : TileRows;
        BlockRows = CeilingDivide(CeilingDivide(M, RowBlocks), PlaceRows) * PlaceRows;
        RowBlocks = CeilingDivide(M, BlockRows);
        long levelFloats = (long)OuterLevels * BlockRows * PanelColumns;
        int groupPanelsMax = (int)Math.Clamp(LevelFloatsMax / Math.Max(1, levelFloats), 1, Panels);
        Groups = Math.Max(Groups, Math.Min(groupsMax, CeilingDivide(Panels, groupPanelsMax)));
        PanelsTogether = IsCoded ? CodedPanels : packs ? (int)Math.Clamp(TogetherFloatsMax / RunFloats, 1, PanelsTogetherMax) : 1;
        ShareB = TransposeB && Packed == null && RowBlocks > 1 && (long)N * K <= SharedFloatsMax;
    }

    /// <summary>c' = b' a' is the same product: every output has the same factors in the same order.</summary>
    private void Transpose()
    {
        byte* a = A;
        nint aRow = ARow;
        A = (byte*)B;
        ARow = Ldb * sizeof(float);
        B = (float*)a;
        Ldb = aRow / sizeof(float);
        (M, N) = (N, M);
        TransposeC = true;
    }

    /// <summary>Packs [firstK, firstK + depth) of a panel of b that is not coded.</summary>
    public readonly void Pack(int panel, int firstK, int depth, float* destination)
    {
        int columns = ColumnsOfPanel(panel);
        nint column = panel * (nint)PanelColumns;
        if (B != null && TransposeB)
        {
            MatMulPacking.Transpose(B + (column * Ldb) + firstK, Ldb, depth, columns, destination, PanelColumns);
        }
        else if (B != null)
        {
            MatMulPacking.Copy(B + (firstK * Ldb) + column, Ldb, depth, columns, PanelColumns, destination, PanelColumns);
        }
        else
        {
            MatMulPacking.Widen((ushort*)StoredPanel(panel) + (firstK * PanelColumns), depth * PanelColumns, destination);
        }
    }

    /// <summary>Unpacks that part of the coded panel that two panels share, the second of them <paramref name="stride"/> floats after the first.</summary>
    public readonly void Unpack(int firstPanel, int firstK, int depth, float* destination, nint stride)
    {
        CodedPanelReader reader = new(StoredPanel(firstPanel), IsBFloat16, firstK);
        if (IsBFloat16)
        {
            reader.Read<BFloat16Weights>(depth, destination, destination + stride, PanelColumns);
        }
        else
        {
            reader.Read<PackedFloat32Weights>(depth, destination, destination + stride, PanelColumns);
        }
    }

    /// <summary>Cuts a product of few rows: Panels are groups of <paramref name="columns"/> columns, a task is a Group of them.</summary>
    public void CutFewRows(int columns, int tileRowsMax, int threads)
    {
        TileColumns = columns;
        TileRows = CeilingDivide(M, CeilingDivide(M, tileRowsMax));
        Panels = CeilingDivide(N, columns);
        PanelsPerCut = 1;
        LeafCount = ChainTree.LeafCount(K);
        LevelCount = ChainTree.LevelCount(LeafCount);
        long products = (long)M * N * Math.Max(K, 1);
        Groups = threads == 1 ? 1 : (int)Math.Min(Panels, Math.Clamp(products / ProductsPerTask, 1, threads * TasksPerThread));
    }

    public readonly int FirstPanel(int group) => Math.Min(Panels, (int)((long)CeilingDivide(Panels, PanelsPerCut) * group / Groups) * PanelsPerCut);

    public readonly int LeafDepth(int leaf) => Math.Min(K - (leaf * ChainTree.Leaf), ChainTree.Leaf);

    public readonly int ColumnsOfPanel(int panel) => Math.Min(PanelColumns, N - (panel * PanelColumns));

    /// <summary>Where a panel is stored; of a coded matrix, where it and its neighbour are.</summary>
    public readonly byte* StoredPanel(int panel) => Packed + ((IsCoded ? panel / CodedPanels : panel) * PanelBytes);

    /// <summary>Bytes of a coded or bfloat16 panel before some row, its head included where there are any.</summary>
    public readonly long StoredBytes(int row) =>
        row == 0 ? 0
        : IsCoded ? CodedPanel.Bytes(row, IsBFloat16)
        : row * (long)PanelColumns * sizeof(ushort);

    public static int CeilingDivide(int x, int y) => (int)(((long)x + y - 1) / y);
}
