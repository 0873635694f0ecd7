using Idem.Audit;
using Idem.Formats;
using Idem.Tests.Support;
using Idem.Training;

namespace Idem.Tests.Training;

/// <summary>A training step, its ledger line included, leaves nothing to the garbage collector on any thread.</summary>
[Collection(typeof(Models.Alone))]
public class StepAllocationTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(2, 1)]
    public void AStepAllocatesNothing(int threads, int shards)
    {
        TrainConfig config = new()
        {
            Seed = 5, NLayer = 2, NHead = 2, NEmbd = 16, NPositions = 8, BatchSize = 10, Shards = shards, Steps = 1000, Dropout = 0.2, DigestEvery = 100_000, EvalEvery = 0,
        };
        Compute before = Compute.Current;
        string folder = Directory.CreateTempSubdirectory("idem-step-").FullName;
        try
        {
            Compute.Current = new Compute(SimdPaths.Widest, threads);
            TrainingSession session = new(config, TrainingData.Load([TrainingData.DemoPath], config), Compute.Current);
            using LedgerWriter ledger = LedgerWriter.Create(DiskFileSystem.Instance, Path.Combine(folder, "ledger"), default, linesPerFlush: 64);
            long allocated = 0;
            for (int round = 0; round < 25; round++) // a first round warms up; later ones may meet a thread's first turn at a shard, late on a busy machine
            {
                long start = GC.GetTotalAllocatedBytes(precise: true);
                for (int step = 0; step < 50; step++)
                {
                    ledger.Append(session.Execute(null, default));
                }

                allocated = GC.GetTotalAllocatedBytes(precise: true) - start;
                if (round > 0 && allocated == 0)
                {
                    break;
                }
            }

            Assert.Equal(0, allocated);
        }
        finally
        {
            Compute.Current = before;
            Directory.Delete(folder, recursive: true);
        }
    }
}
