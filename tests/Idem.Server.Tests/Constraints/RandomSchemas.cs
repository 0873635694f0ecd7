using System.Text.Json.Nodes;

namespace Idem.Server.Tests.Constraints;

/// <summary>Schemas of the supported part of JSON Schema, drawn at random.</summary>
internal static class RandomSchemas
{
    private static readonly string[] Names = ["a", "b c", "\u00E9", "q\"uote", "x/y~z", "long_name_of_a_property"];

    /// <summary>A schema, as text.</summary>
    public static string Create(RandomDraws draws, int depth)
    {
        JsonObject root = Schema(draws, depth);
        root["$defs"] = new JsonObject
        {
            ["leaf"] = Schema(draws, 0),
            ["list"] = new JsonObject { ["type"] = "array", ["maxItems"] = 2, ["items"] = new JsonObject { ["anyOf"] = new JsonArray(Reference("list"), Reference("leaf")) } },
        };
        return root.ToJsonString();
    }

    private static JsonObject Schema(RandomDraws draws, int depth)
    {
        int kind = draws.Below(depth > 0 ? 11 : 7);
        return kind switch
        {
            0 => new JsonObject { ["type"] = "boolean", ["description"] = "either" },
            1 => Integer(draws),
            2 => new JsonObject { ["type"] = "number" },
            3 => String(draws),
            4 => new JsonObject { ["enum"] = new JsonArray("x", 1, 1.5, null, true, "\u20AC\n", 12, "xy") },
            5 => new JsonObject { ["type"] = new JsonArray("null", "integer", "string"), ["maxLength"] = 3, ["maximum"] = 5 },
            6 => new JsonObject { ["const"] = new JsonArray(new JsonObject { ["k"] = draws.Below(100) }, "v") },
            7 => Array(draws, depth),
            8 => new JsonObject { ["anyOf"] = new JsonArray(Schema(draws, depth - 1), Schema(draws, depth - 1), Schema(draws, depth - 1)) },
            9 => Reference(draws.Below(2) == 0 ? "leaf" : "list"),
            _ => Object(draws, depth),
        };
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/$defs/{name}" };

    private static JsonObject Integer(RandomDraws draws)
    {
        JsonObject schema = new() { ["type"] = "integer" };
        int low = draws.Below(3000) - 1500;
        if (draws.Below(2) == 0)
        {
            schema[draws.Below(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        }

        if (draws.Below(2) == 0)
        {
            schema[draws.Below(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + 2 + draws.Below(1200);
        }

        return schema;
    }

    private static JsonObject String(RandomDraws draws)
    {
        JsonObject schema = new() { ["type"] = "string" };
        int min = draws.Below(6);
        if (draws.Below(2) == 0)
        {
            schema["minLength"] = min;
        }

        if (draws.Below(2) == 0)
        {
            schema["maxLength"] = min + draws.Below(10);
        }

        return schema;
    }

    private static JsonObject Array(RandomDraws draws, int depth)
    {
        JsonObject schema = new() { ["type"] = "array", ["items"] = Schema(draws, depth - 1) };
        int min = draws.Below(3);
        if (draws.Below(2) == 0)
        {
            schema["minItems"] = min;
        }

        if (draws.Below(2) == 0)
        {
            schema["maxItems"] = min + draws.Below(3);
        }

        return schema;
    }

    private static JsonObject Object(RandomDraws draws, int depth)
    {
        JsonObject properties = [];
        JsonArray required = [];
        foreach (string name in Names)
        {
            if (draws.Below(2) == 0)
            {
                properties[name] = Schema(draws, depth - 1);
                if (draws.Below(2) == 0)
                {
                    required.Add(name);
                }
            }
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required, ["additionalProperties"] = false };
    }
}
