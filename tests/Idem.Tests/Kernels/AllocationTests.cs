using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>A kernel that has run once allocates nothing on the managed heap: on the caller's thread, alone or sharing its work.</summary>
public class AllocationTests
{
    /// <summary>The runtime's own work on a method's first calls counts as the thread's; a kernel that allocates does so at every call.</summary>
    private const int WarmingCalls = 8;

    private const int Rows = 600;
    private const int Columns = 96;
    private const int Count = Rows * Columns;

    public static TheoryData<string> Names => [.. Cases(new Compute(SimdPath.Scalar, 1)).Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void NothingIsAllocated(string name)
    {
        foreach (Compute compute in new[] { new Compute(SimdPaths.Widest, 1), new Compute(SimdPaths.Widest, 2) })
        {
            Action kernel = Cases(compute)[name];
            long allocated = 1;
            for (int call = 0; call < WarmingCalls && allocated != 0; call++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                kernel();
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Assert.Equal(0, allocated);
        }
    }

    private static SortedList<string, Action> Cases(Compute compute)
    {
        float[] x = KernelTesting.Moderate(1, Count), y = KernelTesting.Moderate(2, Count), dy = KernelTesting.Moderate(3, Count), dx = new float[Count];
        float[] weight = KernelTesting.Moderate(4, Columns), bias = KernelTesting.Moderate(5, Columns), dweight = new float[Columns], dbias = new float[Columns];
        float[] mean = new float[Rows], rstd = new float[Rows];
        int[] ids = [.. Enumerable.Range(0, Rows).Select(i => i * 7 % 50)];
        float[] table = KernelTesting.Moderate(6, 50 * Columns);
        SortedList<string, Action> cases = new(StringComparer.Ordinal)
        {
            ["Scale"] = () => Elementwise.Scale(compute, x, 2f, y),
            ["AddScalar"] = () => Elementwise.AddScalar(compute, x, 2f, y),
            ["BinaryBroadcast"] = () => Elementwise.BinaryBroadcast(compute, BinaryOp.Add, [Rows, Columns], x, [Columns, 1], bias, [0, 1], y),
            ["BiasUnary"] = () => Elementwise.BiasUnary(compute, UnaryOp.Gelu, Rows, Columns, x, bias, dx, y),
            ["BiasUnaryGradient"] = () => Elementwise.BiasUnaryGradient(compute, UnaryOp.GeluTanh, Rows, Columns, x, dy, dx, dbias),
            ["LayerNorm.Forward"] = () => LayerNorm.Forward(compute, Rows, Columns, x, weight, bias, 1e-5f, y, mean, rstd),
            ["LayerNorm.ForwardResidual"] = () => LayerNorm.ForwardResidual(compute, Rows, Columns, x, dy, weight, bias, 1e-5f, dx, y, mean, rstd),
            ["LayerNorm.Backward"] = () => LayerNorm.Backward(compute, Rows, Columns, x, weight, mean, rstd, dy, dx, dweight, dbias),
            ["LayerNorm.BackwardResidual"] = () => LayerNorm.BackwardResidual(compute, Rows, Columns, x, weight, mean, rstd, dy, y, dx, dweight, dbias),
            ["RmsNorm.Forward"] = () => RmsNorm.Forward(compute, Rows, Columns, x, weight, 1e-5f, y, rstd),
            ["RmsNorm.ForwardResidual"] = () => RmsNorm.ForwardResidual(compute, Rows, Columns, x, dy, weight, 1e-5f, dx, y, rstd),
            ["RmsNorm.Backward"] = () => RmsNorm.Backward(compute, Rows, Columns, x, weight, rstd, dy, dx, dweight),
            ["RmsNorm.BackwardResidual"] = () => RmsNorm.BackwardResidual(compute, Rows, Columns, x, weight, rstd, dy, y, dx, dweight),
            ["Softmax.Forward"] = () => Softmax.Forward(compute, Rows, Columns, x, y),
            ["Softmax.Backward"] = () => Softmax.Backward(compute, Rows, Columns, y, dy, dx),
            ["LogSoftmax.Forward"] = () => LogSoftmax.Forward(compute, Rows, Columns, x, y),
            ["LogSoftmax.Backward"] = () => LogSoftmax.Backward(compute, Rows, Columns, y, dy, dx),
            ["Reduce.SumRows"] = () => Reduce.SumRows(compute, Rows, Columns, x, mean),
            ["Reduce.MeanRows"] = () => Reduce.MeanRows(compute, Rows, Columns, x, mean),
            ["Reduce.SumColumns"] = () => Reduce.SumColumns(compute, Rows, Columns, x, dbias),
            ["Reduce.SumToShape"] = () => Reduce.SumToShape(compute, [Rows, Columns], x, [1, 0], mean),
            ["Reduce.Sum"] = () => Reduce.Sum(compute, x),
            ["Reduce.SumOfSquares"] = () => Reduce.SumOfSquares(compute, x),
            ["Reduce.AddInPlace"] = () => Reduce.AddInPlace(compute, y, x),
            ["Embedding.Forward"] = () => Embedding.Forward(compute, ids, 50, Columns, table, y),
            ["Embedding.Backward"] = () => Embedding.Backward(compute, ids, 50, Columns, y, table),
        };
        foreach (UnaryOp op in Enum.GetValues<UnaryOp>())
        {
            cases[$"Unary.{op}"] = () => Elementwise.Unary(compute, op, x, y);
            cases[$"UnaryGradient.{op}"] = () => Elementwise.UnaryGradient(compute, op, x, y, dy, dx);
        }

        foreach (BinaryOp op in Enum.GetValues<BinaryOp>())
        {
            cases[$"Binary.{op}"] = () => Elementwise.Binary(compute, op, x, dy, y);
        }

        return cases;
    }
}
