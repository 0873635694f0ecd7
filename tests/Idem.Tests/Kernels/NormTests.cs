using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>LayerNorm and RMSNorm, forward and backward.</summary>
public class NormTests
{
    private const float Eps = 1e-5f;

    public static TheoryData<int, int, bool> Shapes => new()
    {
        { 3, 1, true }, { 2, 7, true }, { 2, 8, false }, { 3, 31, true }, { 3, 32, true }, { 2, 33, false }, { 4, 100, true }, { 259, 96, true }, { 530, 40, false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void LayerNormEqualsTheReference(int rows, int columns, bool hasBias)
    {
        foreach (float[] x in new[] { KernelTesting.Moderate(rows, rows * columns), KernelTesting.Awkward(rows, rows * columns) })
        {
            float[] weight = KernelTesting.Moderate(1, columns), bias = hasBias ? KernelTesting.Moderate(2, columns) : [], dy = KernelTesting.Moderate(3, rows * columns);
            float[] y = new float[rows * columns], mean = new float[rows], rstd = new float[rows], dx = new float[rows * columns];
            float[] dweight = new float[columns], dbias = new float[bias.Length];
            for (int r = 0; r < rows; r++)
            {
                Range row = (r * columns)..((r + 1) * columns);
                LayerNorm.Reference.Forward(x.AsSpan(row), weight, bias, Eps, y.AsSpan(row), out mean[r], out rstd[r]);
                LayerNorm.Reference.Backward(x.AsSpan(row), weight, mean[r], rstd[r], dy.AsSpan(row), dx.AsSpan(row));
            }

            LayerNorm.Reference.ParameterGradients(rows, columns, x, mean, rstd, dy, dweight, dbias);
            foreach (Compute compute in KernelTesting.For(3 * rows * columns))
            {
                string where = $"[{rows},{columns}], {compute.Name()}";
                Guarded gy = new(rows * columns), gm = new(rows), gr = new(rows), gdx = new(rows * columns), gdw = new(columns), gdb = new(bias.Length);
                LayerNorm.Forward(compute, rows, columns, new Guarded(x).Span, weight, bias, Eps, gy.Span, gm.Span, gr.Span);
                LayerNorm.Backward(compute, rows, columns, new Guarded(x).Span, weight, mean, rstd, new Guarded(dy).Span, gdx.Span, gdw.Span, gdb.Span);
                KernelTesting.SameBits(y, gy.Span, where);
                KernelTesting.SameBits(mean, gm.Span, where);
                KernelTesting.SameBits(rstd, gr.Span, where);
                KernelTesting.SameBits(dx, gdx.Span, where);
                KernelTesting.SameBits(dweight, gdw.Span, where);
                KernelTesting.SameBits(dbias, gdb.Span, where);
                gy.CheckWalls(where);
                gdx.CheckWalls(where);
                gdw.CheckWalls(where);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void RmsNormEqualsTheReference(int rows, int columns, bool unused)
    {
        _ = unused;
        foreach (float[] x in new[] { KernelTesting.Moderate(rows, rows * columns), KernelTesting.Awkward(rows, rows * columns) })
        {
            float[] weight = KernelTesting.Moderate(1, columns), dy = KernelTesting.Moderate(3, rows * columns);
            float[] y = new float[rows * columns], rstd = new float[rows], dx = new float[rows * columns], dweight = new float[columns];
            for (int r = 0; r < rows; r++)
            {
                Range row = (r * columns)..((r + 1) * columns);
                RmsNorm.Reference.Forward(x.AsSpan(row), weight, Eps, y.AsSpan(row), out rstd[r]);
                RmsNorm.Reference.Backward(x.AsSpan(row), weight, rstd[r], dy.AsSpan(row), dx.AsSpan(row));
            }

            RmsNorm.Reference.ParameterGradients(rows, columns, x, rstd, dy, dweight);
            foreach (Compute compute in KernelTesting.For(3 * rows * columns))
            {
                string where = $"[{rows},{columns}], {compute.Name()}";
                Guarded gy = new(rows * columns), gr = new(rows), gdx = new(rows * columns), gdw = new(columns);
                RmsNorm.Forward(compute, rows, columns, new Guarded(x).Span, weight, Eps, gy.Span, gr.Span);
                RmsNorm.Backward(compute, rows, columns, new Guarded(x).Span, weight, rstd, new Guarded(dy).Span, gdx.Span, gdw.Span);
                KernelTesting.SameBits(y, gy.Span, where);
                KernelTesting.SameBits(rstd, gr.Span, where);
                KernelTesting.SameBits(dx, gdx.Span, where);
                KernelTesting.SameBits(dweight, gdw.Span, where);
                gy.CheckWalls(where);
                gdw.CheckWalls(where);
            }
        }
    }

    /// <summary>The backward formula is the derivative: it agrees with a difference quotient of a weighted sum of outputs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BackwardIsTheDerivative(bool isLayerNorm)
    {
        const int Columns = 24;
        float[] x = KernelTesting.Moderate(1, Columns), weight = KernelTesting.Moderate(2, Columns), bias = new float[Columns], dy = KernelTesting.Moderate(3, Columns);
        float[] y = new float[Columns], dx = new float[Columns];
        double Loss(float[] input)
        {
            if (isLayerNorm)
            {
                LayerNorm.Reference.Forward(input, weight, bias, Eps, y, out _, out _);
            }
            else
            {
                RmsNorm.Reference.Forward(input, weight, Eps, y, out _);
            }

            return y.Zip(dy, (value, factor) => (double)value * factor).Sum();
        }

        if (isLayerNorm)
        {
            LayerNorm.Reference.Forward(x, weight, bias, Eps, y, out float mean, out float rstd);
            LayerNorm.Reference.Backward(x, weight, mean, rstd, dy, dx);
        }
        else
        {
            RmsNorm.Reference.Forward(x, weight, Eps, y, out float rstd);
            RmsNorm.Reference.Backward(x, weight, rstd, dy, dx);
        }

        for (int i = 0; i < Columns; i++)
        {
            const float Step = 1f / 64;
            float[] up = [.. x], down = [.. x];
            up[i] += Step;
            down[i] -= Step;
            Assert.Equal((Loss(up) - Loss(down)) / (2 * Step), dx[i], 2e-3);
        }
    }
}
