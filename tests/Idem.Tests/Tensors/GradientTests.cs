#pragma warning disable RS0030 // The double-precision oracles here are foreign on purpose.
using Idem.Numerics.Kernels;
using Idem.Tensors;
using static Idem.Tests.Tensors.FiniteDifferences;

namespace Idem.Tests.Tensors;

public class GradientTests
{
    [Fact]
    public void Arithmetic()
    {
        Shape[] same = [[3, 4], [3, 4]];
        Check(same, t => t[0] + t[1], p => Map(p[0], p[1], (a, b) => a + b));
        Check(same, t => t[0] - t[1], p => Map(p[0], p[1], (a, b) => a - b));
        Check(same, t => t[0] * t[1], p => Map(p[0], p[1], (a, b) => a * b));
        Check(same, t => t[0] / t[1], p => Map(p[0], p[1], (a, b) => a / b));
    }

    [Fact]
    public void Arithmetic_with_broadcasting()
    {
        // [2, 1, 3] with [4, 1] gives [2, 4, 3].
        static double[] Reference(double[][] p, Func<double, double, double> f)
        {
            var y = new double[24];
            for (int i = 0; i < 24; i++)
            {
                y[i] = f(p[0][(i / 12 * 3) + (i % 3)], p[1][i / 3 % 4]);
            }

            return y;
        }

        Shape[] shapes = [[2, 1, 3], [4, 1]];
        Check(shapes, t => t[0] + t[1], p => Reference(p, (a, b) => a + b));
        Check(shapes, t => t[0] - t[1], p => Reference(p, (a, b) => a - b));
        Check(shapes, t => t[0] * t[1], p => Reference(p, (a, b) => a * b));
        Check(shapes, t => t[0] / t[1], p => Reference(p, (a, b) => a / b));
        Check([[3, 4], [4]], t => t[0] * t[1], p => [.. p[0].Select((a, i) => a * p[1][i % 4])]);
        Check([[3, 4], []], t => t[1] - t[0], p => [.. p[0].Select(a => p[1][0] - a)]);
    }

    [Fact]
    public void Numbers()
    {
        Shape[] one = [[5]];
        Check(one, t => 2.5f * t[0] + 1f, p => Map(p[0], x => (2.5 * x) + 1));
        Check(one, t => 1f - (t[0] * 3f), p => Map(p[0], x => 1 - (3 * x)));
        Check(one, t => (t[0] - 0.5f) / 3f, p => Map(p[0], x => (x - 0.5) / 3));
        Check(one, t => 2f / -t[0], p => Map(p[0], x => -2 / x));
    }

    public static TheoryData<UnaryOp> UnaryOps => [.. Enum.GetValues<UnaryOp>()];

