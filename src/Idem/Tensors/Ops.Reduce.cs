// Sums, means and what normalises over the last dimension.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>The sum of all elements: lanes in double, one rounding.</summary>
    public static Tensor Sum(Tensor x)
    {
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult([]);
        y.Data[0] = Average.Total(x.Data);
        tape?.Record(Op.Sum, y, x);
        return Tape.Observe(Op.Sum, y);
    }

    /// <summary>The sum of all elements divided by <paramref name="count"/>: lanes in double, one rounding.</summary>
    public static Tensor Mean(Tensor x, int count)
    {
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult([]);
        y.Data[0] = Average.Mean(x.Data, count);
        if (tape is not null)
        {
            tape.Record(Op.Mean, y, x).First = count;
        }

        return Tape.Observe(Op.Mean, y);
    }

    /// <summary>Sums along one dimension, kept as 1: lanes along the last, the chain-tree along others.</summary>
    public static Tensor Sum(Tensor x, int dimension)
    {
        int axis = Axis("Sum", x.Shape, dimension);
        Tape? tape = Tape.For(x);
        Shape shape = x.Shape.With(axis, 1);
        Tensor y = Tape.NewResult(shape);
        if (axis == x.Rank - 1)
        {
            Reduce.SumRows(Compute.Current, y.Length, x.Shape[axis], x.Data, y.Data);
        }
        else
        {
            SumToShape(x.Shape, x.Data, shape, y.Data);
        }

        tape?.Record(Op.Sum, y, x);
        return Tape.Observe(Op.Sum, y);
    }

    /// <summary>y = x summed over the dimensions in which <paramref name="target"/> was repeated.</summary>
    public static void SumToShape(Shape shape, ReadOnlySpan<float> x, Shape target, Span<float> y)
    {
        Span<int> strides = stackalloc int[Shape.RankMax];
        Reduce.SumToShape(Compute.Current, shape.Span, x, Broadcasting.Strides(target, shape, strides), y);
    }

    /// <summary>y = x repeated to a shape.</summary>
    public static void Repeat(ReadOnlySpan<float> x, Shape from, Shape to, Span<float> y)
    {
        if (from.Length == 1)
        {
            y.Fill(x[0]);
            return;
        }

        // x * 1 is x.
        ReadOnlySpan<float> one = [1f];
        Arithmetic(Op.Multiply, to, x, from, one, [], y);
    }

    /// <summary>Softmax over the last dimension.</summary>
    public static Tensor Softmax(Tensor x, bool log)
    {
        (int rows, int columns) = Rows(log ? "LogSoftmax" : "Softmax", x.Shape);
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape);
        if (log)
        {
            Numerics.Kernels.LogSoftmax.Forward(Compute.Current, rows, columns, x.Data, y.Data);
        }
        else
        {
            Numerics.Kernels.Softmax.Forward(Compute.Current, rows, columns, x.Data, y.Data);
        }

        tape?.Record(log ? Op.LogSoftmax : Op.Softmax, y, x);
        return Tape.Observe(log ? Op.LogSoftmax : Op.Softmax, y);
    }

    /// <summary>A shape as rows of its last dimension.</summary>
    public static (int Rows, int Columns) Rows(string operation, Shape shape)
    {
        if (shape.Rank == 0 || shape[-1] == 0)
        {
            throw ShapeException.One(operation, shape, "it works along a last dimension with elements");
        }

        return (shape.Length / shape[-1], shape[-1]);
    }
}
