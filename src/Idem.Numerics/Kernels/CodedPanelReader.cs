// Goes down a coded panel and puts exceptions in their places.

namespace Idem.Numerics.Kernels;

/// <summary>Reads a coded panel from some row on, downwards.</summary>
internal unsafe struct CodedPanelReader
{
    private readonly int _unitBytes;
    private int _row, _exception, _exceptionPlace;

    /// <param name="panel">The panel.</param>
    /// <param name="isBFloat16">What it stores.</param>
    /// <param name="row">The first row to read; even.</param>
    public CodedPanelReader(byte* panel, bool isBFloat16, int row)
    {
        Head = (CodedHead*)panel;
        _unitBytes = CodedPanel.UnitBytes(isBFloat16);
        Unit = panel + CodedPanel.HeadBytes + (row / CodedPanel.UnitRows * (long)_unitBytes);
        _row = row;
        _exception = CodedPanel.FirstException(Head, row * MatMulPlan.PanelColumns);
        FindException();
    }

    /// <summary>The panel's head.</summary>
    public CodedHead* Head { get; }

    /// <summary>Where the next rows are.</summary>
    public byte* Unit { get; private set; }

    /// <summary>How many units follow without an exception.</summary>
    public readonly int PlainUnits => (_exceptionPlace - (_row * MatMulPlan.PanelColumns)) / (CodedPanel.UnitRows * MatMulPlan.PanelColumns);

    /// <summary>Passes over such units.</summary>
    public void Skip(int units)
    {
        Unit += units * (long)_unitBytes;
        _row += units * CodedPanel.UnitRows;
    }

    /// <summary>The next rows, 32 values each; of an odd number of them, which only the last may be, one more is overwritten.</summary>
    public void Read<TWeight>(int count, float* rows)
        where TWeight : struct, IWeightFormat
    {
        int units = MatMulPlan.CeilingDivide(count, CodedPanel.UnitRows);
        CodedPanel.Unpack<TWeight>(Head, Unit, units, rows);
        Unit += units * (long)_unitBytes;
        int first = _row * MatMulPlan.PanelColumns;
        _row += count;
        while (_exceptionPlace < _row * MatMulPlan.PanelColumns)
        {
            rows[_exceptionPlace - first] = Head->Exceptions[_exception].Value;
            _exception++;
            FindException();
        }
    }

    private void FindException() => _exceptionPlace = _exception < Head->ExceptionCount ? Head->Exceptions[_exception].Place : int.MaxValue;
}
