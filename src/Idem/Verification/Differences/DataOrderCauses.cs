// Other orders of the data: what a step was trained on is told by its data_digest, so an order is looked for without training, and
// only one that gives that digest is executed.

using Idem.Audit;
using Idem.Data;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>Looks for the batch that a side trained on.</summary>
internal static class DataOrderCauses
{
    public const string Name = "another data order";
    private const long StepsSearched = 4096;
    private const long WindowsMax = 1 << 20;

    /// <summary>Orders that give the digest that a side states for a step.</summary>
    public static IEnumerable<CauseCandidate> Of(RunProgram program, long step)
    {
        TrainingObjective objective = TrainingObjective.Of(program.Config, program.Data, program.Start);
        TokenDatasetSampler sampler = new(program.Data.Tokens.Train, objective.TextLength, program.Config.Seed);
        int batch = program.Config.SequencesPerStep;
        ulong Defined(long at, int sequence) => ((ulong)(at - 1) * (ulong)batch) + (ulong)sequence;
        foreach ((string detail, Func<long, int, ulong> order) in Orders(program, sampler, step, Defined))
        {
            if (BatchDigest(program.Config, program.Data, objective, sampler, step, order) == program.Side.Ledger[(int)step - 1].Record.DataDigest)
            {
                yield return new CauseCandidate(Name, detail, program with { Variant = new TrainingVariant { SampleIndex = order } });
            }
        }
    }

    private static IEnumerable<(string Detail, Func<long, int, ulong> Order)> Orders(
        RunProgram program, TokenDatasetSampler sampler, long step, Func<long, int, ulong> defined)
    {
        int batch = program.Config.SequencesPerStep;
        yield return ("the sequences of each step in reverse", (at, sequence) => defined(at, batch - 1 - sequence));
        for (long distance = 1; distance <= StepsSearched; distance++)
        {
            foreach (long other in new[] { step - distance, step + distance })
            {
                if (other < 1)
                {
                    continue;
                }

                long shift = other - step;
                string direction = shift < 0 ? "repeats" : "skips";
                yield return ($"from step {step} on the data {direction} {distance} {(distance == 1 ? "step" : "steps")}", (at, sequence) => defined(at < step ? at : at + shift, sequence));
                yield return ($"step {step} has the data of step {other}", (at, sequence) => defined(at == step ? other : at, sequence));
            }
        }

        if (sampler.Windows <= WindowsMax)
        {
            Dictionary<ulong, ulong[]> epochs = [];
            yield return ("windows in the order of the text, not shuffled", (at, sequence) => InTextOrder(sampler, epochs, defined(at, sequence)));
        }
    }

    // Place i of an epoch has the window that is i-th in the text.
    private static ulong InTextOrder(TokenDatasetSampler sampler, Dictionary<ulong, ulong[]> epochs, ulong sample)
    {
        ulong windows = (ulong)sampler.Windows, epoch = sample / windows;
        if (!epochs.TryGetValue(epoch, out ulong[]? order))
        {
            order = [.. Enumerable.Range(0, (int)windows).Select(place => (epoch * windows) + (ulong)place).OrderBy(sampler.WindowStart)];
            epochs.Add(epoch, order);
        }

        return order[sample % windows];
    }

    /// <summary>The digest that a step has under an order.</summary>
    internal static Digest BatchDigest(
        TrainConfig config, TrainingData data, TrainingObjective objective, TokenDatasetSampler sampler, long step, Func<long, int, ulong> order)
    {
        int length = objective.Length, batch = config.SequencesPerStep;
        int[] inputs = new int[batch * length], targets = new int[batch * length];
        for (int sequence = 0; sequence < batch; sequence++)
        {
            int start = sampler.WindowStart(order(step, sequence));
            objective.Fill(data.Tokens.Train, start, step, sequence, inputs.AsSpan(sequence * length, length), targets.AsSpan(sequence * length, length));
        }

        return TrainingData.BatchDigest(inputs, targets);
    }
}
