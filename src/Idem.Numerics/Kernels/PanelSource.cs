// The float32 values of panels, however the matrix is stored. Of a matrix stored as [n, k] a panel is some whole rows, read when it is asked for; of one
// stored as [k, n] it is a piece of every row, so all panels are read at once, slab by slab in the order of the file, and wait in shared scratch memory.

namespace Idem.Numerics.Kernels;

/// <summary>Panels of a stored matrix, [k, columns] each; columns that the matrix lacks are +0.</summary>
internal sealed unsafe class PanelSource
{
    /// <summary>Rows of a matrix stored as [k, n] that one task reads.</summary>
    private const int SlabRows = 32;

    private readonly int _k, _n;
    private readonly WeightReader _read;
    private readonly float* _panels; // null where they are read one by one

    /// <summary>Valid until this thread's next kernel that shares scratch memory.</summary>
    public PanelSource(Compute compute, bool transposed, int k, int n, int columns, WeightReader read)
    {
        _k = k;
        _n = n;
        Columns = columns;
        _read = read;
        if (!transposed)
        {
            _panels = Scratch.RentShared(MatMulPlan.CeilingDivide(n, columns) * PanelFloats);
            compute.For(MatMulPlan.CeilingDivide(k, SlabRows), slab => ReadSlab(slab * SlabRows));
        }
    }

    /// <summary>Columns of a panel.</summary>
    public int Columns { get; }

    private long PanelFloats => _k * (long)Columns;

    /// <summary>A panel's values, the caller's until it asks for another one or uses scratch memory; they may be written to.</summary>
    public float* Read(int panel)
    {
        if (_panels != null)
        {
            return _panels + (panel * PanelFloats);
        }

        int first = panel * Columns, columns = Math.Min(Columns, _n - first);
        float* values = Scratch.Rent(PanelFloats + ((long)columns * _k)), rows = values + PanelFloats;
        _read(first * _k, new Span<float>(rows, columns * _k));
        MatMulPacking.Transpose(rows, _k, _k, columns, values, Columns);
        return values;
    }

    private void ReadSlab(int first)
    {
        int depth = Math.Min(SlabRows, _k - first);
        float* rows = Scratch.Rent((long)depth * _n);
        _read(first * _n, new Span<float>(rows, depth * _n));
        for (int column = 0; column < _n; column += Columns)
        {
            float* to = _panels + (column / Columns * PanelFloats) + (first * (long)Columns);
            MatMulPacking.Copy(rows + column, _n, depth, Math.Min(Columns, _n - column), Columns, to, Columns);
        }
    }
}
