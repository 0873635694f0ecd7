// rope_scaling of config.json (rope_parameters in newer files), and what it says about angles.

using System.Text.Json;
using System.Text.Json.Serialization;
using Idem.Numerics.Kernels;

namespace Idem.Models;

/// <summary>How rotary positions are stretched; fields as in Hugging Face's <c>rope_scaling</c>.</summary>
public sealed record RopeConfig
{
    /// <summary>default, linear, dynamic, llama3 or yarn.</summary>
    [JsonPropertyName("rope_type")]
    public string? RopeType { get; set; }

    /// <summary>The older name of <see cref="RopeType"/>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; set; }

    /// <summary>The base; in <c>rope_parameters</c> only.</summary>
    [JsonPropertyName("rope_theta")]
    public double? RopeTheta { get; set; }

    /// <summary>By how much the context is stretched.</summary>
    [JsonPropertyName("factor")]
    public double? Factor { get; set; }

    /// <summary>The context before stretching; <c>max_position_embeddings</c> if absent.</summary>
    [JsonPropertyName("original_max_position_embeddings")]
    public double? OriginalMaxPositionEmbeddings { get; set; }

    /// <summary>Of llama3.</summary>
    [JsonPropertyName("low_freq_factor")]
    public double? LowFreqFactor { get; set; }

    /// <summary>Of llama3.</summary>
    [JsonPropertyName("high_freq_factor")]
    public double? HighFreqFactor { get; set; }

    /// <summary>Of yarn; 32 if absent.</summary>
    [JsonPropertyName("beta_fast")]
    public double? BetaFast { get; set; }

    /// <summary>Of yarn; 1 if absent.</summary>
    [JsonPropertyName("beta_slow")]
    public double? BetaSlow { get; set; }

    /// <summary>Of yarn: factor of cosines and sines; 0.1 log(factor) + 1 if absent.</summary>
    [JsonPropertyName("attention_factor")]
    public double? AttentionFactor { get; set; }

    /// <summary>All other fields.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>The angles of a model.</summary>
    /// <param name="scaling">The file's scaling, or null.</param>
    /// <param name="theta">The model's base.</param>
    /// <param name="dimensions">Rotated elements of a head.</param>
    /// <param name="context">max_position_embeddings.</param>
    /// <exception cref="ModelConfigException">A field is missing, unknown or out of range.</exception>
    internal static RotaryParameters Parameters(RopeConfig? scaling, double theta, int dimensions, int context)
    {
        RotaryParameters parameters = scaling is null
            ? new RotaryParameters { Theta = theta, Dimensions = dimensions }
            : scaling.Parameters(scaling.RopeTheta ?? theta, dimensions, context);
        try
        {
            parameters.Check();
        }
        catch (ArgumentException e)
        {
            throw new ModelConfigException($"config.json: rope_scaling or rope_theta: {e.Message}.", e);
        }

        return parameters;
    }

    /// <summary>
    /// Positions that a model has with its stretching, as vLLM counts them: max_position_embeddings is the context before it, times the factor with it; of
    /// yarn that is the original context's, unless the file states the larger number already. Of llama3 the file states it.
    /// </summary>
    /// <param name="scaling">The file's scaling, or null.</param>
    /// <param name="context">max_position_embeddings.</param>
    internal static int Context(RopeConfig? scaling, int context)
    {
        double stretched = (scaling?.RopeType ?? scaling?.Type) switch
        {
            "linear" or "dynamic" => context * (scaling!.Factor ?? 1),
            "yarn" => (scaling!.OriginalMaxPositionEmbeddings ?? context) * (scaling.Factor ?? 1),
            _ => context,
        };
        return (int)Math.Clamp(Math.Floor(stretched), context, int.MaxValue);
    }

    private RotaryParameters Parameters(double theta, int dimensions, int context)
    {
        string type = RopeType ?? Type ?? "default";
        ConfigFields.Require(RopeType is null || Type is null || RopeType == Type, "rope_scaling.type", $"is '{Type}', but rope_type is '{RopeType}'");
        ConfigFields.CheckOther(
            Other?.ToDictionary(field => "rope_scaling." + field.Key, field => field.Value),
            (name, value) => name == "rope_scaling.truncate" && value.ValueKind == JsonValueKind.True);
        RotaryParameters common = new()
        {
            Theta = theta, Dimensions = dimensions, OriginalPositions = OriginalMaxPositionEmbeddings ?? context,
        };
        return type switch
        {
            "default" => common,
            "linear" => common with { Scaling = RotaryScaling.Linear, Factor = Needed(Factor, "factor") },

            // Transformers reads the model's own context here, whatever else the field says.
            "dynamic" => common with { Scaling = RotaryScaling.Dynamic, Factor = Needed(Factor, "factor"), OriginalPositions = context },
            "llama3" => common with
            {
                Scaling = RotaryScaling.Llama3,
                Factor = Needed(Factor, "factor"),
                LowFrequencyFactor = Needed(LowFreqFactor, "low_freq_factor"),
                HighFrequencyFactor = Needed(HighFreqFactor, "high_freq_factor"),
                OriginalPositions = Needed(OriginalMaxPositionEmbeddings, "original_max_position_embeddings"),
            },
            "yarn" => common with
            {
                Scaling = RotaryScaling.Yarn,
                Factor = Needed(Factor, "factor"),
                BetaFast = BetaFast ?? 32,
                BetaSlow = BetaSlow ?? 1,
                AttentionFactor = AttentionFactor,
            },
            _ => throw new ModelConfigException($"config.json: rope_scaling.rope_type is '{type}'; supported are default, linear, dynamic, llama3, yarn."),
        };
    }

    private static double Needed(double? value, string name) => value
        ?? throw new ModelConfigException($"config.json: rope_scaling.{name} is missing; add it as the model's authors published it.");
}
