// Learning rates as pure functions of the step, in double: no state to save, nothing to replay. The step counts updates from 0,
// as PyTorch's schedulers do. The optimizer takes the double; only the coefficients made from it are rounded to float32.

namespace Idem.Numerics.Kernels;

/// <summary>The formulas of learning-rate schedules (<c>arithmetic.md#schedules</c>).</summary>
public static class LearningRates
{
    /// <summary>minimum + (peak-minimum) * ((steps-step)/steps) before <paramref name="steps"/>; the minimum from there on.</summary>
    public static double Linear(double peak, double minimum, long step, long steps) =>
        step >= steps ? minimum : minimum + ((peak - minimum) * ((double)(steps - step) / steps));

    /// <summary>minimum + (peak-minimum) * (0.5 * (1 + cos(pi*(step/steps)))) before <paramref name="steps"/>; the minimum from there on.</summary>
    public static double Cosine(double peak, double minimum, long step, long steps) =>
        step >= steps ? minimum : CosineAnnealing(peak, minimum, step, steps);

    /// <summary>As <see cref="Cosine"/> without an end: it rises again after <paramref name="period"/> (CosineAnnealingLR, closed form).</summary>
    public static double CosineAnnealing(double peak, double minimum, long step, long period) =>
        minimum + ((peak - minimum) * (0.5 * (1 + OptimizerScalars.CosPi((double)step / period))));

    /// <summary>initial * gamma^floor(step/stepSize), the power by squaring (StepLR).</summary>
    public static double Step(double initial, double gamma, long step, long stepSize) =>
        initial * OptimizerScalars.Power(gamma, step / stepSize);

    /// <summary>peak * (step/warmupSteps): the first update's rate is 0 (Hugging Face).</summary>
    public static double WarmupFromZero(double peak, long step, long warmupSteps) => peak * ((double)step / warmupSteps);

    /// <summary>peak * ((step+1)/(warmupSteps+1)): the first update's rate is above 0 (nanoGPT).</summary>
    public static double WarmupAboveZero(double peak, long step, long warmupSteps) => peak * ((double)(step + 1) / (warmupSteps + 1));
}
