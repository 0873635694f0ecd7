// Learning-rate schedules: pure functions of the update's index, so a run that continues needs no scheduler state. The formulas
// are in Idem.Numerics (LearningRates); here they get their arguments. Compose: new WarmupSchedule(100, new CosineSchedule(...)).

using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>The learning rate of every update.</summary>
public abstract record Schedule
{
    /// <summary>The learning rate of update number <paramref name="step"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public double LearningRate(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return At(step);
    }

    private protected abstract double At(long step);

    private protected static long Positive(string name, long steps) =>
        steps > 0 ? steps : throw new ArgumentOutOfRangeException(name, steps, $"{name} must be at least 1");

    private protected static double Rate(string name, double rate) => Argument.AtLeastZero(name, rate);
}

/// <summary>The same rate always.</summary>
public sealed record ConstantSchedule : Schedule
{
    /// <param name="lr">The rate.</param>
    public ConstantSchedule(double lr) => Peak = Rate(nameof(lr), lr);

    /// <summary>The rate.</summary>
    public double Peak { get; }

    private protected override double At(long step) => Peak;
}

/// <summary>A straight line from the peak at step 0 to the minimum at <see cref="Steps"/>, then the minimum.</summary>
public sealed record LinearSchedule : Schedule
{
    /// <param name="lr">The rate at step 0.</param>
    /// <param name="minimum">The rate from <paramref name="steps"/> on.</param>
    /// <param name="steps">Steps of the decay.</param>
    public LinearSchedule(double lr, double minimum, long steps) =>
        (Peak, Minimum, Steps) = (Rate(nameof(lr), lr), Rate(nameof(minimum), minimum), Positive(nameof(steps), steps));

    /// <summary>The rate at step 0.</summary>
    public double Peak { get; }

    /// <summary>The rate at the end.</summary>
    public double Minimum { get; }

    /// <summary>Steps of the decay.</summary>
    public long Steps { get; }

    private protected override double At(long step) => LearningRates.Linear(Peak, Minimum, step, Steps);
}

/// <summary>Half a cosine from the peak at step 0 to the minimum at <see cref="Steps"/>, then the minimum.</summary>
public sealed record CosineSchedule : Schedule
{
    /// <param name="lr">The rate at step 0.</param>
    /// <param name="minimum">The rate from <paramref name="steps"/> on.</param>
    /// <param name="steps">Steps of the decay.</param>
    public CosineSchedule(double lr, double minimum, long steps) =>
        (Peak, Minimum, Steps) = (Rate(nameof(lr), lr), Rate(nameof(minimum), minimum), Positive(nameof(steps), steps));

    /// <summary>The rate at step 0.</summary>
    public double Peak { get; }

    /// <summary>The rate at the end.</summary>
    public double Minimum { get; }

    /// <summary>Steps of the decay.</summary>
    public long Steps { get; }

    private protected override double At(long step) => LearningRates.Cosine(Peak, Minimum, step, Steps);
}

/// <summary>torch.optim.lr_scheduler.CosineAnnealingLR in closed form: half a cosine down in TMax steps, half a cosine up again.</summary>
public sealed record CosineAnnealingSchedule : Schedule
{
    /// <param name="lr">The rate at step 0.</param>
    /// <param name="tMax">Steps to the minimum.</param>
    /// <param name="etaMin">The minimum.</param>
    public CosineAnnealingSchedule(double lr, long tMax, double etaMin = 0) =>
        (Peak, TMax, EtaMin) = (Rate(nameof(lr), lr), Positive(nameof(tMax), tMax), Rate(nameof(etaMin), etaMin));

    /// <summary>The rate at step 0.</summary>
    public double Peak { get; }

    /// <summary>Steps to the minimum.</summary>
    public long TMax { get; }

    /// <summary>The minimum.</summary>
    public double EtaMin { get; }

    private protected override double At(long step) => LearningRates.CosineAnnealing(Peak, EtaMin, step, TMax);
}

/// <summary>torch.optim.lr_scheduler.StepLR: multiplied by gamma every <see cref="StepSize"/> steps.</summary>
public sealed record StepSchedule : Schedule
{
    /// <param name="lr">The rate at step 0.</param>
    /// <param name="stepSize">Steps at one rate.</param>
    /// <param name="gamma">The factor.</param>
    public StepSchedule(double lr, long stepSize, double gamma = 0.1) =>
        (Initial, StepSize, Gamma) = (Rate(nameof(lr), lr), Positive(nameof(stepSize), stepSize), Rate(nameof(gamma), gamma));

    /// <summary>The rate at step 0.</summary>
    public double Initial { get; }

    /// <summary>Steps at one rate.</summary>
    public long StepSize { get; }

    /// <summary>The factor.</summary>
    public double Gamma { get; }

    private protected override double At(long step) => LearningRates.Step(Initial, Gamma, step, StepSize);
}

/// <summary>Where a linear warm-up begins.</summary>
public enum WarmupStart
{
    /// <summary>Update s of W has the share s/W: the first has rate 0 (Hugging Face, older nanoGPT).</summary>
    Zero,

    /// <summary>Update s of W has the share (s+1)/(W+1): no update is lost (nanoGPT).</summary>
    AboveZero,
}

/// <summary>A straight line up to the first rate of another schedule, which begins after it and counts its steps from there.</summary>
public sealed record WarmupSchedule : Schedule
{
    /// <param name="warmupSteps">Steps of the warm-up; 0 is none.</param>
    /// <param name="then">What follows; its steps do not include the warm-up.</param>
    /// <param name="start">Where the line begins.</param>
    public WarmupSchedule(long warmupSteps, Schedule then, WarmupStart start = WarmupStart.Zero)
    {
        ArgumentNullException.ThrowIfNull(then);
        ArgumentOutOfRangeException.ThrowIfNegative(warmupSteps);
        (WarmupSteps, Then, Start) = (warmupSteps, then, start);
    }

    /// <summary>Steps of the warm-up.</summary>
    public long WarmupSteps { get; }

    /// <summary>What follows.</summary>
    public Schedule Then { get; }

    /// <summary>Where the line begins.</summary>
    public WarmupStart Start { get; }

    private protected override double At(long step) =>
        step >= WarmupSteps ? Then.LearningRate(step - WarmupSteps)
        : Start == WarmupStart.Zero ? LearningRates.WarmupFromZero(Then.LearningRate(0), step, WarmupSteps)
        : LearningRates.WarmupAboveZero(Then.LearningRate(0), step, WarmupSteps);
}
