// JSON files of model folders, written the same way each time: two spaces of indentation, line feeds between lines.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Models;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

internal static class ConfigJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToBytes(JsonObject json) => System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(Indented));

    /// <summary>config.json of a model whose matrices are stored in a way of their own.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="dtype">Transformers' name of their type.</param>
    /// <param name="isQ8">They are blocks of the q8 profile.</param>
    public static byte[] Of(IModelConfig config, string dtype, bool isQ8)
    {
        JsonObject json = JsonNode.Parse(config.ToJson())!.AsObject();
        json["torch_dtype"] = dtype;
        if (isQ8)
        {
            json[ConfigFields.QuantizationField] = new JsonObject { ["quant_method"] = ConfigFields.Q8Method, ["block_size"] = Q8Storage.BlockLength };
        }

        return ToBytes(json);
    }
}
