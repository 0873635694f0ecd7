// The fields of a JSON object, each read by its name and checked against its bounds. A name that the reader does not know is refused when
// the object is taken up, before anything is done: nothing that a client asks for is passed over in silence. null is the same as absent.

using System.Text.Json;
using Idem.Server.Http;

namespace Idem.Server.Requests;

internal sealed class Fields
{
    private readonly JsonElement _object;
    private readonly string _path; // with a dot at the end, or empty

    /// <summary>Takes up an object.</summary>
    /// <param name="element">A JSON object.</param>
    /// <param name="path">Where it stands in the request; empty for the request itself.</param>
    /// <param name="known">The names of all fields that it may have.</param>
    /// <param name="nullsPass">Whether it may have others too, as long as they are null.</param>
    /// <exception cref="ApiException">It is no object, or has another field.</exception>
    public Fields(JsonElement element, string path, IReadOnlyCollection<string> known, bool nullsPass = false)
    {
        _object = element.ValueKind == JsonValueKind.Object ? element : throw ApiException.Invalid(path, "must be an object");
        _path = path.Length == 0 ? "" : path + ".";
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!known.Contains(property.Name) && !(nullsPass && property.Value.ValueKind == JsonValueKind.Null))
            {
                throw ApiException.Unsupported(Clip(_path + property.Name), "is not a field that this server supports; leave it out");
            }
        }
    }

    /// <summary>The path of a field.</summary>
    public string Path(string name) => _path + name;

    /// <summary>A field as it is; null where it is absent.</summary>
    public JsonElement? Element(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name, int charactersMax = int.MaxValue)
    {
        if (Element(name) is not { } value)
        {
            return null;
        }

        return Text(value, Path(name), charactersMax);
    }

    public static string Text(JsonElement value, string path, int charactersMax = int.MaxValue)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.Invalid(path, "must be a string");
        return text.Length <= charactersMax ? text : throw ApiException.Invalid(path, $"has {text.Length} characters; at most {charactersMax} are taken");
    }

    public bool? Flag(string name) => Element(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.Invalid(Path(name), "must be true or false"),
    };

    public int? Integer(string name, int min, int max) => Element(name) is { } value ? Integer(value, Path(name), min, max) : null;

    public static int Integer(JsonElement value, string path, int min, int max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max
            ? number
            : throw ApiException.Invalid(path, $"must be a whole number from {min} to {max}");

    /// <summary>A number, rounded to float32 once.</summary>
    public float? Number(string name, float min, float max) => Element(name) is { } value ? Number(value, Path(name), min, max) : null;

    public static float Number(JsonElement value, string path, float min, float max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && number >= min && number <= max
            ? number
            : throw ApiException.Invalid(path, $"must be a number from {min} to {max}");

    /// <summary>Any 64 bits as a whole number: negative ones count from the top, as in two's complement.</summary>
    public ulong? Bits(string name) => Element(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong bits) ? bits
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long signed) ? unchecked((ulong)signed)
        : throw ApiException.Invalid(Path(name), "must be a whole number of 64 bits");

    /// <summary>An object within.</summary>
    public Fields? Object(string name, IReadOnlyCollection<string> known) => Element(name) is { } value ? new Fields(value, Path(name), known) : null;

    /// <summary>The items of an array.</summary>
    public IReadOnlyList<JsonElement>? Items(string name, int max) => Element(name) is { } value ? Items(value, Path(name), max) : null;

    public static IReadOnlyList<JsonElement> Items(JsonElement value, string path, int max)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.Invalid(path, "must be an array");
        }

        int count = value.GetArrayLength();
        return count <= max ? [.. value.EnumerateArray()] : throw ApiException.Invalid(path, $"has {count} items; at most {max} are taken");
    }

    private static string Clip(string name) => name.Length <= 80 ? name : name[..80] + "...";
}
