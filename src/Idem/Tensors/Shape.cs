// The dimensions of a tensor, outermost first, as a value: no allocation per operation, hence at most eight dimensions.
// What this deliberately is not: a layout. Every tensor is row-major and contiguous.

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Idem.Tensors;

/// <summary>Dimensions of a row-major tensor, outermost first; <c>[]</c> is a scalar. Written as <c>[2, 3]</c>.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>The most dimensions a tensor may have.</summary>
    public const int RankMax = 8;

    private readonly Dimensions _dimensions;
    private readonly byte _rank;
    private readonly int _lengthLessOne; // so that default(Shape) is the scalar's

    /// <summary>A shape of the given dimensions.</summary>
    /// <exception cref="ShapeException">Too many dimensions, a negative one, or more than 2^31-1 elements.</exception>
    public Shape(params ReadOnlySpan<int> dimensions)
    {
        if (dimensions.Length > RankMax)
        {
            throw new ShapeException($"A tensor has at most {RankMax} dimensions, not {dimensions.Length}; merge some with Reshape.");
        }

        long length = 1;
        for (int i = 0; i < dimensions.Length; i++)
        {
            if (dimensions[i] < 0)
            {
                throw new ShapeException($"Dimension {i} is {dimensions[i]}; dimensions are not negative.");
            }

            length = checked(length * dimensions[i]);
            _dimensions[i] = dimensions[i];
        }

        if (length > int.MaxValue)
        {
            throw new ShapeException($"A tensor holds at most 2^31-1 elements, not {length}; split it.");
        }

        _rank = (byte)dimensions.Length;
        _lengthLessOne = (int)length - 1;
    }

    /// <summary>Number of dimensions.</summary>
    public int Rank => _rank;

    /// <summary>Number of elements: the product of the dimensions, 1 for a scalar.</summary>
    public int Length => _lengthLessOne + 1;

    /// <summary>The size of a dimension; negative indices count from the last one.</summary>
    public int this[int dimension]
    {
        get
        {
            int index = dimension < 0 ? dimension + _rank : dimension;
            return (uint)index < _rank
                ? _dimensions[index]
                : throw new ShapeException($"Dimension {dimension} does not exist in shape {this}.");
        }
    }

    /// <summary>The dimensions.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> Span => ((ReadOnlySpan<int>)_dimensions)[.._rank];

    /// <summary>For collection expressions.</summary>
    public static Shape Create(ReadOnlySpan<int> dimensions) => new(dimensions);

    /// <summary>The dimensions in order.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Span.GetEnumerator();

    /// <summary>The dimensions as a new array.</summary>
    public int[] ToArray() => Span.ToArray();

    /// <summary>Row-major strides, in elements.</summary>
    internal void Strides(Span<int> strides)
    {
        int stride = 1;
        for (int i = _rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= _dimensions[i];
        }
    }

    /// <summary>This shape with one dimension replaced.</summary>
    internal Shape With(int dimension, int size)
    {
        Span<int> dimensions = stackalloc int[_rank];
        Span.CopyTo(dimensions);
        dimensions[dimension] = size;
        return new Shape(dimensions);
    }

    /// <summary>Same rank and dimensions.</summary>
    public bool Equals(Shape other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = _rank;
        foreach (int dimension in Span)
        {
            hash = unchecked((hash * 31) + dimension);
        }

        return hash;
    }

    /// <summary>The dimensions as <c>[2, 3]</c>.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder("[");
        for (int i = 0; i < _rank; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(_dimensions[i].ToString(CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }

    /// <summary>Same rank and dimensions.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Another rank or dimension.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    [InlineArray(RankMax)]
    private struct Dimensions
    {
        private int _first;
    }
}
