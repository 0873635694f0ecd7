// JSON as template values. A number without point and exponent that fits 64 bits is whole, as Python reads it.

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Idem.ChatTemplates;

internal static class JsonValues
{
    public static object? Of(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return null;
            case JsonArray array:
                return new Sequence(array.Select(Of));
            case JsonObject members:
                var map = new Mapping();
                foreach ((string name, JsonNode? value) in members)
                {
                    map[name] = Of(value);
                }

                return map;
            default:
                return OfScalar(node.AsValue());
        }
    }

    private static object? OfScalar(JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                return value.GetValue<string>();
            case JsonValueKind.True or JsonValueKind.False:
                return value.GetValue<bool>();
            case JsonValueKind.Number:
                string text = value.ToJsonString();
                return long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out long whole)
                    ? whole
                    : double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            default:
                return null;
        }
    }
}
