// A tile of attention: as many neighbouring queries of one head as fit two vectors. Scores are held with a key a row and a query a
// lane, so that every reduction over keys or over the head runs down the rows, in its order, with no lane ever meeting another.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>Which queries a tile holds and which keys each of them sees.</summary>
internal unsafe struct AttentionTile
{
    /// <summary>Absolute position of lane 0; a multiple of the tile's width, so that no tile straddles a leaf of queries.</summary>
    public int Position;

    /// <summary>Lanes that hold a query: from Low to High, exclusive. Others compute what nobody reads.</summary>
    public int Low, High;

    /// <summary>The keys that some query sees.</summary>
    public int KeyFirst, KeyEnd;

    private readonly float* _laneIndices;
    private int _window;

    /// <summary>A tile that keeps what it knows of its lanes in memory for thrice its width.</summary>
    public AttentionTile(int* bounds, int width)
    {
        First = bounds;
        End = bounds + width;
        _laneIndices = (float*)(bounds + (2 * width));
        for (int lane = 0; lane < width; lane++)
        {
            _laneIndices[lane] = lane;
        }
    }

    /// <summary>For each lane that holds a query the keys it sees.</summary>
    public readonly int* First { get; }

    /// <summary>One past the keys that each lane sees.</summary>
    public readonly int* End { get; }

    /// <summary>Sets up tile number <paramref name="index"/> of a head.</summary>
    public void Place(in AttentionShape shape, int width, int index)
    {
        Position = (shape.QueryOffset / width * width) + (index * width);
        _window = shape.Window;
        int row = Position - shape.QueryOffset;
        Low = Math.Max(0, -row);
        High = Math.Min(width, shape.QueryCount - row);
        for (int lane = Low; lane < High; lane++)
        {
            First[lane] = shape.FirstKey(row + lane);
            End[lane] = shape.EndKey(row + lane);
        }

        KeyFirst = First[Low];
        KeyEnd = End[High - 1];
    }

    /// <summary>The number of tiles of a head.</summary>
    public static int Count(in AttentionShape shape, int width) =>
        shape.QueryCount == 0 ? 0 : ((shape.QueryOffset + shape.QueryCount - 1) / width) - (shape.QueryOffset / width) + 1;

    /// <summary>What the queries in lanes <paramref name="lane"/> to lane+<paramref name="count"/> see.</summary>
    public readonly AttentionSpan Span(int lane, int count)
    {
        int low = Math.Max(Low, lane), high = Math.Min(High, lane + count);
        return low < high ? new AttentionSpan(First[low], End[high - 1], First[high - 1], End[low]) : default;
    }

    /// <summary>The mask of the lanes from <paramref name="at"/> whose queries see a key of a causal attention.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly F Sees<S, F, D>(int key, int at)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F lane = S.Load(_laneIndices + at), before = S.LessThan(lane, S.Create((float)(key - Position)));
        return S.AndNot(S.LessThan(lane, S.Create(_window == 0 ? float.PositiveInfinity : (float)((long)key - Position + _window))), before);
    }
}

/// <summary>A range of keys that some of a number of neighbouring queries see, and the range, maybe empty, that all of them see.</summary>
internal readonly record struct AttentionSpan(int First, int End, int AllFirst, int AllEnd)
{
    /// <summary>Whether every query sees a key of this range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsSeenByAll(int key) => key >= AllFirst && key < AllEnd;
}
