// Rearrangements. Reshape and slices of the first dimension share memory; other slices and Transpose copy.

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>The same elements under another shape; one dimension may be -1 and is inferred.</summary>
    public static Tensor Reshape(Tensor x, ReadOnlySpan<int> dimensions)
    {
        Shape shape = Infer(x.Shape, dimensions);
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewView(x, shape);
        tape?.Record(Op.Reshape, y, x);
        return Tape.Observe(Op.Reshape, y);
    }

    /// <summary>Elements start to start+length-1 of one dimension.</summary>
    public static Tensor Slice(Tensor x, int dimension, int start, int length)
    {
        int axis = Axis("Slice", x.Shape, dimension);
        if (start < 0 || length < 0 || start > x.Shape[axis] - length)
        {
            throw ShapeException.One("Slice", x.Shape, $"dimension {axis} has no elements {start} to {(long)start + length - 1}");
        }

        Tape? tape = Tape.For(x);
        Shape shape = x.Shape.With(axis, length);
        Tensor y;
        if (axis == 0)
        {
            y = Tape.NewView(x, shape, x.Length == 0 ? 0 : start * (x.Length / x.Shape[0]));
        }
        else
        {
            y = Tape.NewResult(shape);
            Blocks blocks = new(x.Shape, axis);
            CopyRows(x.Data[(start * blocks.Inner)..], blocks.Row, y.Data, length * blocks.Inner, length * blocks.Inner, blocks.Outer);
        }

        if (tape is not null)
        {
            Node node = tape.Record(Op.Slice, y, x);
            node.First = axis;
            node.Second = start;
        }

        return Tape.Observe(Op.Slice, y);
    }

    /// <summary>Two dimensions exchanged, by copy.</summary>
    public static Tensor Transpose(Tensor x, int first, int second)
    {
        int a = Axis("Transpose", x.Shape, first), b = Axis("Transpose", x.Shape, second);
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape.With(a, x.Shape[b]).With(b, x.Shape[a]));
        Exchange(x.Shape, x.Data, y.Data, a, b);
        if (tape is not null)
        {
            Node node = tape.Record(Op.Transpose, y, x);
            node.First = a;
            node.Second = b;
        }

        return Tape.Observe(Op.Transpose, y);
    }

    /// <summary>y = x of a shape with dimensions a and b exchanged.</summary>
    public static void Exchange(Shape shape, ReadOnlySpan<float> x, Span<float> y, int a, int b)
    {
        (a, b) = (Math.Min(a, b), Math.Max(a, b));
        if (a == b || x.Length == 0)
        {
            x.CopyTo(y);
            return;
        }

        // Five loops: what lies before a, a, between, b, and after b.
        int outer = 1, middle = 1, inner = 1;
        for (int i = 0; i < shape.Rank; i++)
        {
            outer *= i < a ? shape[i] : 1;
            middle *= i > a && i < b ? shape[i] : 1;
            inner *= i > b ? shape[i] : 1;
        }

        int sizeA = shape[a], sizeB = shape[b];
        for (int o = 0; o < outer; o++)
        {
            for (int j = 0; j < sizeB; j++)
            {
                for (int m = 0; m < middle; m++)
                {
                    for (int i = 0; i < sizeA; i++)
                    {
                        int from = (((((o * sizeA) + i) * middle) + m) * sizeB) + j;
                        int to = (((((o * sizeB) + j) * middle) + m) * sizeA) + i;
                        x.Slice(from * inner, inner).CopyTo(y[(to * inner)..]);
                    }
                }
            }
        }
    }

    /// <summary>Copies <paramref name="count"/> rows of <paramref name="length"/> elements.</summary>
    public static void CopyRows(ReadOnlySpan<float> from, int fromStride, Span<float> to, int toStride, int length, int count)
    {
        for (int i = 0; i < count; i++)
        {
            from.Slice(i * fromStride, length).CopyTo(to[(i * toStride)..]);
        }
    }

    /// <summary>The index of a dimension, negative ones from the end.</summary>
    public static int Axis(string operation, Shape shape, int dimension)
    {
        int axis = dimension < 0 ? dimension + shape.Rank : dimension;
        return (uint)axis < shape.Rank
            ? axis
            : throw ShapeException.One(operation, shape, $"it has no dimension {dimension}");
    }

    private static Shape Infer(Shape from, ReadOnlySpan<int> dimensions)
    {
        Span<int> sizes = stackalloc int[dimensions.Length];
        dimensions.CopyTo(sizes);
        int unknown = sizes.IndexOf(-1);
        if (unknown >= 0)
        {
            sizes[unknown] = 1;
            int known = new Shape(sizes).Length;
            sizes[unknown] = known == 0 ? 0 : from.Length / known;
        }

        Shape shape = new(sizes);
        return shape.Length == from.Length
            ? shape
            : throw ShapeException.Two("Reshape", from, shape, $"{from.Length} elements must stay {from.Length}");
    }

    /// <summary>A shape seen as [outer, size, inner] around one dimension.</summary>
    internal readonly struct Blocks
    {
        public Blocks(Shape shape, int axis)
        {
            Outer = Inner = 1;
            for (int i = 0; i < shape.Rank; i++)
            {
                Outer *= i < axis ? shape[i] : 1;
                Inner *= i > axis ? shape[i] : 1;
            }

            Row = shape[axis] * Inner;
        }

        public int Outer { get; }

        public int Inner { get; }

        /// <summary>Elements of one outer step: size * inner.</summary>
        public int Row { get; }
    }
}
