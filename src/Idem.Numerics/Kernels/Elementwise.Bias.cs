// A bias and the activation after it in one pass, as in the middle of a transformer's MLP: the composition of an addition, the
// activation and (backward) the sum over rows, with the same bits, without the passes over memory between them.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

public static unsafe partial class Elementwise
{
    /// <summary>
    /// s = x+bias in each row of x[rows, columns]; y = op(s). The sums are stored in <paramref name="sum"/>, which the backward
    /// pass needs, unless it is empty. sum may be x, and y may be x where sum is not.
    /// </summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="op">Relu, Silu, Gelu or GeluTanh: the derivative needs s alone.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row, and of the bias.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="sum">[rows, columns], or empty.</param>
    /// <param name="y">[rows, columns].</param>
    public static void BiasUnary(
        Compute compute, UnaryOp op, int rows, int columns, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> sum, Span<float> y)
    {
        string operation = Name(op);
        CheckBias(operation, rows, columns, x.Length, bias.Length);
        Check.Length(operation, nameof(y), y.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(sum), sum.Length, $"[{rows},{columns}]", sum.IsEmpty ? 0 : (long)rows * columns);
        fixed (float* px = x, pb = bias, ps = sum, py = y)
        {
            float* stored = sum.IsEmpty ? null : ps;
            switch (op)
            {
                case UnaryOp.Relu: MapBias<PlainRows<ReluFunction>>(compute, rows, columns, px, pb, stored, py, 1); break;
                case UnaryOp.Silu: MapBias<QuickFunctionRows<SiluFunction>>(compute, rows, columns, px, pb, stored, py, 4); break;
                case UnaryOp.Gelu: MapBias<QuickFunctionRows<GeluFunction>>(compute, rows, columns, px, pb, stored, py, 8); break;
                case UnaryOp.GeluTanh: MapBias<QuickFunctionRows<GeluTanhFunction>>(compute, rows, columns, px, pb, stored, py, 4); break;
                default: throw NotAnActivation(op);
            }
        }
    }

    /// <summary>
    /// The gradient of <see cref="BiasUnary"/>: dx = op'(s)*dy, which is the gradient of s and of x, and dbias = the chain-tree
    /// over rows of dx (may be empty). dx may be dy.
    /// </summary>
    public static void BiasUnaryGradient(
        Compute compute, UnaryOp op, int rows, int columns, ReadOnlySpan<float> sum, ReadOnlySpan<float> dy, Span<float> dx, Span<float> dbias)
    {
        string operation = GradientName(op);
        CheckBias(operation, rows, columns, sum.Length, dbias.IsEmpty ? columns : dbias.Length);
        Check.Length(operation, nameof(dy), dy.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(dx), dx.Length, $"[{rows},{columns}]", (long)rows * columns);
        fixed (float* ps = sum, pdy = dy, pdx = dx, pdb = dbias)
        {
            float* pb = dbias.IsEmpty ? null : pdb;
            switch (op)
            {
                case UnaryOp.Relu: MapBiasGradient<PlainGradientRows<ReluGradient>>(compute, rows, columns, ps, pdy, pdx, pb, 1); break;
                case UnaryOp.Silu: MapBiasGradient<QuickGradientRows<SigmoidFunction, SiluGradient>>(compute, rows, columns, ps, pdy, pdx, pb, 4); break;
                case UnaryOp.Gelu: MapBiasGradient<PlainGradientRows<GeluGradient>>(compute, rows, columns, ps, pdy, pdx, pb, 8); break;
                case UnaryOp.GeluTanh: MapBiasGradient<QuickGradientRows<GeluTanhSigmoid, GeluTanhGradient>>(compute, rows, columns, ps, pdy, pdx, pb, 4); break;
                default: throw NotAnActivation(op);
            }
        }
    }

    private static void CheckBias(string operation, int rows, int columns, int x, int bias)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns);
        Check.Length(operation, nameof(x), x, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(bias), bias, $"[{columns}]", columns);
    }

    private static ArgumentOutOfRangeException NotAnActivation(UnaryOp op) =>
        new(nameof(op), op, "a bias is fused with Relu, Silu, Gelu and GeluTanh only; add it with Binary and apply Unary");

    private static void MapBias<TRows>(Compute compute, int rows, int columns, float* x, float* bias, float* sum, float* y, int cost)
        where TRows : unmanaged, IFunctionRows =>
        KernelLoop.Run(compute, rows, (long)cost * columns, new BiasKernel<TRows> { Columns = columns, X = x, Bias = bias, Sum = sum == null ? y : sum, Y = y });

    private static void MapBiasGradient<TRows>(Compute compute, int rows, int columns, float* sum, float* dy, float* dx, float* dbias, int cost)
        where TRows : unmanaged, IGradientRows
    {
        if (dbias == null)
        {
            KernelLoop.Run(compute, rows * columns, cost, new GradientKernel<TRows> { X = sum, Y = sum, Dy = dy, Dx = dx }, Alignment);
            return;
        }

        GradientColumnTerm<TRows> term = new(sum, dy, dx, columns);
        KernelLoop.Run(compute, columns, (long)cost * rows, new ColumnsKernel<GradientColumnTerm<TRows>>(term, rows, dbias), 32);
    }

    private struct BiasKernel<TRows> : IKernel
        where TRows : unmanaged, IFunctionRows
    {
        /// <summary>Sums that are still in the first-level cache when the function takes them.</summary>
        private const int FloatsTogether = 4096;

        public int Columns;
        public float* X, Bias, Sum, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int together = Math.Max(1, FloatsTogether / Math.Max(Columns, 1));
            for (long row = start; row < end; row += together)
            {
                int rows = (int)Math.Min(together, end - row);
                long first = row * Columns;
                for (long at = first; at < first + ((long)rows * Columns); at += Columns)
                {
                    CombineRow<S, F, D, AddOperation>(X + at, 1, Bias, 1, Sum + at, Columns);
                }

                TRows.Map<S, F, D>(Sum + first, Y + first, rows * Columns);
            }
        }
    }

    /// <summary>The terms dx = op'(s)*dy, computed and stored four rows at a time before they are added.</summary>
    private readonly struct GradientColumnTerm<TRows>(float* sum, float* dy, float* dx, int columns) : IColumnTerm
        where TRows : unmanaged, IGradientRows
    {
        private readonly float* _sum = sum;
        private readonly float* _dy = dy;
        private readonly float* _dx = dx;
        private readonly long _columns = columns;

        public void Prepare<S, F, D>(int row, int rowEnd, int column, int columnEnd)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            long at = (row * _columns) + column;
            TRows.Map<S, F, D>(_sum + at, _sum + at, _dy + at, _dx + at, rowEnd - row, _columns, columnEnd - column);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public F AddTo<S, F, D>(F accumulator, int row, int column)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => S.Add(accumulator, S.Load(_dx + (row * _columns) + column));
    }
}
