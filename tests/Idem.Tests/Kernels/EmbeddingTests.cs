using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

public class EmbeddingTests
{
    [Theory]
    [InlineData(0, 3, 5)]
    [InlineData(5, 3, 1)]
    [InlineData(40, 7, 33)]
    [InlineData(300, 3, 130)]
    [InlineData(1400, 5, 9)]
    [InlineData(1400, 300, 64)]
    public void EqualsTheReference(int count, int vocabulary, int width)
    {
        // Runs and gaps of whole leaves: some ids occur everywhere, some in one leaf only, some never.
        int[] ids = [.. Enumerable.Range(0, count).Select(t => t % 3 == 0 ? 0 : t / 256 % 2 == 1 ? t * 7 % Math.Max(1, vocabulary - 1) : t / 256 % vocabulary)];
        float[] table = KernelTesting.Awkward(1, vocabulary * width), dy = KernelTesting.Awkward(2, count * width), dtable = new float[vocabulary * width];
        Embedding.Reference.Backward(ids, vocabulary, width, dy, dtable);
        foreach (Compute compute in KernelTesting.For(count * width))
        {
            string where = $"{count} ids, {compute.Name()}";
            Guarded y = new(count * width), gradient = new(vocabulary * width);
            Embedding.Forward(compute, ids, vocabulary, width, table, y.Span);
            Embedding.Backward(compute, ids, vocabulary, width, new Guarded(dy).Span, gradient.Span);
            KernelTesting.SameBits([.. ids.SelectMany(id => table.Skip(id * width).Take(width))], y.Span, where);
            KernelTesting.SameBits(dtable, gradient.Span, where);

            // Added to a sum without -0: only rows that tokens have change, and all elements are those of the whole sum.
            float[] sum = [.. KernelTesting.Awkward(3, vocabulary * width).Select(x => x + 0f)], whole = [.. sum.Zip(dtable, (x, y) => x + y)];
            Guarded into = new(sum);
            Embedding.BackwardInto(compute, ids, vocabulary, width, dy, into.Span);
            KernelTesting.SameBits(whole, into.Span, where);
            into.CheckWalls(where);
            y.CheckWalls(where);
            gradient.CheckWalls(where);
        }
    }

    [Fact]
    public void AnIdBeyondTheVocabularyIsNamed()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Embedding.Forward(KernelTesting.Computes[0], [1, 4], 4, 1, new float[4], new float[2]));
        Assert.Contains("id 1 is 4", error.Message, StringComparison.Ordinal);
    }
}
