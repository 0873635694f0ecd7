// One subschema's keywords, read with their types checked.

using System.Text.Json;

namespace Idem.Inference.Constraints;

internal sealed class SchemaObject
{
    private readonly JsonElement _schema;
    private readonly string[] _annotations;

    /// <summary>Takes up a subschema; a keyword that is neither an annotation nor known is refused.</summary>
    public SchemaObject(JsonElement schema, string path, string[] annotations, string[] keywords)
    {
        _schema = schema;
        _annotations = annotations;
        Path = path;
        foreach (JsonProperty field in schema.EnumerateObject())
        {
            if (!annotations.Contains(field.Name) && !keywords.Contains(field.Name))
            {
                throw new JsonSchemaException(path, $"has the keyword '{(field.Name.Length <= 80 ? field.Name : field.Name[..80])}', which is not supported; supported are {string.Join(", ", keywords)}");
            }
        }
    }

    public string Path { get; }

    public string At(string keyword) => $"{Path}/{keyword}";

    public JsonElement? Get(string keyword) => _schema.TryGetProperty(keyword, out JsonElement value) ? value : null;

    /// <summary>Refuses other keywords beside these.</summary>
    public void RequireAlone(params string[] keywords)
    {
        foreach (JsonProperty field in _schema.EnumerateObject())
        {
            if (!keywords.Contains(field.Name) && !_annotations.Contains(field.Name))
            {
                throw new JsonSchemaException(At(field.Name), $"stands beside {keywords[0]}, where it is not supported");
            }
        }
    }

    /// <summary>Refuses keywords.</summary>
    public void Refuse(string problem, params string[] keywords)
    {
        foreach (string keyword in keywords.Where(keyword => Get(keyword) is not null))
        {
            throw new JsonSchemaException(At(keyword), problem);
        }
    }

    /// <summary>A count from 0.</summary>
    public int? Count(string keyword, int max) => Get(keyword) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && number >= 0 && decimal.IsInteger(number)
            ? number <= max ? (int)number : throw new JsonSchemaException(At(keyword), $"is more than {max}, the most that is supported")
            : throw new JsonSchemaException(At(keyword), "must be a whole number from 0");

    /// <summary>An array of strings; none where it is absent.</summary>
    public IEnumerable<string> Texts(string keyword) => Get(keyword) is not { } value ? [] : Items(value, At(keyword), mayBeEmpty: true)
        .Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new JsonSchemaException(At(keyword), "must be an array of strings"));

    /// <summary>The members of an object; none where it is absent.</summary>
    public IEnumerable<JsonProperty> Members(string keyword) => Get(keyword) is not { } value ? []
        : value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw new JsonSchemaException(At(keyword), "must be an object");

    public static IEnumerable<JsonElement> Items(JsonElement value, string path, bool mayBeEmpty = false) =>
        value.ValueKind == JsonValueKind.Array && (mayBeEmpty || value.GetArrayLength() > 0) ? value.EnumerateArray() : throw new JsonSchemaException(path, "must be an array that is not empty");

    /// <summary>The whole numbers that the bounds leave.</summary>
    public (long Min, long Max) IntegerRange(long limit)
    {
        long min = -limit, max = limit;
        min = Math.Max(min, Bound("minimum", decimal.Ceiling, -limit, limit) ?? min);
        min = Math.Max(min, Bound("exclusiveMinimum", value => decimal.Floor(value) + 1, -limit, limit) ?? min);
        max = Math.Min(max, Bound("maximum", decimal.Floor, -limit, limit) ?? max);
        max = Math.Min(max, Bound("exclusiveMaximum", value => decimal.Ceiling(value) - 1, -limit, limit) ?? max);
        return min <= max ? (min, max) : throw new JsonSchemaException(Path, "leaves no whole number between its bounds");
    }

    /// <summary>Whether a value is of a type.</summary>
    public static bool IsOfType(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.TryGetDecimal(out decimal number) && decimal.IsInteger(number)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private long? Bound(string keyword, Func<decimal, decimal> round, long least, long most) => Get(keyword) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && round(number) is var whole && whole >= least && whole <= most ? (long)whole
        : throw new JsonSchemaException(At(keyword), $"must be a number from {least} to {most}");
}
