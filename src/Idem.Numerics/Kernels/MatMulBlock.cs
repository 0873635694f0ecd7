// What one task of a product works on, and its parts of the thread's scratch memory.

using System.Runtime.CompilerServices;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>A block of rows by some panels, and the panels of b that are at hand.</summary>
internal unsafe struct MatMulBlock
{
    /// <summary>Of c.</summary>
    public readonly int FirstRow, Rows, FirstPanel, Panels;

    /// <summary>Sums between the leaves of a run, and those that outlive it.</summary>
    public readonly float* InnerLevels, OuterLevels;

    /// <summary>What comes after the panels at work needs of b.</summary>
    public LinesAhead Ahead;

    private readonly float* _edgeBias, _packed, _tiles;

    private byte* _panels;
    private nint _panelStride;
    private int _count;

    /// <summary>Takes the scratch memory of this thread.</summary>
    public MatMulBlock(MatMulPlan* plan, int task)
    {
        int group = task / plan->RowBlocks, rowBlock = task % plan->RowBlocks;
        FirstRow = rowBlock * plan->BlockRows;
        Rows = Math.Min(plan->BlockRows, plan->M - FirstRow);
        FirstPanel = plan->FirstPanel(group);
        Panels = plan->FirstPanel(group + 1) - FirstPanel;
        nint tileFloats = plan->TileRows * MatMulPlan.PanelColumns;
        nint inner = plan->RunLevels * tileFloats;
        nint outer = plan->OuterLevels * plan->TilesPerBlock * tileFloats * Panels;
        nint packed = plan->PanelsTogether * (nint)plan->RunFloats;
        nint tiles = plan->PanelsTogether * plan->PlaceRows * (nint)MatMulPlan.PanelColumns;
        _packed = Scratch.Rent(packed + tiles + MatMulPlan.PanelColumns + inner + outer);
        _tiles = _packed + packed;
        _edgeBias = _tiles + tiles;
        InnerLevels = _edgeBias + MatMulPlan.PanelColumns;
        OuterLevels = InnerLevels + inner;
    }

    /// <summary>The first leaf of the run at work.</summary>
    public int FirstLeaf { get; private set; }

    /// <summary>Behind the last leaf of the run.</summary>
    public int EndLeaf { get; private set; }

    /// <summary>Behind the last panel at work.</summary>
    public int EndPanel { get; private set; }

    /// <summary>Whether the first tile of rows packs what it reads of b.</summary>
    public bool PacksInTile { get; private set; }

    /// <summary>Where the run of leaves of a panel at work stands packed, or is to be packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte* PanelOfRun(int panel) => _panels + ((panel - (EndPanel - _count)) * _panelStride);

    /// <summary>Tiles of a panel at work that cannot be stored where they belong.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float* TileOf(MatMulPlan* plan, int panel) => _tiles + ((panel - (EndPanel - _count)) * plan->PlaceRows * MatMulPlan.PanelColumns);

