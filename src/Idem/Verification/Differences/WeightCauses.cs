// Weights that were changed between steps: by a defect of memory, or by hand. Found by a checkpoint that holds them, or by the digest
// of the ledger alone: then each single bit is tried, as far as the tensors are small enough to hash that often.

using System.Runtime.InteropServices;
using Idem.Audit;
using Idem.Formats;
using Idem.Nn;
using Idem.Numerics;
using Idem.Tensors;
using Idem.Training;

namespace Idem.Verification.Differences;

/// <summary>One element that was changed.</summary>
/// <param name="Parameter">Its parameter.</param>
/// <param name="Element">Its index, row-major.</param>
/// <param name="Bits">Its encoding after the change.</param>
internal sealed record ChangedWeight(string Parameter, int Element, uint Bits);

/// <summary>A cause found in the weights after a step, and how the tensor differs.</summary>
internal sealed record WeightCause(CauseCandidate Candidate, TensorDifference Tensor);

/// <summary>Looks for weights that were changed after a step.</summary>
internal static class WeightCauses
{
    public const string Name = "changed weights";
    private const int ChangedMax = 64;
    private const long BytesHashedMax = 1L << 33;
    private const long StepFloatsMax = 1L << 24;
    private const int SuspectsMax = 4;

    /// <summary>A change of weights after a step that may account for what the side states, or null.</summary>
    /// <param name="program">The side.</param>
    /// <param name="from">A step whose state is sound.</param>
    /// <param name="stated">What the side states otherwise.</param>
    /// <param name="compute">Resources.</param>
    /// <param name="cancellation">Stops the search.</param>
    public static WeightCause? Find(RunProgram program, long from, Mismatch stated, Compute compute, CancellationToken cancellation)
    {
        bool isAfter = stated.Quantity is "params_digest" or "model_digest of the checkpoint";
        if (!isAfter && stated.Quantity is not ("loss" or "grad_norm"))
        {
            return null;
        }

        long step = isAfter ? stated.Step : stated.Step - 1;
        RunExecution execution = program.Begin(from, compute);
        while (execution.Session.Step < step)
        {
            execution.Step(null, out _);
        }

        TrainingSession session = execution.Session;
        List<ChangedWeight>? changes = !isAfter ? FromNextCheckpoint(program, from, stated, session, compute, cancellation)
            : program.Side.Checkpoint(step) is { } checkpoint ? FromCheckpoint(checkpoint, session)
            : FromDigest(program.Side, session, cancellation);
        if (changes is null)
        {
            return null;
        }

        ChangedWeight first = changes[0];
        NamedParameter parameter = session.Model.NamedParameters().First(named => named.Name == first.Parameter);
        NamedTensor before = NamedTensor.Of(first.Parameter, Shape(parameter.Parameter), parameter.Parameter.ToArray());
        Apply(session, changes);
        TensorDifference tensor = TensorComparison.Find(first.Parameter, before, NamedTensor.Of(first.Parameter, Shape(parameter.Parameter), parameter.Parameter.ToArray()))!;
        string detail = changes.Count == 1 && System.Numerics.BitOperations.PopCount(Bits(before, first.Element) ^ first.Bits) == 1
            ? $"one bit of {first.Parameter}[{string.Join(", ", tensor.First!.Index)}] after step {step}"
            : $"{changes.Count} {(changes.Count == 1 ? "element" : "elements")} after step {step}, the first {first.Parameter}[{string.Join(", ", tensor.First!.Index)}]";
        return new WeightCause(new CauseCandidate(Name, detail, With(program, step, changes)), tensor);
    }

    /// <summary>The side with elements changed after a step.</summary>
    public static RunProgram With(RunProgram program, long step, IReadOnlyList<ChangedWeight> changes) => program with
    {
        Variant = new TrainingVariant
        {
            AfterUpdate = (at, session) =>
            {
                if (at == step)
                {
                    Apply(session, changes);
                }
            },
        },
    };

