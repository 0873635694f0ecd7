// Root-mean-square normalisation of the rows of a matrix. Rows are independent: threads share them, vectors lie along a row.
// The weight's gradient is a chain-tree over rows: threads share blocks of columns there.

namespace Idem.Numerics.Kernels;

/// <summary>Root-mean-square normalisation. Order: <c>arithmetic.md#layernorm-and-rmsnorm</c>.</summary>
public static unsafe partial class RmsNorm
{
    /// <summary>For each row of x[rows, columns]: rstd = 1/sqrt(mean of squares by lanes+eps), y = (x*rstd)*weight.</summary>
    public static void Forward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        float eps,
        Span<float> y,
        Span<float> rstd)
    {
        const string Operation = "RmsNorm.Forward";
        CheckShapes(Operation, rows, columns, x.Length, weight.Length, rstd.Length);
        Check.Length(Operation, nameof(y), y.Length, $"[{rows},{columns}]", (long)rows * columns);
        fixed (float* px = x, pw = weight, py = y, pr = rstd)
        {
            ForwardKernel kernel = new() { Columns = columns, AreNear = Rows.AreNear(rows, columns), X = px, Weight = pw, Eps = eps, Y = py, Rstd = pr };
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
        float eps,
        Span<float> sum,
        Span<float> y,
        Span<float> rstd)
    {
        const string Operation = "RmsNorm.ForwardResidual";
        CheckShapes(Operation, rows, columns, a.Length, weight.Length, rstd.Length);
        Check.Length(Operation, nameof(b), b.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(sum), sum.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(Operation, nameof(y), y.Length, $"[{rows},{columns}]", (long)rows * columns);
        fixed (float* pa = a, pb = b, ps = sum, pw = weight, py = y, pr = rstd)
        {
            ForwardKernel kernel = new() { Columns = columns, AreNear = Rows.AreNear(rows, columns), A = pa, B = pb, X = ps, Weight = pw, Eps = eps, Y = py, Rstd = pr };
            KernelLoop.Run(compute, rows, 3L * columns, kernel);
        }
    }

    /// <summary>
    /// With g = dy*weight and xhat = x*rstd: dx = fma(-xhat, mean(g*xhat), g)*rstd by lanes; dweight is the chain-tree over
    /// rows of dy*xhat.
    /// </summary>
    public static void Backward(
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        Span<float> dx,
        Span<float> dweight) => Backward("RmsNorm.Backward", compute, rows, columns, x, weight, rstd, dy, [], dx, dweight);

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
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        ReadOnlySpan<float> dsum,
        Span<float> dx,
        Span<float> dweight)
    {
        const string Operation = "RmsNorm.BackwardResidual";
        Check.Length(Operation, nameof(dsum), dsum.Length, $"[{rows},{columns}]", (long)rows * columns);
        Backward(Operation, compute, rows, columns, sum, weight, rstd, dy, dsum, dx, dweight);
    }

    private static void Backward(
        string operation,
        Compute compute,
        int rows,
        int columns,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> rstd,
        ReadOnlySpan<float> dy,
        ReadOnlySpan<float> dsum,
        Span<float> dx,
        Span<float> dweight)
    {
        CheckShapes(operation, rows, columns, x.Length, weight.Length, rstd.Length);
        Check.Length(operation, nameof(dy), dy.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(dx), dx.Length, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(dweight), dweight.Length, $"[{columns}]", columns);
        fixed (float* px = x, pds = dsum, pw = weight, pr = rstd, pdy = dy, pdx = dx, pdw = dweight)
        {
            BackwardKernel kernel = new() { Columns = columns, X = px, Weight = pw, Rstd = pr, Dy = pdy, Dsum = dsum.IsEmpty ? null : pds, Dx = pdx };
            KernelLoop.Run(compute, rows, 3L * columns, kernel);
            NormalizedColumnTerm term = new(px, pdy, columns, null, pr);
            KernelLoop.Run(compute, columns, rows, new ColumnsKernel<NormalizedColumnTerm>(term, rows, pdw), 32);
        }
    }

    private static void CheckShapes(string operation, int rows, int columns, int x, int weight, int rstd)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(columns), columns, 1);
        Check.Length(operation, nameof(x), x, $"[{rows},{columns}]", (long)rows * columns);
        Check.Length(operation, nameof(weight), weight, $"[{columns}]", columns);
        Check.Length(operation, nameof(rstd), rstd, $"[{rows}]", rows);
    }
}
