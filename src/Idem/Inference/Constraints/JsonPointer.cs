// References within a schema: a number sign and a JSON pointer (RFC 6901). Others would have to be fetched.

using System.Globalization;
using System.Text.Json;

namespace Idem.Inference.Constraints;

internal static class JsonPointer
{
    /// <summary>The pointer of a reference, without the number sign.</summary>
    public static string Of(JsonElement reference, string path)
    {
        string? text = reference.ValueKind == JsonValueKind.String ? reference.GetString() : null;
        return text == "#" || text?.StartsWith("#/", StringComparison.Ordinal) == true
            ? Uri.UnescapeDataString(text[1..])
            : throw new JsonSchemaException(path, "must be a place in this schema, such as #/$defs/name: nothing is fetched");
    }

    /// <summary>What a pointer points at.</summary>
    public static JsonElement Resolve(JsonElement root, string pointer, string path)
    {
        JsonElement at = root;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            bool isFound = at.ValueKind switch
            {
                JsonValueKind.Object => at.TryGetProperty(name, out at),
                JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < at.GetArrayLength() => Step(index),
                _ => false,
            };
            if (!isFound)
            {
                throw new JsonSchemaException(path, $"refers to '{(pointer.Length <= 80 ? pointer : pointer[..80])}', which is not in the schema");
            }

            bool Step(int index)
            {
                at = at[index];
                return true;
            }
        }

        return at;
    }

    /// <summary>A name as a part of a pointer.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
