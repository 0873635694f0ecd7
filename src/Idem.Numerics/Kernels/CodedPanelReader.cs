// Goes down a coded panel and puts exceptions in their places.

namespace Idem.Numerics.Kernels;

/// <summary>Reads a coded panel from some row on, downwards.</summary>
internal unsafe struct CodedPanelReader
{
    /// <param name="panel">The panel.</param>
    /// <param name="isBFloat16">What it stores.</param>
    /// <param name="row">The first row to read.</param>
    public CodedPanelReader(byte* panel, bool isBFloat16, int row)
    {
        Head = (CodedHead*)panel;
        Unit = panel + CodedPanel.HeadBytes + (row * (long)CodedPanel.UnitBytes(isBFloat16));
        Place = row * CodedPanel.Columns;
        Exception = Head->Exceptions + CodedPanel.FirstException(Head, Place);
    }

    /// <summary>The panel's head.</summary>
    public CodedHead* Head { get; }

    /// <summary>Where the next row is.</summary>
    public byte* Unit { get; set; }

    /// <summary>The place of its first value.</summary>
    public int Place { get; set; }

    /// <summary>The first exception from there on.</summary>
    public CodedException* Exception { get; set; }

    /// <summary>The next rows, where <see cref="CodedPanel.Unpack"/> puts them.</summary>
    public void Read<TWeight>(int count, float* lower, float* upper, nint step)
        where TWeight : struct, IWeightFormat
    {
        CodedPanel.Unpack<TWeight>(Head, Unit, count, lower, upper, step);
        int end = Place + (count * CodedPanel.Columns);
        for (; Exception->Place < end; Exception++)
        {
            int row = (Exception->Place - Place) / CodedPanel.Columns, column = Exception->Place % CodedPanel.Columns;
            float* half = column < CodedPanel.Columns / 2 ? lower : upper;
            half[(row * step) + (column % (CodedPanel.Columns / 2))] = Exception->Value;
        }

        Place = end;
        Unit += count * (long)CodedPanel.UnitBytes(CodedPanel.IsBFloat16<TWeight>());
    }
}
