// One leaf of a few neighbouring panels of b, packed in pieces: some whole rows across all the panels, or, of a transposed b,
// a cache line of each of a panel's columns. The order of the pieces is the order in which memory is read.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>The packing of one leaf of neighbouring panels, the first at destination, each panelStride floats after the other.</summary>
internal readonly unsafe struct PanelGroup(MatMulPlan* plan, int leaf, int firstPanel, int panels, float* destination, nint panelStride)
{
    private const int PieceRows = 4;

    private const int PieceFloats = 16;

    private readonly int _firstK = leaf * ChainTree.Leaf;

    private readonly int _depth = plan->LeafDepth(leaf);

    private readonly int _piecesOfPanel = MatMulPlan.CeilingDivide(plan->LeafDepth(leaf), PieceFloats);

    /// <summary>How many pieces there are.</summary>
    public int Pieces { get; } = plan->TransposeB
        ? panels * MatMulPlan.CeilingDivide(plan->LeafDepth(leaf), PieceFloats)
        : MatMulPlan.CeilingDivide(plan->LeafDepth(leaf), PieceRows);

    /// <summary>Packs the pieces [piece, end).</summary>
    public void Pack(MatMulPlan* plan, int piece, int end)
    {
        if (plan->TransposeB)
        {
            for (; piece < end; piece++)
            {
                int k = KOf(piece), panel = PanelOf(piece);
                MatMulPacking.Transpose(
                    Source(plan, k, panel), plan->Ldb, Math.Min(PieceFloats, _depth - k), plan->ColumnsOfPanel(firstPanel + panel),
                    Destination(k, panel), MatMulPlan.PanelColumns);
            }

            return;
        }

        int row = piece * PieceRows, rows = Math.Min(end * PieceRows, _depth) - row;
        int full = plan->ColumnsOfPanel(firstPanel + panels - 1) == MatMulPlan.PanelColumns ? panels : panels - 1;
        MatMulPacking.CopyPanels(Source(plan, row, 0), plan->Ldb, rows, full, Destination(row, 0), panelStride);
        if (full < panels)
        {
            MatMulPacking.Copy(
                Source(plan, row, full), plan->Ldb, rows, plan->ColumnsOfPanel(firstPanel + full), MatMulPlan.PanelColumns,
                Destination(row, full), MatMulPlan.PanelColumns);
        }
    }

    /// <summary>Asks for what the pieces [piece, end) read.</summary>
    public void Prefetch(MatMulPlan* plan, int piece, int end)
    {
        if (plan->TransposeB)
        {
            for (; piece < end; piece++)
            {
                int panel = PanelOf(piece);
                MatMulPacking.Prefetch(Source(plan, KOf(piece), panel), plan->Ldb, plan->ColumnsOfPanel(firstPanel + panel), 1);
            }

            return;
        }

        int row = piece * PieceRows, rows = Math.Min(end * PieceRows, _depth) - row;
        int columns = ((panels - 1) * MatMulPlan.PanelColumns) + plan->ColumnsOfPanel(firstPanel + panels - 1);
        MatMulPacking.Prefetch(Source(plan, row, 0), plan->Ldb, rows, columns);
    }

    private int PanelOf(int piece) => piece / _piecesOfPanel;

    private int KOf(int piece) => piece % _piecesOfPanel * PieceFloats;

    private float* Source(MatMulPlan* plan, int k, int panel)
    {
        nint column = (firstPanel + panel) * (nint)MatMulPlan.PanelColumns;
        return plan->TransposeB ? plan->B + (column * plan->Ldb) + _firstK + k : plan->B + ((_firstK + k) * plan->Ldb) + column;
    }

    private float* Destination(int k, int panel) => destination + (panel * panelStride) + (k * MatMulPlan.PanelColumns);
}
