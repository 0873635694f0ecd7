// Elementwise operations: functions of one tensor, arithmetic on two with NumPy's broadcasting, arithmetic with a number.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal static partial class Ops
{
    /// <summary>y = op(x).</summary>
    public static Tensor Unary(UnaryOp op, Tensor x)
    {
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape);
        Elementwise.Unary(Compute.Current, op, x.Data, y.Data);
        if (tape is not null)
        {
            tape.Record(Op.Unary, y, x).Unary = op;
        }

        return Tape.Observe(Op.Unary, y, op);
    }

    /// <summary>y = a op b, each broadcast to the common shape.</summary>
    public static Tensor Binary(Op op, Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        Shape shape = a.Shape == b.Shape ? a.Shape : Broadcasting.Common(op, a.Shape, b.Shape);
        Tape? tape = Tape.For(a, b);
        Tensor y = Tape.NewResult(shape);
        Arithmetic(op, shape, a.Data, a.Shape, b.Data, b.Shape, y.Data);
        tape?.Record(op, y, a, b);
        return Tape.Observe(op, y);
    }

    /// <summary>y = x + addend.</summary>
    public static Tensor AddScalar(Tensor x, float addend)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape);
        Elementwise.AddScalar(Compute.Current, x.Data, addend, y.Data);
        tape?.Record(Op.AddScalar, y, x);
        return Tape.Observe(Op.AddScalar, y);
    }

    /// <summary>y = x * factor.</summary>
    public static Tensor MultiplyScalar(Tensor x, float factor)
    {
        ArgumentNullException.ThrowIfNull(x);
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape);
        Elementwise.Scale(Compute.Current, x.Data, factor, y.Data);
        if (tape is not null)
        {
            tape.Record(Op.MultiplyScalar, y, x).Scalar = factor;
        }

        return Tape.Observe(Op.MultiplyScalar, y);
    }

    /// <summary>y = x * scale where the site keeps the element, else +0; x is [sequences, ...].</summary>
    public static Tensor Dropout(Tensor x, in DropoutSite site, int sequences)
    {
        Tape? tape = Tape.For(x);
        Tensor y = Tape.NewResult(x.Shape);
        Numerics.Kernels.Dropout.Forward(Compute.Current, site, sequences, x.Data, y.Data);
        if (tape is not null)
        {
            Node node = tape.Record(Op.Dropout, y, x);
            node.Dropout = site;
            node.First = sequences;
        }

        return Tape.Observe(Op.Dropout, y);
    }

    /// <summary>y = a op b on spans, broadcast where the shapes differ.</summary>
    public static void Arithmetic(Op op, Shape shape, ReadOnlySpan<float> a, Shape shapeA, ReadOnlySpan<float> b, Shape shapeB, Span<float> y)
    {
        BinaryOp kernel = op switch
        {
            Op.Add => BinaryOp.Add,
            Op.Subtract => BinaryOp.Subtract,
            Op.Multiply => BinaryOp.Multiply,
            Op.Divide => BinaryOp.Divide,
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "not arithmetic on two tensors"),
        };
        if (shapeA == shapeB)
        {
            Elementwise.Binary(Compute.Current, kernel, a, b, y);
            return;
        }

        Span<int> stridesA = stackalloc int[Shape.RankMax], stridesB = stackalloc int[Shape.RankMax];
        stridesA = Broadcasting.Strides(shapeA, shape, stridesA);
        stridesB = Broadcasting.Strides(shapeB, shape, stridesB);
        Elementwise.BinaryBroadcast(Compute.Current, kernel, shape.Span, a, stridesA, b, stridesB, y);
    }
}
