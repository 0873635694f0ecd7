// Elementwise operations: each output depends on its own operands only, so vectors and threads cannot matter.
// Formulas, steps and derivatives: docs/arithmetic.md, "Elementwise operations and their derivatives".

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>Functions of one or two float32, element by element. Outputs may be the very buffer of an input.</summary>
public static unsafe partial class Elementwise
{
    /// <summary>Range starts are multiples of this, so that only the last range has a tail.</summary>
    private const int Alignment = 64;

    private static readonly string[] UnaryNames = Array.ConvertAll(Enum.GetNames<UnaryOp>(), name => "Elementwise." + name);
    private static readonly string[] GradientNames = Array.ConvertAll(UnaryNames, name => "gradient of " + name);
    private static readonly string[] BinaryNames = Array.ConvertAll(Enum.GetNames<BinaryOp>(), name => "Elementwise." + name);

    /// <summary>y = op(x).</summary>
    public static void Unary(Compute compute, UnaryOp op, ReadOnlySpan<float> x, Span<float> y)
    {
        Check.Length(Name(op), nameof(y), y.Length, $"[{x.Length}]", x.Length);
        fixed (float* px = x, py = y)
        {
            int count = x.Length;
            switch (op)
            {
                case UnaryOp.Negate: Map<NegateFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Abs: Map<AbsFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Square: Map<SquareFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Reciprocal: Map<ReciprocalFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Sqrt: Map<SqrtFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Rsqrt: Map<RsqrtFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Exp: MapQuick<ExpFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Expm1: Map<Expm1Function>(compute, px, py, count, 4); break;
                case UnaryOp.Log: Map<LogFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Log1p: Map<Log1pFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Log2: Map<Log2Function>(compute, px, py, count, 4); break;
                case UnaryOp.Tanh: Map<TanhFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Sigmoid: MapQuick<SigmoidFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Erf: MapQuick<ErfFunction>(compute, px, py, count, 8); break;
                case UnaryOp.Sin: Map<SinFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Cos: Map<CosFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Relu: Map<ReluFunction>(compute, px, py, count, 1); break;
                case UnaryOp.Silu: MapQuick<SiluFunction>(compute, px, py, count, 4); break;
                case UnaryOp.Gelu: MapQuick<GeluFunction>(compute, px, py, count, 8); break;
                case UnaryOp.GeluTanh: MapQuick<GeluTanhFunction>(compute, px, py, count, 4); break;
                default: throw new ArgumentOutOfRangeException(nameof(op), op, "unknown unary operation");
            }
        }
    }

    /// <summary>dx = op'(x)*dy, given the output y = op(x) as well.</summary>
    public static void UnaryGradient(Compute compute, UnaryOp op, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        string operation = GradientName(op);
        Check.Length(operation, nameof(y), y.Length, $"[{x.Length}]", x.Length);
        Check.Length(operation, nameof(dy), dy.Length, $"[{x.Length}]", x.Length);
        Check.Length(operation, nameof(dx), dx.Length, $"[{x.Length}]", x.Length);
        fixed (float* px = x, py = y, pdy = dy, pdx = dx)
        {
            int count = x.Length;
            switch (op)
            {
                case UnaryOp.Negate: MapGradient<NegateGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Abs: MapGradient<AbsGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Square: MapGradient<SquareGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Reciprocal: MapGradient<ReciprocalGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Sqrt: MapGradient<SqrtGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Rsqrt: MapGradient<RsqrtGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Exp: MapGradient<ExpGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Expm1: MapGradient<Expm1Gradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Log: MapGradient<LogGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Log1p: MapGradient<Log1pGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Log2: MapGradient<Log2Gradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Tanh: MapGradient<TanhGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Sigmoid: MapGradient<SigmoidGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Erf: MapGradient<ErfGradient>(compute, px, py, pdy, pdx, count, 4); break;
                case UnaryOp.Sin: MapGradient<SinGradient>(compute, px, py, pdy, pdx, count, 4); break;
                case UnaryOp.Cos: MapGradient<CosGradient>(compute, px, py, pdy, pdx, count, 4); break;
                case UnaryOp.Relu: MapGradient<ReluGradient>(compute, px, py, pdy, pdx, count, 1); break;
                case UnaryOp.Silu: MapQuickGradient<SigmoidFunction, SiluGradient>(compute, px, py, pdy, pdx, count, 4); break;
                case UnaryOp.Gelu: MapGradient<GeluGradient>(compute, px, py, pdy, pdx, count, 8); break;
                case UnaryOp.GeluTanh: MapQuickGradient<GeluTanhSigmoid, GeluTanhGradient>(compute, px, py, pdy, pdx, count, 4); break;
                default: throw new ArgumentOutOfRangeException(nameof(op), op, "unknown unary operation");
            }
        }
    }

    /// <summary>y = a op b, for equal shapes.</summary>
    public static void Binary(Compute compute, BinaryOp op, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y)
    {
        Check.Length(Name(op), nameof(b), b.Length, $"[{a.Length}]", a.Length);
        Check.Length(Name(op), nameof(y), y.Length, $"[{a.Length}]", a.Length);
        fixed (float* pa = a, pb = b, py = y)
        {
            switch (op)
            {
                case BinaryOp.Add: Combine<AddOperation>(compute, pa, pb, py, a.Length); break;
                case BinaryOp.Subtract: Combine<SubtractOperation>(compute, pa, pb, py, a.Length); break;
                case BinaryOp.Multiply: Combine<MultiplyOperation>(compute, pa, pb, py, a.Length); break;
                case BinaryOp.Divide: Combine<DivideOperation>(compute, pa, pb, py, a.Length); break;
                default: throw new ArgumentOutOfRangeException(nameof(op), op, "unknown binary operation");
            }
        }
    }

