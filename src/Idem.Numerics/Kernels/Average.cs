// Totals and means as single float32 values: one rounding at the end of a lane sum in double.

namespace Idem.Numerics.Kernels;

/// <summary>Whole-tensor sums and means. Order: <c>arithmetic.md#automatic-differentiation</c>.</summary>
public static class Average
{
    /// <summary>The lane sum in double of x, rounded to float32 once.</summary>
    public static float Total(ReadOnlySpan<float> x) => (float)Reduce.Sum(x);

    /// <summary>The lane sum in double of x, divided by <paramref name="count"/> in double, rounded to float32 once.</summary>
    /// <param name="x">The terms; +0 where one is absent.</param>
    /// <param name="count">How many are present; the mean of none is NaN.</param>
    public static float Mean(ReadOnlySpan<float> x, long count) => (float)(Reduce.Sum(x) / count);

    /// <summary>The gradient of each term of a mean: dy / count, in double, rounded to float32 once.</summary>
    public static float Gradient(float dy, long count) => (float)(dy / (double)count);
}
