// The operations of a tensor as callers write them. Names and defaults are PyTorch's.

using Idem.Numerics.Kernels;

namespace Idem.Tensors;

public partial class Tensor
{
    /// <summary>a + b, broadcast as NumPy does.</summary>
    public static Tensor operator +(Tensor left, Tensor right) => Ops.Binary(Op.Add, left, right);

    /// <summary>a + number.</summary>
    public static Tensor operator +(Tensor left, float right) => Ops.AddScalar(left, right);

    /// <summary>number + a.</summary>
    public static Tensor operator +(float left, Tensor right) => Ops.AddScalar(right, left);

    /// <summary>a - b, broadcast as NumPy does.</summary>
    public static Tensor operator -(Tensor left, Tensor right) => Ops.Binary(Op.Subtract, left, right);

    /// <summary>a - number.</summary>
    public static Tensor operator -(Tensor left, float right) => Ops.AddScalar(left, -right);

    /// <summary>number - a.</summary>
    public static Tensor operator -(float left, Tensor right) => Ops.AddScalar(-right, left);

    /// <summary>-a: every sign flipped.</summary>
    public static Tensor operator -(Tensor value) => Ops.Unary(UnaryOp.Negate, value);

    /// <summary>a * b, broadcast as NumPy does.</summary>
    public static Tensor operator *(Tensor left, Tensor right) => Ops.Binary(Op.Multiply, left, right);

    /// <summary>a * number.</summary>
    public static Tensor operator *(Tensor left, float right) => Ops.MultiplyScalar(left, right);

    /// <summary>number * a.</summary>
    public static Tensor operator *(float left, Tensor right) => Ops.MultiplyScalar(right, left);

    /// <summary>a / b, broadcast as NumPy does.</summary>
    public static Tensor operator /(Tensor left, Tensor right) => Ops.Binary(Op.Divide, left, right);

    /// <summary>a / number, a division (not a product with the reciprocal).</summary>
    public static Tensor operator /(Tensor left, float right) => Ops.Binary(Op.Divide, left, Scalar(right));

    /// <summary>number / a.</summary>
    public static Tensor operator /(float left, Tensor right) => Ops.Binary(Op.Divide, Scalar(left), right);

    /// <summary>
    /// The matrix product: [..., m, k] x [k, n], or equal leading dimensions on both sides. A flag takes an operand's last two
    /// dimensions as stored swapped, without a copy. Order: <c>arithmetic.md#matrix-multiplication</c>.
    /// </summary>
    public Tensor MatMul(Tensor other, bool transposeThis = false, bool transposeOther = false) => Ops.MatMul(this, other, transposeThis, transposeOther);

    /// <summary>The same elements under another shape, memory shared; one dimension may be -1.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> dimensions) => Ops.Reshape(this, dimensions);

    /// <summary>The same as <see cref="Reshape"/>: every tensor is contiguous.</summary>
    public Tensor View(params ReadOnlySpan<int> dimensions) => Ops.Reshape(this, dimensions);

    /// <summary>Two dimensions exchanged; a copy.</summary>
    public Tensor Transpose(int first = -2, int second = -1) => Ops.Transpose(this, first, second);

    /// <summary>Elements start to start+length-1 of a dimension: shares memory along the first, copies along others.</summary>
    public Tensor Slice(int dimension, int start, int length) => Ops.Slice(this, dimension, start, length);

    /// <summary>The sum of all elements: lanes in double, rounded once.</summary>
    public Tensor Sum() => Ops.Sum(this);

    /// <summary>Sums along a dimension: lanes along the last, the chain-tree along others.</summary>
    public Tensor Sum(int dimension, bool keepDimension = false) => Squeezed(Ops.Sum(this, dimension), dimension, keepDimension);

    /// <summary>The mean of all elements: lanes in double, divided there, rounded once.</summary>
    public Tensor Mean() => Ops.Mean(this, Length);

    /// <summary>Sums along a dimension, divided by its size.</summary>
    public Tensor Mean(int dimension, bool keepDimension = false) =>
        Squeezed(Ops.Sum(this, dimension) / Shape[dimension], dimension, keepDimension);

    /// <summary>Softmax over the last dimension.</summary>
    public Tensor Softmax() => Ops.Softmax(this, log: false);

    /// <summary>Log-softmax over the last dimension.</summary>
    public Tensor LogSoftmax() => Ops.Softmax(this, log: true);

    /// <summary>|x|.</summary>
    public Tensor Abs() => Ops.Unary(UnaryOp.Abs, this);

    /// <summary>x * x.</summary>
    public Tensor Square() => Ops.Unary(UnaryOp.Square, this);

    /// <summary>1 / x.</summary>
    public Tensor Reciprocal() => Ops.Unary(UnaryOp.Reciprocal, this);

    /// <summary>The square root.</summary>
    public Tensor Sqrt() => Ops.Unary(UnaryOp.Sqrt, this);

    /// <summary>1 / sqrt(x), correctly rounded.</summary>
    public Tensor Rsqrt() => Ops.Unary(UnaryOp.Rsqrt, this);

    /// <summary>e^x, correctly rounded.</summary>
    public Tensor Exp() => Ops.Unary(UnaryOp.Exp, this);

    /// <summary>e^x - 1, correctly rounded.</summary>
    public Tensor Expm1() => Ops.Unary(UnaryOp.Expm1, this);

    /// <summary>The natural logarithm, correctly rounded.</summary>
    public Tensor Log() => Ops.Unary(UnaryOp.Log, this);

    /// <summary>log(1 + x), correctly rounded.</summary>
    public Tensor Log1p() => Ops.Unary(UnaryOp.Log1p, this);

    /// <summary>The logarithm to base 2, correctly rounded.</summary>
    public Tensor Log2() => Ops.Unary(UnaryOp.Log2, this);

    /// <summary>The sine, correctly rounded.</summary>
    public Tensor Sin() => Ops.Unary(UnaryOp.Sin, this);

    /// <summary>The cosine, correctly rounded.</summary>
    public Tensor Cos() => Ops.Unary(UnaryOp.Cos, this);

    /// <summary>The error function, correctly rounded.</summary>
    public Tensor Erf() => Ops.Unary(UnaryOp.Erf, this);

    /// <summary>The hyperbolic tangent, correctly rounded.</summary>
    public Tensor Tanh() => Ops.Unary(UnaryOp.Tanh, this);

    /// <summary>1 / (1 + e^-x), correctly rounded.</summary>
    public Tensor Sigmoid() => Ops.Unary(UnaryOp.Sigmoid, this);

    /// <summary>max(x, +0).</summary>
    public Tensor Relu() => Ops.Unary(UnaryOp.Relu, this);

    /// <summary>x * sigmoid(x).</summary>
    public Tensor Silu() => Ops.Unary(UnaryOp.Silu, this);

    /// <summary>GELU: with the error function, or in its tanh form.</summary>
    public Tensor Gelu(bool tanh = false) => Ops.Unary(tanh ? UnaryOp.GeluTanh : UnaryOp.Gelu, this);

    private static Tensor Squeezed(Tensor kept, int dimension, bool keepDimension)
    {
        if (keepDimension)
        {
            return kept;
        }

        int axis = dimension < 0 ? dimension + kept.Rank : dimension;
        Span<int> dimensions = stackalloc int[kept.Rank - 1];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = kept.Shape[i < axis ? i : i + 1];
        }

        return Ops.Reshape(kept, dimensions);
    }
}
