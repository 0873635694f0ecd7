// Makes coded panels. Which upper bytes get a name: the most frequent sixteen of the panel, the smaller byte first among equals.

using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

/// <summary>Writes panels of <see cref="CodedPanel"/>.</summary>
internal static unsafe class CodedPanelWriter
{
    private const int ByteValues = 256;
    private const int CountersSideBySide = 4; // since neighbours are often equal
    private const byte Nameless = 0xFF;

    /// <summary>Codes a panel. The values that its table lacks are returned, by ascending place, or null if there are none; the head does not list them yet.</summary>
    /// <param name="values">[rows, 64].</param>
    /// <param name="rows">How many.</param>
    /// <param name="isBFloat16">Whether all values are bfloat16: then their lower halves are not stored.</param>
    /// <param name="panel">Where it goes.</param>
    public static List<CodedException>? Write(float* values, int rows, bool isBFloat16, byte* panel)
    {
        CodedHead* head = CodedPanel.Begin(panel);
        byte* names = stackalloc byte[ByteValues];
        Name(values, (long)rows * CodedPanel.Columns, head, names);
        List<CodedException>? exceptions = null;
        byte* unit = panel + CodedPanel.HeadBytes;
        for (int row = 0; row < rows; row++, unit += CodedPanel.UnitBytes(isBFloat16))
        {
            float* from = values + (row * (long)CodedPanel.Columns);
            if (!WriteUnit(from, names, isBFloat16, unit))
            {
                Except(from, row, names, exceptions ??= []);
            }
        }

        return exceptions;
    }

    // names[b] is the place of upper byte b in the table, or Nameless.
    private static void Name(float* values, long count, CodedHead* head, byte* names)
    {
        int* counts = stackalloc int[CountersSideBySide * ByteValues];
        new Span<int>(counts, CountersSideBySide * ByteValues).Clear();
        for (long i = 0; i < count; i += CountersSideBySide)
        {
            byte* upper = (byte*)(values + i) + 3;
            counts[upper[0]]++;
            counts[ByteValues + upper[4]]++;
            counts[(2 * ByteValues) + upper[8]]++;
            counts[(3 * ByteValues) + upper[12]]++;
        }

        new Span<byte>(names, ByteValues).Fill(Nameless);
        for (int b = 0; b < ByteValues; b++)
        {
            counts[b] += counts[ByteValues + b] + counts[(2 * ByteValues) + b] + counts[(3 * ByteValues) + b];
        }

        for (int name = 0; name < CodedPanel.TableBytes; name++)
        {
            int most = new Span<int>(counts, ByteValues).IndexOf(MaxOf(counts));
            if (counts[most] > 0)
            {
                head->Table[name] = (byte)most;
                names[most] = (byte)name;
                counts[most] = 0;
            }
        }
    }

    private static int MaxOf(int* counts)
    {
        int max = counts[0];
        for (int b = 1; b < ByteValues; b++)
        {
            max = Math.Max(max, counts[b]);
        }

        return max;
    }

    // False if a value has no name; another is written in its place.
    private static bool WriteUnit(float* values, byte* names, bool isBFloat16, byte* unit)
    {
        byte missing = 0;
        byte* named = stackalloc byte[CodedPanel.Lanes * CodedPanel.LaneBytes];
        for (int lane = 0; lane < CodedPanel.Lanes; lane++)
        {
            uint* from = (uint*)values + (lane * CodedPanel.QuarterColumns);
            Vector128<uint> x0 = Vector128.Load(from), x1 = Vector128.Load(from + 16), x2 = Vector128.Load(from + 32), x3 = Vector128.Load(from + 48);
            Vector128<ushort> high01, high23;
            byte* to = unit + (lane * CodedPanel.LaneBytes);
            if (isBFloat16)
            {
                high01 = ((x0 >> 16) | (x1 & Vector128.Create(CodedPanel.UpperHalf))).AsUInt16();
                high23 = ((x2 >> 16) | (x3 & Vector128.Create(CodedPanel.UpperHalf))).AsUInt16();
            }
            else
            {
                high01 = Vector128.Narrow(x0 >> 16, x1 >> 16);
                high23 = Vector128.Narrow(x2 >> 16, x3 >> 16);
                Vector128<uint> lower = Vector128.Create(0xFFFFu);
                Vector128.Store(Vector128.Narrow(x0 & lower, x1 & lower), (ushort*)(to + CodedPanel.LowAt));
                Vector128.Store(Vector128.Narrow(x2 & lower, x3 & lower), (ushort*)(to + CodedPanel.LowAt + CodedPanel.LowBytes));
            }

            Vector128.Store(Vector128.Narrow(high01 & Vector128.Create((ushort)0xFF), high23 & Vector128.Create((ushort)0xFF)), to + CodedPanel.MiddleAt);
            byte* upper = named + (lane * CodedPanel.LaneBytes);
            Vector128.Store(Vector128.Narrow(high01 >> 8, high23 >> 8), upper);
            for (int i = 0; i < CodedPanel.LaneBytes; i++)
            {
                upper[i] = names[upper[i]];
                missing |= upper[i];
            }
        }

        for (int i = 0; i < CodedPanel.MiddleAt; i++)
        {
            unit[i] = (byte)((named[i] & 0x0F) | (named[CodedPanel.MiddleAt + i] << 4));
        }

        return missing < CodedPanel.TableBytes;
    }

    private static void Except(float* values, int row, byte* names, List<CodedException> exceptions)
    {
        for (int i = 0; i < CodedPanel.Columns; i++)
        {
            if (names[BitConverter.SingleToUInt32Bits(values[i]) >> 24] == Nameless)
            {
                exceptions.Add(new CodedException((row * CodedPanel.Columns) + i, values[i]));
            }
        }
    }
}
