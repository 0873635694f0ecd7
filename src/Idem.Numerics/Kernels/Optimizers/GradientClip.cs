// Gradient clipping as torch.nn.utils.clip_grad_norm_ and clip_grad_value_: the scalar rule, and the pass over the elements.
// What it deliberately is not: the sum of squares of one tensor (Reduce.SumOfSquares), and the order of tensors, which the
// caller gives (ordinal by name).

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>Clipping of gradients by global norm or by value (<c>arithmetic.md#gradient-clipping</c>).</summary>
public static class GradientClip
{
    /// <summary>sqrt(((0 + s_1) + s_2) + ...) in double, in the order given.</summary>
    public static double TotalNorm(ReadOnlySpan<double> sumsOfSquares)
    {
        double total = 0;
        foreach (double sum in sumsOfSquares)
        {
            total += sum;
        }

        return Math.Sqrt(total);
    }

    /// <summary>
    /// min(1, maxNorm / (norm + 1e-6)) in double; NaN for a NaN norm.
    /// </summary>
    public static double Coefficient(double norm, double maxNorm) => Math.Min(1, maxNorm / (norm + 1e-6));

    /// <summary>gradient = gradient * c in place, with c the coefficient rounded to float32; nothing is touched where c is 1.</summary>
    public static void Scale(Compute compute, Span<float> gradient, double coefficient)
    {
        if ((float)coefficient != 1)
        {
            UpdateKernel<ScaleRule>.Run(compute, new ScaleRule((float)coefficient), gradient, gradient, default, default, default);
        }
    }

    /// <summary>gradient = min(max(gradient, -l), l) in place, with l the limit rounded to float32; NaN stays NaN.</summary>
    /// <exception cref="ArgumentException">The limit is negative or NaN.</exception>
    public static void Clamp(Compute compute, Span<float> gradient, double limit)
    {
        if (!(limit >= 0))
        {
            throw new ArgumentException($"Clamp: the limit {limit} is not at least 0");
        }


        UpdateKernel<ClampRule>.Run(compute, new ClampRule((float)limit), gradient, gradient, default, default, default);
    }

    private readonly struct ScaleRule(float coefficient) : IUpdateRule
    {
        private readonly float _coefficient = coefficient;

        public int States => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Update<S, F, D>(ref F parameter, F gradient, ref F unused0, ref F unused1, ref F unused2)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => parameter = S.Multiply(gradient, S.Create(_coefficient));
    }

    private readonly struct ClampRule(float limit) : IUpdateRule
    {
        private readonly float _limit = limit;

        public int States => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Update<S, F, D>(ref F parameter, F gradient, ref F unused0, ref F unused1, ref F unused2)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct => parameter = S.Min(S.Max(gradient, S.Create(-_limit)), S.Create(_limit));
    }
}
