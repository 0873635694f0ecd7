// Rotary positions in GGUF files. Llama 3's scaling is not stored: llama.cpp's converter stores the factors that come of it, one for each
// frequency. The scaling they come of is found again: what was published has the same low and high factor and a power of two before it.

using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Idem.Formats;

namespace Idem.Inference;

/// <summary>rope_scaling of a GGUF file.</summary>
internal static class GgufRope
{
    private const double LowFactor = 1, HighFactor = 4;
    private const double Tolerance = 1e-4; // the factors were computed in float32; other scalings differ by far more

    /// <summary>The field of config.json, or null.</summary>
    /// <exception cref="GgufException">The scaling is of a kind that is not supported.</exception>
    public static JsonObject? Scaling(GgufFile file, GgufKeys keys, int headSize, int context)
    {
        float? linear = keys.Number("rope.scale_linear"), factor = keys.Number("rope.scaling.factor") ?? linear; // the older name
        int? original = keys.CountOrNull("rope.scaling.original_context_length");
        float? fast = keys.Number("rope.scaling.yarn_beta_fast"), slow = keys.Number("rope.scaling.yarn_beta_slow");
        string type = keys.Text("rope.scaling.type") ?? (factor is null or 0 or 1 ? "none" : "linear"); // as llama.cpp has it
        if (file.TryGet(GgufNames.RotaryFactors, out GgufTensor? factors))
        {
            return type == "none" ? Llama3(file, factors, keys.Number("rope.freq_base") ?? 10000f, headSize) : throw keys.Bad("rope.scaling.type", $"is '{type}', beside stored factors");
        }

        switch (type)
        {
            case "none":
                return null;
            case "linear":
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
            case "yarn":
                return new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = factor,
                    ["original_max_position_embeddings"] = original ?? context,
                    ["beta_fast"] = fast,
                    ["beta_slow"] = slow,
                };
            default:
                throw keys.Bad("rope.scaling.type", $"is '{type}'; supported are none, linear and yarn");
        }
    }

    /// <summary>The share of a head that gives so many rotated elements when it is multiplied with the head's and cut off.</summary>
    public static double Share(int dimensions, int headSize)
    {
        double share = (double)dimensions / headSize;
        return (int)(headSize * share) == dimensions ? share : double.BitIncrement(share);
    }

    private static JsonObject Llama3(GgufFile file, GgufTensor tensor, double theta, int headSize)
    {
        if (tensor.Type != GgufTensorType.F32 || tensor.Data.ByteCount != headSize / 2 * sizeof(float) || headSize < 2)
        {
            throw new GgufException(file.Path, tensor.Name, $"is not one F32 factor for each of {headSize / 2} frequencies", GgufKeys.Remedy);
        }

        ReadOnlySpan<float> factors = MemoryMarshal.Cast<byte, float>(tensor.Data.Bytes(0, (int)tensor.Data.ByteCount));
        float factor = factors[^1]; // the longest waves are stretched by all of it
        for (double original = 2; original < 1 << 30; original *= 2)
        {
            if (Fits(factors, theta, headSize, factor, original))
            {
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = LowFactor,
                    ["high_freq_factor"] = HighFactor,
                    ["original_max_position_embeddings"] = original,
                };
            }
        }

        throw new GgufException(file.Path, tensor.Name, "stretches frequencies in a way that is not Llama 3's", GgufKeys.Remedy);
    }

    // Llama 3's rule, in factors: 1 for short waves, all for long ones, and between them by their number in the original context.
    private static bool Fits(ReadOnlySpan<float> factors, double theta, int headSize, double factor, double original)
    {
        double exponent = Numerics.Functions.Float64.Log(theta) * 2 / headSize;
        for (int i = 0; i < factors.Length; i++)
        {
            double waves = original * Numerics.Functions.Float64.Exp(-exponent * i) / (2 * double.Pi);
            double smooth = (waves - LowFactor) / (HighFactor - LowFactor);
            double expected = waves > HighFactor ? 1 : waves < LowFactor ? factor : 1 / (((1 - smooth) / factor) + smooth);
            if (!(Math.Abs(factors[i] - expected) <= Tolerance * expected))
            {
                return false;
            }
        }

        return true;
    }
}
