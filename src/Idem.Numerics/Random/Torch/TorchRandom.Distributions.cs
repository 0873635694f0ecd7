// Bernoulli, dropout, multinomial and the transformed uniforms (exponential, geometric, Cauchy, log-normal).
// The latter are computed in double and rounded to the dtype.

using System.Numerics;

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>Tensor.bernoulli_(p) with a number: 1 where a 53-bit uniform is below p.</summary>
    public void Bernoulli<T>(Span<T> destination, double p)
        where T : struct, INumberBase<T>
    {
        CheckProbability(p);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = UnitDouble() < p ? T.One : T.Zero;
        }
    }

    /// <summary>torch.bernoulli(p), Tensor.bernoulli_(p) with a float32 tensor: 1 where a 24-bit uniform is below p[i].</summary>
    public void Bernoulli<T>(Span<T> destination, ReadOnlySpan<float> p)
        where T : struct, INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(p.Length, destination.Length);
        for (int i = 0; i < destination.Length; i++)
        {
            CheckProbability(p[i]);
            destination[i] = UnitSingle() < p[i] ? T.One : T.Zero;
        }
    }

    /// <summary>torch.bernoulli(p), Tensor.bernoulli_(p) with a float64 tensor: 1 where a 53-bit uniform is below p[i].</summary>
    public void Bernoulli<T>(Span<T> destination, ReadOnlySpan<double> p)
        where T : struct, INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(p.Length, destination.Length);
        for (int i = 0; i < destination.Length; i++)
        {
            CheckProbability(p[i]);
            destination[i] = UnitDouble() < p[i] ? T.One : T.Zero;
        }
    }

    /// <summary>
    /// The factors of torch.nn.functional.dropout(x, p, training=True) on float32: 0, or fl(1 / fl(1-p)), drawn as
    /// bernoulli_(1-p). p = 0 gives ones and p = 1 zeros, without a draw.
    /// </summary>
    public void DropoutMask(Span<float> destination, double p)
    {
        CheckProbability(p);
        if (p == 0 || p == 1)
        {
            destination.Fill(p == 0 ? 1 : 0);
            return;
        }

        Bernoulli(destination, 1 - p);
        float keep = (float)(1 - p);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] /= keep;
        }
    }

    /// <summary>Tensor.exponential_(lambda), float32: -1/lambda * log(1-u).</summary>
    public void Exponential(Span<float> destination, double lambda = 1)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)NextExponential(lambda);
        }
    }

    /// <summary>Tensor.exponential_(lambda), float64.</summary>
    public void Exponential(Span<double> destination, double lambda = 1)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = NextExponential(lambda);
        }
    }

    /// <summary>Tensor.geometric_(p): ceil(log(u) / log(1-p)).</summary>
    public void Geometric<T>(Span<T> destination, double p)
        where T : struct, INumberBase<T>
    {
        if (!(p > 0 && p < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "geometric_ expects p in (0, 1).");
        }

        double logarithm = GlibcMath.Log(1 - p);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = T.CreateTruncating(Math.Ceiling(GlibcMath.Log(UnitDouble()) / logarithm));
        }
    }

    /// <summary>Tensor.cauchy_(median, sigma), float32: median + sigma * tan(pi * (u - 1/2)).</summary>
    public void Cauchy(Span<float> destination, double median = 0, double sigma = 1)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            double angle = 3.141592653589793 * (UnitDouble() - 0.5);
            destination[i] = (float)Fma.Double(sigma, GlibcMath.TanNear(angle), median);
        }
    }

    /// <summary>Tensor.log_normal_(mean, std), float32: exp of a double normal.</summary>
    public void LogNormal(Span<float> destination, double mean = 1, double std = 2)
    {
        CheckStd(std);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)GlibcMath.ExpNear(NormalDouble(mean, std));
        }
    }

    private double NextExponential(double lambda) => -1.0 / lambda * GlibcMath.Log(1 - UnitDouble());

    private static void CheckProbability(double p)
    {
        if (!(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability must lie in [0, 1].");
        }
    }
}
