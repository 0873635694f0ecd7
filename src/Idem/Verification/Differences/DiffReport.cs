// What 'idem diff' found: what the two things are made of, where they part, and why.

using Idem.Formats;

namespace Idem.Verification.Differences;

/// <summary>Something that decides bits, or says who computed them, and that the two sides have differently.</summary>
/// <param name="What">Its name: <c>config seed</c>, <c>data</c>, <c>tokenizer</c>, <c>arithmetic</c>, <c>code</c>, ...</param>
/// <param name="A">What the first side has.</param>
/// <param name="B">What the second side has.</param>
/// <param name="DecidesBits">Whether results depend on it.</param>
public sealed record Difference(string What, string A, string B, bool DecidesBits = true);

/// <summary>The first differing element of a tensor.</summary>
/// <param name="Index">Its index in each dimension.</param>
/// <param name="A">The first side's value, decimal.</param>
/// <param name="B">The second side's value, decimal.</param>
/// <param name="BitsA">The first side's encoding, hex digits.</param>
/// <param name="BitsB">The second side's encoding, hex digits.</param>
/// <param name="Ulps">Representable numbers from one to the other; null where the types differ or one is not a number.</param>
public sealed record ElementDifference(IReadOnlyList<long> Index, string A, string B, string BitsA, string BitsB, ulong? Ulps);

/// <summary>Two tensors that differ.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="DTypeA">The first side's element type.</param>
/// <param name="DTypeB">The second side's element type.</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Elements">How many there are.</param>
/// <param name="Different">How many differ.</param>
/// <param name="First">The first of these in row-major order; null where their type holds no numbers.</param>
/// <param name="UlpsMax">The largest distance; null where it has no meaning.</param>
/// <param name="RelativeMax">The largest |a - b| / max(|a|, |b|).</param>
/// <param name="AbsoluteMax">The largest |a - b|.</param>
public sealed record TensorDifference(
    string Name, DType DTypeA, DType DTypeB, IReadOnlyList<long> Shape, long Elements, long Different, ElementDifference? First, ulong? UlpsMax, double RelativeMax, double AbsoluteMax)
{
    /// <summary>Whether it was measured and found equal, as layers of another framework may be.</summary>
    public bool IsEqual => Different == 0;
}

/// <summary>How many steps two runs have.</summary>
/// <param name="A">Steps of the first.</param>
/// <param name="B">Steps of the second.</param>
public sealed record DiffSteps(long A, long B)
{
    /// <summary>Steps that both have: all that can be compared.</summary>
    public long Common => Math.Min(A, B);

    /// <summary>Whether one goes further, so that equality ends before it does.</summary>
    public bool AreUnequal => A != B;
}

/// <summary>The first place where two executions part.</summary>
/// <param name="Step">The step; 0 for what training begins with; null where there are no steps.</param>
/// <param name="Phase">forward, backward, reduce, optimizer; or <c>weights</c> where they were changed between steps.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Module">The module it ran in.</param>
/// <param name="Result">Which of its results.</param>
/// <param name="Tensor">The values, where they are known.</param>
public sealed record DiffPlace(long? Step, string Phase, string Operation, string Module, string Result, TensorDifference? Tensor)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{(Step is { } step ? (step == 0 ? "before step 1, " : $"step {step}, ") : "")}{Phase}: {Operation}{(Module.Length == 0 ? "" : " in " + Module)}, {Result}";
}

/// <summary>A reason why two sides differ.</summary>
/// <param name="Name">What it is, e.g. <c>another seed</c>.</param>
/// <param name="Detail">With which values.</param>
/// <param name="Side">Which side it was executed for: <c>a</c> or <c>b</c>.</param>
/// <param name="IsConfirmed">Whether re-execution with it gave the bits that this side states.</param>
/// <param name="Steps">The steps that were compared.</param>
public sealed record DiffCause(string Name, string Detail, string Side, bool IsConfirmed, string Steps);

/// <summary>What a comparison found.</summary>
/// <param name="Kind">What was compared: runs, checkpoints, models, traces.</param>
/// <param name="Differences">What the sides are made of, where it differs.</param>
public sealed record DiffReport(string Kind, IReadOnlyList<Difference> Differences)
{
    /// <summary>Whether nothing that was compared differs, but for what decides no bit. Of runs: as far as both go.</summary>
    public bool IsEqual => FirstStep is null && Place is null && Tensors.All(tensor => tensor.IsEqual) && Differences.All(difference => !difference.DecidesBits);

    /// <summary>Of runs: how far each goes.</summary>
    public DiffSteps? Steps { get; init; }

    /// <summary>The first step of which the sides state different things; null if they agree as far as both go.</summary>
    public long? FirstStep { get; init; }

    /// <summary>What they state differently there.</summary>
    public Mismatch? Stated { get; init; }

    /// <summary>The first operation that gave different results.</summary>
    public DiffPlace? Place { get; init; }

    /// <summary>Tensors that differ, in order; of traces from another framework all that were compared.</summary>
    public IReadOnlyList<TensorDifference> Tensors { get; init; } = [];

    /// <summary>Why.</summary>
    public IReadOnlyList<DiffCause> Causes { get; init; } = [];

    /// <summary>What was tried and did not give the bits.</summary>
    public IReadOnlyList<string> Tried { get; init; } = [];

    /// <summary>What else is worth knowing.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Called while a comparison works.</summary>
/// <param name="What">What it does.</param>
/// <param name="Done">Parts done.</param>
/// <param name="Total">Parts in all; 0 where that is not known.</param>
public readonly record struct DiffProgress(string What, long Done, long Total);
