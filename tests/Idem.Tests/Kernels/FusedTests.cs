using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Fused kernels equal the composition of the operations they replace, in every encoding.</summary>
public class FusedTests
{
    private const float Eps = 1e-5f;

    private static readonly Compute s_plain = new(SimdPath.Scalar, 1);

    public static TheoryData<int, int> Shapes => new() { { 1, 1 }, { 3, 7 }, { 5, 33 }, { 2, 100 }, { 263, 96 }, { 515, 40 } };

    public static TheoryData<UnaryOp> Activations => [UnaryOp.Relu, UnaryOp.Silu, UnaryOp.Gelu, UnaryOp.GeluTanh];

    [Theory]
    [MemberData(nameof(Activations))]
    public void BiasAndActivationEqualTheirComposition(UnaryOp op)
    {
        foreach ((int rows, int columns) in new[] { (1, 1), (3, 7), (6, 33), (261, 70), (9, 300), (3, 5000), (5000, 1), (0, 7), (7, 0) })
        {
            int count = rows * columns;
            float[] x = KernelTesting.Awkward(1, count), bias = KernelTesting.Moderate(2, columns), dy = KernelTesting.Awkward(3, count);
            float[] sum = new float[count], y = new float[count], dx = new float[count], dbias = new float[columns];
            Elementwise.BinaryBroadcast(s_plain, BinaryOp.Add, [rows, columns], x, [columns, 1], bias, [0, 1], sum);
            Elementwise.Unary(s_plain, op, sum, y);
            Elementwise.UnaryGradient(s_plain, op, sum, y, dy, dx);
            Reduce.SumColumns(s_plain, rows, columns, dx, dbias);
            foreach (Compute compute in KernelTesting.For(4 * count))
            {
                string where = $"{op} [{rows},{columns}], {compute.Name()}";
                Guarded gsum = new(count), gy = new(count), gdx = new(count), gdb = new(columns);
                Elementwise.BiasUnary(compute, op, rows, columns, x, bias, gsum.Span, gy.Span);
                KernelTesting.SameBits(sum, gsum.Span, where);
                KernelTesting.SameBits(y, gy.Span, where);
                gsum.CheckWalls(where);
                gy.CheckWalls(where);

                Guarded inPlace = new(x);
                Elementwise.BiasUnary(compute, op, rows, columns, inPlace.Span, bias, [], inPlace.Span);
                KernelTesting.SameBits(y, inPlace.Span, where);
                inPlace = new(x);
                Elementwise.BiasUnary(compute, op, rows, columns, inPlace.Span, bias, inPlace.Span, gy.Span);
                KernelTesting.SameBits(sum, inPlace.Span, where);
                KernelTesting.SameBits(y, gy.Span, where);

                Elementwise.BiasUnaryGradient(compute, op, rows, columns, sum, dy, gdx.Span, gdb.Span);
                KernelTesting.SameBits(dx, gdx.Span, where);
                KernelTesting.SameBits(dbias, gdb.Span, where);
                gdx.CheckWalls(where);
                gdb.CheckWalls(where);
                inPlace = new(dy);
                Elementwise.BiasUnaryGradient(compute, op, rows, columns, sum, inPlace.Span, inPlace.Span, []);
                KernelTesting.SameBits(dx, inPlace.Span, where);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ResidualAndLayerNormEqualTheirComposition(int rows, int columns)
    {
        int count = rows * columns;
        float[] a = KernelTesting.Awkward(1, count), b = KernelTesting.Moderate(2, count), dy = KernelTesting.Moderate(3, count), dsum = KernelTesting.Moderate(4, count);
        float[] weight = KernelTesting.Moderate(5, columns), dweight = new float[columns], dbias = new float[columns];
        float[] sum = new float[count], y = new float[count], mean = new float[rows], rstd = new float[rows], dx = new float[count];
        foreach (float[] bias in new float[][] { [], KernelTesting.Moderate(6, columns) })
        {
            Elementwise.Binary(s_plain, BinaryOp.Add, a, b, sum);
            LayerNorm.Forward(s_plain, rows, columns, sum, weight, bias, Eps, y, mean, rstd);
            LayerNorm.Backward(s_plain, rows, columns, sum, weight, mean, rstd, dy, dx, dweight, dbias);
            Reduce.AddInPlace(s_plain, dx, dsum);
            foreach (Compute compute in KernelTesting.For(3 * count))
            {
                string where = $"[{rows},{columns}], {compute.Name()}";
                Guarded gsum = new(count), gy = new(count), gm = new(rows), gr = new(rows), gdx = new(count), gdw = new(columns), gdb = new(columns);
                LayerNorm.ForwardResidual(compute, rows, columns, a, b, weight, bias, Eps, gsum.Span, gy.Span, gm.Span, gr.Span);
                LayerNorm.BackwardResidual(compute, rows, columns, sum, weight, mean, rstd, dy, dsum, gdx.Span, gdw.Span, gdb.Span);
                KernelTesting.SameBits(sum, gsum.Span, where);
                KernelTesting.SameBits(y, gy.Span, where);
                KernelTesting.SameBits(mean, gm.Span, where);
                KernelTesting.SameBits(rstd, gr.Span, where);
                KernelTesting.SameBits(dx, gdx.Span, where);
                KernelTesting.SameBits(dweight, gdw.Span, where);
                KernelTesting.SameBits(dbias, gdb.Span, where);
                gsum.CheckWalls(where);
                gdx.CheckWalls(where);

                Guarded inPlace = new(a), gradient = new(dsum);
                LayerNorm.ForwardResidual(compute, rows, columns, inPlace.Span, b, weight, bias, Eps, inPlace.Span, gy.Span, gm.Span, gr.Span);
                LayerNorm.BackwardResidual(compute, rows, columns, inPlace.Span, weight, mean, rstd, dy, gradient.Span, gradient.Span, gdw.Span, []);
                KernelTesting.SameBits(y, gy.Span, where);
                KernelTesting.SameBits(dx, gradient.Span, where);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ResidualAndRmsNormEqualTheirComposition(int rows, int columns)
    {
        int count = rows * columns;
        float[] a = KernelTesting.Awkward(1, count), b = KernelTesting.Moderate(2, count), dy = KernelTesting.Moderate(3, count), dsum = KernelTesting.Moderate(4, count);
        float[] weight = KernelTesting.Moderate(5, columns), dweight = new float[columns];
        float[] sum = new float[count], y = new float[count], rstd = new float[rows], dx = new float[count];
        Elementwise.Binary(s_plain, BinaryOp.Add, a, b, sum);
        RmsNorm.Forward(s_plain, rows, columns, sum, weight, Eps, y, rstd);
        RmsNorm.Backward(s_plain, rows, columns, sum, weight, rstd, dy, dx, dweight);
        Reduce.AddInPlace(s_plain, dx, dsum);
        foreach (Compute compute in KernelTesting.For(3 * count))
        {
            string where = $"[{rows},{columns}], {compute.Name()}";
            Guarded gsum = new(a), gy = new(count), gr = new(rows), gdx = new(dsum), gdw = new(columns);
            RmsNorm.ForwardResidual(compute, rows, columns, gsum.Span, b, weight, Eps, gsum.Span, gy.Span, gr.Span);
            RmsNorm.BackwardResidual(compute, rows, columns, sum, weight, rstd, dy, gdx.Span, gdx.Span, gdw.Span);
            KernelTesting.SameBits(sum, gsum.Span, where);
            KernelTesting.SameBits(y, gy.Span, where);
            KernelTesting.SameBits(rstd, gr.Span, where);
            KernelTesting.SameBits(dx, gdx.Span, where);
            KernelTesting.SameBits(dweight, gdw.Span, where);
            gsum.CheckWalls(where);
            gdx.CheckWalls(where);
        }
    }

    [Fact]
    public void OtherFunctionsAreRefusedWithARemedy()
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            () => Elementwise.BiasUnary(s_plain, UnaryOp.Log, 1, 1, new float[1], new float[1], [], new float[1]));
        Assert.Contains("Binary", error.Message, StringComparison.Ordinal);
    }
}