    /// <summary>Turns to the leaves of a run in the panels from <paramref name="first"/>.</summary>
    public void Turn(MatMulPlan* plan, int firstLeaf, int endLeaf, int first)
    {
        FirstLeaf = firstLeaf;
        EndLeaf = endLeaf;
        _count = Math.Min(plan->PanelsTogether, Panels - first);
        EndPanel = first + _count;
        int firstK = firstLeaf * ChainTree.Leaf;
        int depth = DepthOf(plan, firstLeaf, endLeaf);
        int steps = MatMulPlan.CeilingDivide(Rows, plan->TileRows) * _count * (endLeaf - firstLeaf);

        // What comes next: more panels, or the next run of the first ones.
        int nextPanel = EndPanel < Panels ? EndPanel : 0;
        int nextLeaf = nextPanel > 0 ? firstLeaf : endLeaf;
        int nextDepth = nextPanel > 0 ? depth : DepthOf(plan, endLeaf, Math.Min((2 * endLeaf) - firstLeaf, plan->LeafCount));
        int nextCount = nextDepth > 0 ? Math.Min(plan->PanelsTogether, Panels - nextPanel) : 0;
        nint nextK = nextLeaf * ChainTree.Leaf;
        nextPanel += FirstPanel;
        if (plan->Packed != null && !plan->IsBFloat16 && !plan->IsCoded)
        {
            const int RowBytes = MatMulPlan.PanelColumns * sizeof(float);
            PacksInTile = false;
            _panels = plan->Packed + ((FirstPanel + first) * plan->PanelBytes) + ((nint)firstK * RowBytes);
            _panelStride = (nint)plan->PanelBytes;
            Ahead = new LinesAhead(plan->Packed + (nextPanel * plan->PanelBytes) + (nextK * RowBytes), RowBytes, nextDepth, _panelStride, nextCount, steps);
            return;
        }

        PacksInTile = plan->Packed == null && !plan->TransposeB;
        _panels = (byte*)_packed;
        _panelStride = (nint)plan->RunFloats * sizeof(float);
        if (plan->IsCoded)
        {
            plan->Unpack(FirstPanel + first, firstK, depth, (float*)_panels, (nint)plan->RunFloats);
        }

        for (int i = 0; i < _count && !plan->IsCoded; i++)
        {
            int panel = FirstPanel + first + i;
            if (!PacksInTile || plan->ColumnsOfPanel(panel) < MatMulPlan.PanelColumns)
            {
                plan->Pack(panel, firstK, depth, (float*)(_panels + (i * _panelStride)));
            }
        }

        if (plan->Packed != null)
        {
            const int PieceBytes = 128; // two cache lines, see TileAhead
            long before = plan->StoredBytes((int)nextK), bytes = plan->StoredBytes((int)nextK + nextDepth) - before;
            int pieces = nextCount > 0 ? (int)(bytes / PieceBytes) : 0;
            Ahead = new LinesAhead(plan->StoredPanel(nextPanel) + before, PieceBytes, pieces, 0, Math.Min(pieces, 1), steps);
            return;
        }

        byte* source = (byte*)(plan->B + (nextK * plan->Ldb) + (nextPanel * MatMulPlan.PanelColumns));
        Ahead = new LinesAhead(source, plan->Ldb * sizeof(float), nextDepth, MatMulPlan.PanelColumns * sizeof(float), PacksInTile ? nextCount : 0, steps);
    }

    private static int DepthOf(MatMulPlan* plan, int firstLeaf, int endLeaf) =>
        Math.Min(plan->K, endLeaf * ChainTree.Leaf) - Math.Min(plan->K, firstLeaf * ChainTree.Leaf);

    /// <summary>The bias values of a panel, where a whole panel's width may be read; null without bias, or of a transposed product.</summary>
    public readonly float* BiasOf(MatMulPlan* plan, int firstColumn, int columns)
    {
        if (plan->Bias == null || plan->TransposeC)
        {
            return null;
        }

        if (columns == MatMulPlan.PanelColumns)
        {
            return plan->Bias + firstColumn;
        }

        MatMulPacking.Copy(plan->Bias + firstColumn, 0, 1, columns, MatMulPlan.PanelColumns, _edgeBias, 0);
        return _edgeBias;
    }
}

/// <summary>What a tile asks for while it computes: pieces of two cache lines of b and c, and a line of each row of a, every <see cref="Depth"/> steps of k.</summary>
internal unsafe struct TileAhead
{
    /// <summary>Of b, what the next panels need; and where the tile's results go.</summary>
    public byte* B, C;

    /// <summary>Bytes from one piece to the next.</summary>
    public nint BStride, CStride;

    /// <summary>Bytes from an element of a to the one that the next tile of rows needs in its place; 0 if that is near.</summary>
    public nint A;

    /// <summary>Steps of k between pieces.</summary>
    public int Depth;
}

/// <summary>What the next panels need of b: rows of some columns of two cache lines, asked for in as many steps as there are tiles before them.</summary>
internal unsafe struct LinesAhead(byte* start, nint rowStride, int rows, nint columnStride, int columns, int steps)
{
    /// <summary>Steps of k between pieces: the elements of a cache line.</summary>
    private const int PieceDepth = 16;

    private readonly int _rowsPerStep = Math.Max(MatMulPlan.CeilingDivide(rows * columns, Math.Max(steps, 1)), 1);

    private int _row, _column;

    /// <summary>The share of a tile of some depth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TileAhead Take(int depth)
    {
        TileAhead ahead = new() { Depth = PieceDepth };
        if (_column >= columns)
        {
            return ahead;
        }

        ahead.B = start + (_row * rowStride) + (_column * columnStride);
        ahead.BStride = rowStride;
        ahead.Depth = Math.Max(Math.Min(PieceDepth, depth / _rowsPerStep), 1);
        _row += _rowsPerStep;
        if (_row >= rows)
        {
            _row = 0;
            _column++;
        }

        return ahead;
    }
}
