// Layer normalisation of the rows of a matrix. Rows are independent: threads share them, vectors lie along a row. Parameter
// gradients are chain-trees over rows: threads share blocks of columns there.

namespace Idem.Numerics.Kernels;

/// <summary>Layer normalisation. Order: <c>arithmetic.md#layernorm-and-rmsnorm</c>.</summary>
public static unsafe partial class LayerNorm
{
    /// <summary>
    /// For each row of x[rows, columns]: mean and variance by lanes, rstd = 1/sqrt(variance+eps),
    /// y = fma((x-mean)*rstd, weight, bias); without a bias (empty) the product alone.
    /// </summary>
    public static void Forward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float eps,
        Span<float> y,
        Span<float> mean,
        Span<float> rstd)
    {
        const string Operation = "LayerNorm.Forward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, mean.Length, rstd.Length);
        CheckOutput(Operation, rows, columns, bias.Length, y.Length);
        fixed (float* px = x, pw = weight, pb = bias, py = y, pm = mean, pr = rstd)
        {
            ForwardKernel kernel = new() { Columns = columns, AreNear = Rows.AreNear(rows, columns), X = px, Weight = pw, Bias = bias.IsEmpty ? null : pb, Eps = eps, Y = py, Mean = pm, Rstd = pr };
            KernelLoop.Run(compute, rows, 2L * columns, kernel);
        }
    }

    /// <summary>
    /// The residual connection before a norm, in one pass: sum = a+b, then y = the norm of sum as <see cref="Forward"/> takes
    /// it. sum may be a or b.
    /// </summary>
    public static void ForwardResidual(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> b,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float eps,
        Span<float> sum,
        Span<float> y,
        Span<float> mean,
        Span<float> rstd)
    {
        const string Operation = "LayerNorm.ForwardResidual";
        CheckShapes(Operation, rows, columns, a.Length, weight.Length, mean.Length, rstd.Length);
        CheckOutput(Operation, rows, columns, bias.Length, y.Length);
        Check.Length(Operation, nameof(b), b.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(sum), sum.Length, $"[{rows},{columns}]", (long)rows * columns);
        fixed (float* pa = a, pe = b, ps = sum, pw = weight, pb = bias, py = y, pm = mean, pr = rstd)
        {
            ForwardKernel kernel = new()
            {
                Columns = columns, AreNear = Rows.AreNear(rows, columns), A = pa, B = pe, X = ps, Weight = pw, Bias = bias.IsEmpty ? null : pb, Eps = eps, Y = py, Mean = pm, Rstd = pr,
            };
            KernelLoop.Run(compute, rows, 3L * columns, kernel);
        }
    }

    /// <summary>
    /// With g = dy*weight and xhat = (x-mean)*rstd: dx = fma(-xhat, mean(g*xhat), g-mean(g))*rstd by lanes; dweight and dbias
    /// (may be empty) are chain-trees over rows of dy*xhat and dy.
    /// </summary>
    public static void Backward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        Span<float> dx,
        Span<float> dweight,
        Span<float> dbias) =>
        Backward("LayerNorm.Backward", compute, rows, columns, x, weight, mean, rstd, dy, [], dx, dweight, dbias);

    /// <summary>
    /// The gradient of <see cref="ForwardResidual"/>: dx = the norm's gradient plus <paramref name="dsum"/>, what else arrives at
    /// the sum; it is the gradient of both a and b. dx may be dsum.
    /// </summary>
    public static void BackwardResidual(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> sum,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        ReadOnlySpan<float> dsum,
        Span<float> dx,
        Span<float> dweight,
        Span<float> dbias)
    {
        const string Operation = "LayerNorm.BackwardResidual";
        Check.Length(Operation, nameof(dsum), dsum.Length, $"[{rows},{columns}]", (long)rows * columns);
        Backward(Operation, compute, rows, columns, sum, weight, mean, rstd, dy, dsum, dx, dweight, dbias);
    }

    private static void Backward(
        string operation,
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        ReadOnlySpan<float> dsum,
        Span<float> dx,
        Span<float> dweight,
        Span<float> dbias)
    {
        CheckShapes(operation, rows, columns, x.Length, weight.Length, mean.Length, rstd.Length);
        Check.Length(operation, nameof(dy), dy.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(dx), dx.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(dweight), dweight.Length, $"[{columns}]", columns);
        Check.Length(operation, nameof(dbias), dbias.Length, $"[{(dbias.IsEmpty ? 0 : columns)}]", dbias.IsEmpty ? 0 : columns);
        fixed (float* px = x, pds = dsum, pw = weight, pm = mean, pr = rstd, pdy = dy, pdx = dx, pdw = dweight, pdb = dbias)
        {
            BackwardKernel kernel = new() { Columns = columns, X = px, Weight = pw, Mean = pm, Rstd = pr, Dy = pdy, Dsum = dsum.IsEmpty ? null : pds, Dx = pdx };
            KernelLoop.Run(compute, rows, 3L * columns, kernel);
            NormalizedColumnTerm term = new(px, pdy, columns, pm, pr);
            KernelLoop.Run(compute, columns, rows, new ColumnsKernel<NormalizedColumnTerm>(term, rows, pdw), 32);
            if (!dbias.IsEmpty)
            {
                KernelLoop.Run(compute, columns, rows, new ColumnsKernel<ElementColumnTerm>(new ElementColumnTerm(pdy, columns), rows, pdb), 32);
            }
        }
    }

    private static void CheckShapes(string operation, int rows, int columns, int x, int weight, int mean, int rstd)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        Check.Length(operation, nameof(x), x, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(weight), weight, $"[{columns}]", columns);
        Check.Length(operation, nameof(mean), mean, $"[{rows}]", rows);
        Check.Length(operation, nameof(rstd), rstd, $"[{rows}]", rows);
    }

    private static void CheckOutput(string operation, int rows, int columns, int bias, int y)
    {
        Check.Length(operation, nameof(y), y, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(bias), bias, $"[{(bias == 0 ? 0 : columns)}]", bias == 0 ? 0 : columns);
    }
}