    private static void Apply(TrainingSession session, IReadOnlyList<ChangedWeight> changes)
    {
        Dictionary<string, Parameter> parameters = session.Model.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter, StringComparer.Ordinal);
        foreach (ChangedWeight change in changes)
        {
            parameters[change.Parameter].Data[change.Element] = BitConverter.UInt32BitsToSingle(change.Bits);
        }
    }

    // The side's own checkpoint after that step.
    private static List<ChangedWeight>? FromCheckpoint(RunCheckpoint checkpoint, TrainingSession session)
    {
        using SafeTensorsFile stored = checkpoint.OpenModel();
        List<ChangedWeight> changes = [];
        foreach (NamedParameter named in session.Model.NamedParameters())
        {
            ReadOnlySpan<uint> other = MemoryMarshal.Cast<float, uint>(stored[named.Name].Values<float>()), own = MemoryMarshal.Cast<float, uint>(named.Parameter.Data);
            for (int i = 0; i < own.Length; i++)
            {
                if (own[i] != other[i])
                {
                    changes.Add(new ChangedWeight(named.Name, i, other[i]));
                    if (changes.Count > ChangedMax)
                    {
                        return null; // not a change of some weights: another computation
                    }
                }
            }
        }

        return changes.Count == 0 ? null : changes;
    }

    // Every single bit, until the model's digest is the one that the ledger states.
    private static List<ChangedWeight>? FromDigest(RunSide side, TrainingSession session, CancellationToken cancellation)
    {
        if (side.Ledger[(int)session.Step - 1].Record.ParamsDigest is not { } wanted)
        {
            return null;
        }

        IReadOnlyList<NamedTensor> tensors = session.ModelTensors();
        TensorDigests digests = TensorDigest.ComputeAll(tensors, 1);
        foreach (NamedParameter named in session.Model.NamedParameters())
        {
            Parameter parameter = named.Parameter;
            long bytes = 32L * parameter.Length * Math.Min(TensorDigest.ChunkBytes, sizeof(float) * (long)parameter.Length);
            if (bytes > BytesHashedMax)
            {
                continue;
            }

            NamedTensor tensor = tensors.First(tensor => tensor.Name == named.Name);
            for (int i = 0; i < parameter.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                uint bits = BitConverter.SingleToUInt32Bits(parameter.Data[i]);
                for (int bit = 0; bit < 32; bit++)
                {
                    parameter.Data[i] = BitConverter.UInt32BitsToSingle(bits ^ (1u << bit));
                    if (TensorDigest.RootWith(digests, tensor) == wanted)
                    {
                        parameter.Data[i] = BitConverter.UInt32BitsToSingle(bits);
                        return [new ChangedWeight(named.Name, i, bits ^ (1u << bit))];
                    }
                }

                parameter.Data[i] = BitConverter.UInt32BitsToSingle(bits);
            }
        }

        return null;
    }

    // The change shows in the next step's loss alone. A later checkpoint still has it: the element that moved most. Which bit it was
    // is tried by execution.
    private static List<ChangedWeight>? FromNextCheckpoint(
        RunProgram program, long from, Mismatch stated, TrainingSession session, Compute compute, CancellationToken cancellation)
    {
        long step = session.Step;
        if (program.Side.Evidence.Checkpoints.FirstOrDefault(checkpoint => checkpoint.Step > step) is not { } checkpoint
            || session.ParameterCount * (checkpoint.Step - from) > StepFloatsMax)
        {
            return null;
        }

        List<ChangedWeight> now = [.. session.Model.NamedParameters().SelectMany(named => Enumerable.Range(0, named.Parameter.Length)
            .Select(i => new ChangedWeight(named.Name, i, BitConverter.SingleToUInt32Bits(named.Parameter.Data[i]))))];
        RunExecution later = program.Begin(from, compute);
        while (later.Session.Step < checkpoint.Step)
        {
            later.Step(null, out _);
        }

        using SafeTensorsFile stored = checkpoint.OpenModel();
        List<(double Moved, int Index)> moved = [];
        int index = 0;
        foreach (NamedParameter named in later.Session.Model.NamedParameters())
        {
            ReadOnlySpan<float> other = stored[named.Name].Values<float>(), own = named.Parameter.Data;
            for (int i = 0; i < own.Length; i++, index++)
            {
                moved.Add((Math.Abs((double)own[i] - other[i]), index));
            }
        }

        foreach ((_, int suspect) in moved.OrderByDescending(element => element.Moved).Take(SuspectsMax))
        {
            for (int bit = 0; bit < 32; bit++)
            {
                List<ChangedWeight> changes = [now[suspect] with { Bits = now[suspect].Bits ^ (1u << bit) }];
                if (With(program, step, changes).FirstMismatch(from, stated.Step, compute, null, cancellation) is null)
                {
                    return changes;
                }
            }
        }

        return null;
    }

    private static long[] Shape(Parameter parameter) => Array.ConvertAll(parameter.Shape.ToArray(), size => (long)size);

    private static uint Bits(NamedTensor tensor, int element) => BitConverter.SingleToUInt32Bits(tensor.Values<float>()[element]);
}
