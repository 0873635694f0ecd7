using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tests.Support;

namespace Idem.Tests.Kernels;

/// <summary>Packed weights share regions of memory: none may touch another's, in whatever order they come and go.</summary>
public class PackedMemoryTests
{
    [Fact]
    public void Weights_keep_their_values_while_others_come_and_go()
    {
        Compute compute = new(SimdPaths.Widest, 1);
        Random random = new(5);
        List<(PackedWeights Weights, float Value)> living = [];
        for (int round = 0; round < 200; round++)
        {
            // From one column to more than a region of 32 MiB.
            (int k, int n) = round % 40 == 7 ? (2100, 12000) : (random.Next(1, 700), random.Next(1, 500));
            float value = round + 1; // stored in two bytes at most
            living.Add((PackedWeights.Pack(compute, PackedDtype.Float32, false, k, n, (_, values) => values.Fill(value)), value));
            while (living.Count > 5 || (living.Count > 0 && random.Next(4) == 0))
            {
                int taken = random.Next(living.Count);
                Check(compute, living[taken]);
                living[taken].Weights.Dispose();
                living.RemoveAt(taken);
            }
        }

        living.ForEach(each =>
        {
            Check(compute, each);
            each.Weights.Dispose();
            Assert.Throws<ObjectDisposedException>(() => Check(compute, each));
        });
    }

    /// <summary>Other tests take memory meanwhile, so one undisturbed try of many is enough.</summary>
    [Fact]
    public void What_was_taken_last_is_taken_again() => Assert.Contains(Enumerable.Range(0, 1000), _ =>
    {
        PackedMemory first = PackedMemory.Rent(5000), second = PackedMemory.Rent(7000);
        nint at = Address(second);
        second.Return();
        PackedMemory third = PackedMemory.Rent(300);
        first.Return(); // not the last: its place stays
        PackedMemory fourth = PackedMemory.Rent(300);
        bool isTaken = Address(third) == at && Address(fourth) > at;
        third.Return();
        fourth.Return();
        return isTaken;
    });

    private static unsafe nint Address(PackedMemory memory) => (nint)memory.Start;

    // One times the sum of a column of equal whole numbers: exact.
    private static void Check(Compute compute, (PackedWeights Weights, float Value) each)
    {
        float[] ones = new float[each.Weights.K], sums = new float[each.Weights.N];
        Array.Fill(ones, 1f);
        MatMul.Multiply(compute, 1, ones, ones.Length, each.Weights, [], sums, sums.Length);
        Assert.All(sums, sum => Assert.Equal(each.Value * each.Weights.K, sum));
    }
}