    /// <summary>y = x*factor.</summary>
    public static void Scale(Compute compute, ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        Check.Length("Elementwise.Scale", nameof(y), y.Length, $"[{x.Length}]", x.Length);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, x.Length, 1, new ScalarKernel<MultiplyOperation> { X = px, Scalar = factor, Y = py }, Alignment);
        }
    }

    /// <summary>y = x+addend.</summary>
    public static void AddScalar(Compute compute, ReadOnlySpan<float> x, float addend, Span<float> y)
    {
        Check.Length("Elementwise.AddScalar", nameof(y), y.Length, $"[{x.Length}]", x.Length);
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, x.Length, 1, new ScalarKernel<AddOperation> { X = px, Scalar = addend, Y = py }, Alignment);
        }
    }

    private static string Name(UnaryOp op) => NameOf(UnaryNames, (int)op);

    private static string GradientName(UnaryOp op) => NameOf(GradientNames, (int)op);

    private static string Name(BinaryOp op) => NameOf(BinaryNames, (int)op);

    private static string NameOf(string[] names, int op) => (uint)op < (uint)names.Length ? names[op] : nameof(Elementwise);

    private static void Map<TFunction>(Compute compute, float* x, float* y, int count, int cost)
        where TFunction : unmanaged, IFloat32Function =>
        KernelLoop.Run(compute, count, cost, new MapKernel<PlainRows<TFunction>> { X = x, Y = y }, Alignment);

    private static void MapQuick<TFunction>(Compute compute, float* x, float* y, int count, int cost)
        where TFunction : unmanaged, IQuickFunction =>
        KernelLoop.Run(compute, count, cost, new MapKernel<QuickFunctionRows<TFunction>> { X = x, Y = y }, Alignment);

    private static void MapGradient<TGradient>(Compute compute, float* x, float* y, float* dy, float* dx, int count, int cost)
        where TGradient : unmanaged, IGradient =>
        KernelLoop.Run(compute, count, cost, new GradientKernel<PlainGradientRows<TGradient>> { X = x, Y = y, Dy = dy, Dx = dx }, Alignment);

    private static void MapQuickGradient<TInner, TGradient>(Compute compute, float* x, float* y, float* dy, float* dx, int count, int cost)
        where TInner : unmanaged, IQuickFunction
        where TGradient : unmanaged, IGradient =>
        KernelLoop.Run(compute, count, cost, new GradientKernel<QuickGradientRows<TInner, TGradient>> { X = x, Y = y, Dy = dy, Dx = dx }, Alignment);

    private static void Combine<TOperation>(Compute compute, float* a, float* b, float* y, int count)
        where TOperation : unmanaged, IBinary =>
        KernelLoop.Run(compute, count, 1, new BinaryKernel<TOperation> { A = a, B = b, Y = y }, Alignment);

    private struct MapKernel<TRows> : IKernel
        where TRows : unmanaged, IFunctionRows
    {
        public float* X, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => TRows.Map<S, F, D>(X + start, Y + start, end - start);
    }

    private struct GradientKernel<TRows> : IKernel
        where TRows : unmanaged, IGradientRows
    {
        public float* X, Y, Dy, Dx;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => TRows.Map<S, F, D>(X + start, Y + start, Dy + start, Dx + start, 1, 0, end - start);
    }

    private struct BinaryKernel<TOperation> : IKernel
        where TOperation : unmanaged, IBinary
    {
        public float* A, B, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => CombineRow<S, F, D, TOperation>(A + start, 1, B + start, 1, Y + start, end - start);
    }

    private struct ScalarKernel<TOperation> : IKernel
        where TOperation : unmanaged, IBinary
    {
        public float* X, Y;
        public float Scalar;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float scalar = Scalar;
            CombineRow<S, F, D, TOperation>(X + start, 1, &scalar, 0, Y + start, end - start);
        }
    }

    /// <summary>y[i] = a[i*strideA] op b[i*strideB]; vectors where the strides are 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CombineRow<S, F, D, TOperation>(float* a, int strideA, float* b, int strideB, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
        where TOperation : unmanaged, IBinary
    {
        int i = 0;
        if (strideA == 1 && strideB == 1)
        {
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, TOperation.Invoke<S, F, D>(S.Load(a + i), S.Load(b + i)));
            }
        }
        else if (strideA == 1 && strideB == 0)
        {
            F right = S.Create(*b);
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, TOperation.Invoke<S, F, D>(S.Load(a + i), right));
            }
        }
        else if (strideA == 0 && strideB == 1)
        {
            F left = S.Create(*a);
            for (; i <= count - S.Lanes; i += S.Lanes)
            {
                S.Store(y + i, TOperation.Invoke<S, F, D>(left, S.Load(b + i)));
            }
        }

        for (; i < count; i++)
        {
            y[i] = TOperation.Invoke<SimdScalar, float, double>(a[i * (long)strideA], b[i * (long)strideB]);
        }
    }
}
