// Initial values of parameters: each parameter's stream is keyed by its full name, so adding or freezing another changes nothing.

namespace Idem.Numerics.Random;

/// <summary>Initial values of a parameter, from the stream of (seed, "init", name).</summary>
public static class ParameterInit
{
    /// <summary>U(-b, b) with b = 1/sqrt(fanIn), square root and quotient each rounded to float32.</summary>
    public static void FanInUniform(ulong seed, string name, Span<float> destination, int fanIn)
    {
        float bound = fanIn > 0 ? 1f / MathF.Sqrt(fanIn) : 0f;
        new RandomStream(seed, "init", name).FillUniform(destination, -bound, bound);
    }

    /// <summary>N(0, std), std rounded to float32 once.</summary>
    public static void Normal(ulong seed, string name, Span<float> destination, double std) =>
        new RandomStream(seed, "init", name).FillNormal(destination, 0f, (float)std);

    /// <summary>
    /// N(0, std / sqrt(2 * layers)), for projections that end in a residual stream (GPT-2): square root and quotient in double, the
    /// result rounded to float32 once.
    /// </summary>
    public static void ResidualNormal(ulong seed, string name, Span<float> destination, double std, int layers) =>
        Normal(seed, name, destination, std / Math.Sqrt(2.0 * layers));
}