    [Theory]
    [MemberData(nameof(UnaryOps))]
    public void Unary(UnaryOp op)
    {
        Func<double, double> f = op switch
        {
            UnaryOp.Negate => x => -x,
            UnaryOp.Abs => Math.Abs,
            UnaryOp.Square => x => x * x,
            UnaryOp.Reciprocal => x => 1 / x,
            UnaryOp.Sqrt => Math.Sqrt,
            UnaryOp.Rsqrt => x => 1 / Math.Sqrt(x),
            UnaryOp.Exp => Math.Exp,
            UnaryOp.Expm1 => x => Math.Exp(x) - 1,
            UnaryOp.Log => Math.Log,
            UnaryOp.Log1p => x => Math.Log(1 + x),
            UnaryOp.Log2 => Math.Log2,
            UnaryOp.Tanh => Math.Tanh,
            UnaryOp.Sigmoid => x => 1 / (1 + Math.Exp(-x)),
            UnaryOp.Erf => Erf,
            UnaryOp.Sin => Math.Sin,
            UnaryOp.Cos => Math.Cos,
            UnaryOp.Relu => x => Math.Max(x, 0),
            UnaryOp.Silu => x => x / (1 + Math.Exp(-x)),
            UnaryOp.Gelu => x => x * 0.5 * (1 + Erf(x / Math.Sqrt(2))),
            UnaryOp.GeluTanh => x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
        bool positive = op is UnaryOp.Sqrt or UnaryOp.Rsqrt or UnaryOp.Log or UnaryOp.Log1p or UnaryOp.Log2;
        Check([[13]], t => Ops.Unary(op, t[0]), p => Map(p[0], f), positive);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Matrix_products(bool transposeA, bool transposeB)
    {
        Shape a = transposeA ? [4, 3] : [3, 4], b = transposeB ? [5, 4] : [4, 5];
        double[] Product(double[] x, double[] w, double[]? bias) => [.. Enumerable.Range(0, 15).Select(ij =>
            Enumerable.Range(0, 4).Sum(k => x[transposeA ? (k * 3) + (ij / 5) : (ij / 5 * 4) + k] * w[transposeB ? (ij % 5 * 4) + k : (k * 5) + (ij % 5)])
            + (bias is null ? 0 : bias[ij % 5]))];
        Check([a, b], t => t[0].MatMul(t[1], transposeA, transposeB), p => Product(p[0], p[1], null));
        Check([a, b, [5]], t => Ops.MatMul(t[0], t[1], transposeA, transposeB, t[2]), p => Product(p[0], p[1], p[2]));

        Shape batchA = [2, a[0], a[1]], batchB = [2, b[0], b[1]];
        Check([batchA, batchB], t => t[0].MatMul(t[1], transposeA, transposeB), p =>
            [.. Product(p[0][..12], p[1][..20], null), .. Product(p[0][12..], p[1][20..], null)]);
    }

    [Fact]
    public void Matrix_product_with_leading_dimensions_and_with_a_vector()
    {
        static double[] Rows(double[] x, double[] w, int k, int n) => [.. Enumerable.Range(0, x.Length / k * n).Select(ij =>
            Enumerable.Range(0, k).Sum(i => x[(ij / n * k) + i] * w[(i * n) + (ij % n)]))];
        Check([[2, 3, 4], [4, 5]], t => t[0].MatMul(t[1]), p => Rows(p[0], p[1], 4, 5));
        Check([[4], [4, 5]], t => t[0].MatMul(t[1]), p => Rows(p[0], p[1], 4, 5));
        Assert.Equal([5], Tensor.Zeros([4]).MatMul(Tensor.Zeros([4, 5])).Shape);
    }

    [Fact]
    public void Rearrangements()
    {
        Check([[2, 3, 4]], t => t[0].Reshape(6, -1) * 2f, p => Map(p[0], x => 2 * x));
        Check([[4, 3]], t => t[0].Slice(0, 1, 2), p => p[0][3..9]);
        Check([[2, 4]], t => t[0].Slice(1, 1, 2), p => [p[0][1], p[0][2], p[0][5], p[0][6]]);
        Check([[2, 3]], t => t[0].Transpose(), p => [.. Enumerable.Range(0, 6).Select(i => p[0][(i % 2 * 3) + (i / 2)])]);
        Check([[2, 3, 2, 2]], t => t[0].Transpose(0, 2), p => [.. Enumerable.Range(0, 24).Select(i =>
            p[0][(i / 2 % 2 * 12) + (i / 4 % 3 * 4) + (i / 12 * 2) + (i % 2)])]);
    }

    [Fact]
    public void Reductions()
    {
        Check([[3, 4]], t => t[0].Sum(), p => [p[0].Sum()]);
        Check([[3, 4]], t => t[0].Mean(), p => [p[0].Average()]);
        Check([[3, 4]], t => t[0].Sum(-1), p => [p[0][..4].Sum(), p[0][4..8].Sum(), p[0][8..].Sum()]);
        Check([[3, 4]], t => t[0].Mean(1, keepDimension: true), p => [p[0][..4].Average(), p[0][4..8].Average(), p[0][8..].Average()]);
        Check([[3, 4]], t => t[0].Sum(0), p => [.. Enumerable.Range(0, 4).Select(c => p[0][c] + p[0][c + 4] + p[0][c + 8])]);
        Check([[2, 3, 2]], t => t[0].Mean(1), p => [.. Enumerable.Range(0, 4).Select(i => Enumerable.Range(0, 3).Average(j => p[0][(i / 2 * 6) + (j * 2) + (i % 2)]))]);
    }

    [Fact]
    public void Softmax_and_log_softmax()
    {
        Check([[3, 5]], t => t[0].Softmax(), p => ByRow(p[0], 5, Softmax));
        Check([[3, 5]], t => t[0].LogSoftmax(), p => ByRow(p[0], 5, r => Map(Softmax(r), Math.Log)));
    }

    [Fact]
    public void Norms()
    {
        static double[] Layer(double[] x, double[] w, double[]? b) => ByRow(x, 6, r =>
        {
            double mean = r.Average(), rstd = 1 / Math.Sqrt(r.Average(v => (v - mean) * (v - mean)) + 1e-5);
            return [.. r.Select((v, i) => ((v - mean) * rstd * w[i]) + (b is null ? 0 : b[i]))];
        });
        static double[] Rms(double[] x, double[] w) => ByRow(x, 6, r =>
        {
            double rstd = 1 / Math.Sqrt(r.Average(v => v * v) + 1e-6);
            return [.. r.Select((v, i) => v * rstd * w[i])];
        });
        Check([[4, 6], [6], [6]], t => Ops.LayerNorm(t[0], t[1], t[2], 1e-5f), p => Layer(p[0], p[1], p[2]));
        Check([[4, 6], [6]], t => Ops.LayerNorm(t[0], t[1], null, 1e-5f), p => Layer(p[0], p[1], null));
        Check([[4, 6], [6]], t => Ops.LayerNorm(t[0], t[1], t[1], 1e-5f), p => Layer(p[0], p[1], p[1])); // one tensor twice
        Check([[4, 6], [6]], t => Ops.RmsNorm(t[0], t[1], 1e-6f), p => Rms(p[0], p[1]));
    }

    [Fact]
    public void Embedding()
    {
        int[] ids = [2, 0, 2, 3];
        Check([[5, 3]], t => Ops.Embedding(t[0], ids), p => [.. ids.SelectMany(id => p[0][(id * 3)..((id * 3) + 3)])]);
    }

    [Fact]
    public void Cross_entropy_without_the_ignored_rows()
    {
        int[] targets = [1, -100, 3, 0];
        Check([[4, 5]], t => Ops.CrossEntropy(t[0], targets, -100), p => [.. targets.Select((target, i) =>
            target == -100 ? 0 : -Math.Log(Softmax(p[0][(i * 5)..((i * 5) + 5)])[target]))]);
    }

    [Fact]
    public void Attention()
    {
        const int B = 2, T = 4, H = 2, D = 3, C = H * D;
        AttentionShape shape = AttentionShape.CausalPacked(B, H, H, T, D, 0.5f);
        static double[] Reference(double[] x)
        {
            var y = new double[B * T * C];
            for (int bth = 0; bth < B * T * H; bth++)
            {
                int h = bth % H, t = bth / H % T, b = bth / H / T;
                double[] p = Softmax([.. Enumerable.Range(0, t + 1).Select(j => 0.5 * Enumerable.Range(0, D).Sum(d => At(x, b, t, 0, h, d) * At(x, b, j, 1, h, d)))]);
                for (int d = 0; d < D; d++)
                {
                    y[(((b * T) + t) * C) + (h * D) + d] = Enumerable.Range(0, t + 1).Sum(j => p[j] * At(x, b, j, 2, h, d));
                }
            }

            return y;
        }

        static double At(double[] x, int b, int t, int which, int h, int d) => x[(((b * T) + t) * 3 * C) + (which * C) + (h * D) + d];
        Check([[B * T, 3 * C]], t => Ops.Attention(t[0], shape), p => Reference(p[0]));
    }

    private static double[] Map(double[] x, Func<double, double> f) => Array.ConvertAll(x, v => f(v));

    private static double[] Map(double[] a, double[] b, Func<double, double, double> f) => [.. a.Zip(b, f)];

    private static double[] ByRow(double[] x, int columns, Func<double[], double[]> f) => [.. x.Chunk(columns).SelectMany(f)];

    private static double[] Softmax(double[] row)
    {
        double max = row.Max(), sum = row.Sum(v => Math.Exp(v - max));
        return Map(row, v => Math.Exp(v - max) / sum);
    }

    // Its Taylor series: enough for |x| < 3.
    private static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 80; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
