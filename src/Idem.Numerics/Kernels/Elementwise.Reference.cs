// Elementwise functions and their derivatives, one IEEE operation at a time. This file DEFINES the bits.
// What it refuses to do: vectors, threads, tables. The functions named Float32.X are correctly rounded, each + - * / sqrt and
// fma below rounds once, and nothing else happens.

using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

public static partial class Elementwise
{
    /// <summary>sqrt(2/pi)*2, to float32.</summary>
    internal const float GeluTanhScale = 1.5957691216f;

    /// <summary>The cubic coefficient of the tanh form.</summary>
    internal const float GeluTanhCubic = 0.044715f;

    /// <summary>1/sqrt(2), to float32.</summary>
    internal const float InverseSqrt2 = 0.70710678118654752f;

    /// <summary>1/sqrt(2*pi), to float32.</summary>
    internal const float InverseSqrt2Pi = 0.39894228040143268f;

    /// <summary>2/sqrt(pi), to float32.</summary>
    internal const float TwoOverSqrtPi = 1.1283791670955126f;

    /// <summary>log2(e), to float32.</summary>
    internal const float Log2E = 1.4426950408889634f;

    /// <summary>The definitions.</summary>
    internal static class Reference
    {
        public static float Unary(UnaryOp op, float x) => op switch
        {
            UnaryOp.Negate => -x,
            UnaryOp.Abs => MathF.Abs(x),
            UnaryOp.Square => x * x,
            UnaryOp.Reciprocal => 1f / x,
            UnaryOp.Sqrt => MathF.Sqrt(x),
            UnaryOp.Rsqrt => Float32.Rsqrt(x),
            UnaryOp.Exp => Float32.Exp(x),
            UnaryOp.Expm1 => Float32.Expm1(x),
            UnaryOp.Log => Float32.Log(x),
            UnaryOp.Log1p => Float32.Log1p(x),
            UnaryOp.Log2 => Float32.Log2(x),
            UnaryOp.Tanh => Float32.Tanh(x),
            UnaryOp.Sigmoid => Float32.Sigmoid(x),
            UnaryOp.Erf => Float32.Erf(x),
            UnaryOp.Sin => Float32.Sin(x),
            UnaryOp.Cos => Float32.Cos(x),
            UnaryOp.Relu => MathF.Max(x, 0f),
            UnaryOp.Silu => x * Float32.Sigmoid(x),
            UnaryOp.Gelu => Gelu(x),
            UnaryOp.GeluTanh => x * Float32.Sigmoid(GeluTanhArgument(x)),
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "unknown unary operation"),
        };

        /// <summary>dx, from the input x, the output y and the output's gradient.</summary>
        public static float UnaryGradient(UnaryOp op, float x, float y, float dy) => op switch
        {
            // y = -x
            UnaryOp.Negate => -dy,

            // y = |x|; at zero the derivative is taken as zero
            UnaryOp.Abs => x == 0f ? 0f : float.IsNegative(x) ? -dy : dy,

            // y = x*x
            UnaryOp.Square => (x + x) * dy,

            // y = 1/x; y' = -y*y
            UnaryOp.Reciprocal => -((y * y) * dy),

            // y = sqrt(x); y' = 1/(2*y)
            UnaryOp.Sqrt => (0.5f * dy) / y,

            // y = x^-1/2; y' = -1/2*y^3
            UnaryOp.Rsqrt => (-0.5f * dy) * ((y * y) * y),

            // y = exp(x); y' = y
            UnaryOp.Exp => dy * y,

            // y = exp(x)-1; y' = y+1
            UnaryOp.Expm1 => Fma.Single(dy, y, dy),

            // y = log(x); y' = 1/x
            UnaryOp.Log => dy / x,

            // y = log(1+x); y' = 1/(1+x)
            UnaryOp.Log1p => dy / (1f + x),

            // y = log2(x); y' = log2(e)/x
            UnaryOp.Log2 => (dy * Log2E) / x,

            // y = tanh(x); y' = 1-y*y
            UnaryOp.Tanh => dy * Fma.Single(-y, y, 1f),

            // y = sigmoid(x); y' = y*(1-y)
            UnaryOp.Sigmoid => dy * (y * (1f - y)),

            // y = erf(x); y' = 2/sqrt(pi)*exp(-x*x)
            UnaryOp.Erf => dy * (TwoOverSqrtPi * Float32.Exp(-(x * x))),

            // y = sin(x); y' = cos(x)
            UnaryOp.Sin => dy * Float32.Cos(x),

            // y = cos(x); y' = -sin(x)
            UnaryOp.Cos => -(dy * Float32.Sin(x)),

            // y = max(x, 0); at zero the derivative is taken as zero
            UnaryOp.Relu => x > 0f ? dy : 0f,
            UnaryOp.Silu => dy * SiluDerivative(x),
            UnaryOp.Gelu => dy * GeluDerivative(x),
            UnaryOp.GeluTanh => dy * GeluTanhDerivative(x),
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "unknown unary operation"),
        };

        public static float Binary(BinaryOp op, float a, float b) => op switch
        {
            BinaryOp.Add => a + b,
            BinaryOp.Subtract => a - b,
            BinaryOp.Multiply => a * b,
            BinaryOp.Divide => a / b,
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "unknown binary operation"),
        };

        /// <summary>y = x*sigmoid(x); y' = s+x*s*(1-s).</summary>
        private static float SiluDerivative(float x)
        {
            float s = Float32.Sigmoid(x);
            float slope = s * (1f - s);
            return Fma.Single(x, slope, s);
        }

        /// <summary>y = x/2*(1+erf(x/sqrt(2))).</summary>
        private static float Gelu(float x)
        {
            float twice = 1f + Float32.Erf(x * InverseSqrt2);
            return (0.5f * x) * twice;
        }

        /// <summary>y' = (1+erf(x/sqrt(2)))/2+x*exp(-x*x/2)/sqrt(2*pi).</summary>
        private static float GeluDerivative(float x)
        {
            float distribution = 0.5f * (1f + Float32.Erf(x * InverseSqrt2));
            float density = InverseSqrt2Pi * Float32.Exp(-0.5f * (x * x));
            return Fma.Single(x, density, distribution);
        }

        /// <summary>z = 2*sqrt(2/pi)*(x+c*x^3), so that x/2*(1+tanh(z/2)) is x*sigmoid(z).</summary>
        private static float GeluTanhArgument(float x)
        {
            float square = x * x;
            float inner = Fma.Single(GeluTanhCubic * square, x, x);
            return GeluTanhScale * inner;
        }

        /// <summary>y = x*sigmoid(z); y' = s+x*s*(1-s)*z', z' = 2*sqrt(2/pi)*(1+3*c*x*x).</summary>
        private static float GeluTanhDerivative(float x)
        {
            float s = Float32.Sigmoid(GeluTanhArgument(x));
            float slope = s * (1f - s);
            float inner = GeluTanhScale * Fma.Single(3f * GeluTanhCubic, x * x, 1f);
            return Fma.Single(x * slope, inner, s);
        }
    }
}
