// NumPy's broadcasting: shapes are aligned at their last dimension, and a dimension of 1 (or none) repeats.

namespace Idem.Tensors;

internal static class Broadcasting
{
    /// <summary>The shape both can be repeated to.</summary>
    /// <exception cref="ShapeException">There is none.</exception>
    public static Shape Common(Op op, Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> dimensions = stackalloc int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int sizeA = i <= a.Rank ? a[-i] : 1, sizeB = i <= b.Rank ? b[-i] : 1;
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
            {
                throw ShapeException.Two(
                    op.ToString(), a, b, $"aligned at the last dimension, {sizeA} and {sizeB} must be equal or one of them 1 (Reshape or Transpose first)");
            }

            dimensions[rank - i] = sizeA == 1 ? sizeB : sizeA;
        }

        return new Shape(dimensions);
    }

    /// <summary>Strides that read <paramref name="shape"/> as if it were <paramref name="target"/>: 0 where it repeats.</summary>
    public static Span<int> Strides(Shape shape, Shape target, Span<int> buffer)
    {
        Span<int> strides = buffer[..target.Rank];
        strides.Clear();
        int missing = target.Rank - shape.Rank;
        shape.Strides(strides[missing..]);
        for (int i = 0; i < shape.Rank; i++)
        {
            if (shape[i] == 1)
            {
                strides[missing + i] = 0;
            }
        }

        return strides;
    }
}
