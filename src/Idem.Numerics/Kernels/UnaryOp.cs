namespace Idem.Numerics.Kernels;

/// <summary>Functions of one float32; formulas, steps and derivatives: docs/arithmetic.md.</summary>
public enum UnaryOp
{
    /// <summary>-x: flips the sign.</summary>
    Negate,

    /// <summary>|x|: clears the sign.</summary>
    Abs,

    /// <summary>x*x.</summary>
    Square,

    /// <summary>1/x, IEEE division.</summary>
    Reciprocal,

    /// <summary>IEEE square root.</summary>
    Sqrt,

    /// <summary>1/sqrt(x), correctly rounded.</summary>
    Rsqrt,

    /// <summary>e^x, correctly rounded.</summary>
    Exp,

    /// <summary>e^x-1, correctly rounded.</summary>
    Expm1,

    /// <summary>Natural logarithm, correctly rounded.</summary>
    Log,

    /// <summary>log(1+x), correctly rounded.</summary>
    Log1p,

    /// <summary>Logarithm to base 2, correctly rounded.</summary>
    Log2,

    /// <summary>Hyperbolic tangent, correctly rounded.</summary>
    Tanh,

    /// <summary>1/(1+e^-x), correctly rounded.</summary>
    Sigmoid,

    /// <summary>The error function, correctly rounded.</summary>
    Erf,

    /// <summary>Sine, correctly rounded.</summary>
    Sin,

    /// <summary>Cosine, correctly rounded.</summary>
    Cos,

    /// <summary>max(x, +0).</summary>
    Relu,

    /// <summary>x*sigmoid(x), spelled out.</summary>
    Silu,

    /// <summary>GELU with the error function, spelled out.</summary>
    Gelu,

    /// <summary>GELU in the tanh form, spelled out.</summary>
    GeluTanh,
}

/// <summary>IEEE-754 operations on two float32.</summary>
public enum BinaryOp
{
    /// <summary>a+b.</summary>
    Add,

    /// <summary>a-b.</summary>
    Subtract,

    /// <summary>a*b.</summary>
    Multiply,

    /// <summary>a/b.</summary>
    Divide,
}
