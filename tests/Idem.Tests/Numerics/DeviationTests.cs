using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;

namespace Idem.Tests.Numerics;

/// <summary>Each deviating arithmetic does what it says, and one that deviates in nothing has Idem's bits.</summary>
public class DeviationTests
{
    private const int M = 5, N = 7, K = 700;

    private static readonly float[] A = Values(M * K, 1), B = Values(N * K, 2);

    [Fact]
    public void NoDeviationIsTheDefinition()
    {
        float[] expected = Product(new Compute(SimdPaths.Widest, 2));
        Assert.Equal(Bits(expected), Bits(Product(Compute.Deviating(new Deviation(), 2))));
        Assert.Equal(Bits(expected), Bits(Product(Compute.Deviating(new Deviation { Products = new DotOrder(DotOrderKind.Chains, ChainTree.Leaf) }, 1))));
        foreach (UnaryOp op in Enum.GetValues<UnaryOp>())
        {
            float[] x = Values(100, 3), defined = new float[100], deviating = new float[100];
            Elementwise.Unary(new Compute(SimdPath.Scalar, 1), op, x, defined);
            Elementwise.Unary(Compute.Deviating(new Deviation(), 1), op, x, deviating);
            Assert.Equal(Bits(defined), Bits(deviating));
        }
    }

    [Fact]
    public void OrdersOfProductsAreWhatTheySay()
    {
        Assert.Equal(Bits(Each((a, b) => Sum(a, b, 0, K, 1))), Bits(Product(Deviating(DotOrder.Sequential))));
        Assert.Equal(Bits(Each((a, b) => Sum(a, b, K - 1, -1, -1))), Bits(Product(Deviating(new DotOrder(DotOrderKind.Descending, 1)))));
        Assert.Equal(Bits(Each((a, b) =>
        {
            float[] lanes = [.. Enumerable.Range(0, 4).Select(lane => Sum(a, b, lane, K, 4))];
            return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
        })), Bits(Product(Deviating(new DotOrder(DotOrderKind.Lanes, 4)))));
        Assert.Equal(Bits(Each((a, b) =>
        {
            double sum = 0;
            for (int k = 0; k < K; k++)
            {
                sum += (double)a[k] * b[k];
            }

            return (float)sum;
        })), Bits(Product(Compute.Deviating(new Deviation { WideProducts = true, Products = DotOrder.Sequential }, 1))));
    }

    [Fact]
    public void WithoutFusingAProductIsRoundedBeforeItIsAdded() => Assert.Equal(
        Bits(Each((a, b) =>
        {
            float sum = 0;
            for (int k = 0; k < K; k++)
            {
                float product = a[k] * b[k];
                sum += product;
            }

            return sum;
        })),
        Bits(Product(Compute.Deviating(new Deviation { Unfused = true, Products = DotOrder.Sequential }, 1))));

    [Fact]
    public void SubnormalsAreFlushedOnlyWhereTheRuleSaysSo()
    {
        float[] x = [float.Epsilon, -float.Epsilon, 1e-39f, 1.5f], y = [float.Epsilon, 0f, 1e-39f, 1.5f], sum = new float[4];
        Elementwise.Binary(Compute.Deviating(new Deviation { Flushed = true }, 1), BinaryOp.Add, x, y, sum);
        Assert.Equal(Bits([0f, 0f, 0f, 3f]), Bits(sum));
        Elementwise.Binary(Compute.Deviating(new Deviation { Unfused = true }, 1), BinaryOp.Add, x, y, sum);
        Assert.Equal(Bits([2 * float.Epsilon, -float.Epsilon, 1e-39f + 1e-39f, 3f]), Bits(sum));
    }

    [Fact]
    public void ContractionFusesAProductWithTheSumItGoesInto()
    {
        DeviantSingle Contracted(Func<DeviantSingle> body)
        {
            SimdDeviant.Follow(DeviantRules.Contracted);
            DeviantSingle result = body();
            SimdDeviant.Follow(DeviantRules.None);
            return result;
        }

        float factor = 1f + MathF.ScaleB(1, -12), rest = MathF.ScaleB(1, -24);
        DeviantSingle a = factor, square = factor * factor, negated = -(factor * factor);
        Assert.Equal(rest, Contracted(() => SimdDeviant.Subtract(SimdDeviant.Multiply(a, a), square)).Value);
        Assert.Equal(-rest, Contracted(() => SimdDeviant.Subtract(square, SimdDeviant.Multiply(a, a))).Value);
        Assert.Equal(rest, Contracted(() => SimdDeviant.Add(negated, SimdDeviant.Multiply(a, a))).Value);
        Assert.Equal(0f, SimdDeviant.Subtract(SimdDeviant.Multiply(a, a), square).Value);
    }

    private static Compute Deviating(DotOrder order) => Compute.Deviating(new Deviation { Products = order }, 1);

    private static float Sum(float[] a, float[] b, int first, int end, int step)
    {
        float sum = 0;
        for (int k = first; step > 0 ? k < end : k > end; k += step)
        {
            sum = Fma.Single(a[k], b[k], sum);
        }

        return sum;
    }

    private static float[] Each(Func<float[], float[], float> dot)
    {
        float[] c = new float[M * N];
        for (int i = 0; i < M; i++)
        {
            for (int j = 0; j < N; j++)
            {
                c[(i * N) + j] = dot(A[(i * K)..((i + 1) * K)], B[(j * K)..((j + 1) * K)]);
            }
        }

        return c;
    }

    private static float[] Product(Compute compute)
    {
        float[] c = new float[M * N];
        MatMul.Multiply(compute, false, true, M, N, K, A, K, B, K, default, c, N);
        return c;
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * 3)];
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
