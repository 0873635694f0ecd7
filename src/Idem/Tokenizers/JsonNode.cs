// A place in a tokenizer's JSON that knows its file and path, so that every complaint names both. Members that nobody asks
// for are ignored, as Hugging Face's library ignores them; a member that is there must have its type.

using System.Globalization;
using System.Text.Json;

namespace Idem.Tokenizers;

internal readonly struct JsonNode(JsonElement element, string file, string path)
{
    private const string Restore = "Fetch or export the file again.";

    public JsonElement Element { get; } = element;

    public string Path { get; } = path;

    /// <summary>The member, or null where it is absent or JSON null.</summary>
    public JsonNode? Optional(string name)
    {
        Expect(JsonValueKind.Object, "an object");
        return Element.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null
            ? new JsonNode(member, file, $"{Path}.{name}")
            : null;
    }

    public JsonNode Required(string name) =>
        Optional(name) ?? throw Error($"the member '{name}' is missing.");

    public string Text(string name) => Required(name).Text();

    public string? TextOrNull(string name) => Optional(name)?.Text();

    public bool Flag(string name, bool absent) => Optional(name)?.Flag() ?? absent;

    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Error("the string is not well-formed Unicode.", inner: e);
        }
    }

    public bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>An integer from 0 to 2^31 - 1.</summary>
    public int Id()
    {
        if (Element.ValueKind != JsonValueKind.Number || !Element.TryGetInt32(out int id) || id < 0)
        {
            throw Wrong("an integer from 0 to 2147483647");
        }

        return id;
    }

    /// <summary>A finite number, rounded to the nearest double.</summary>
    public double Number()
    {
        if (Element.ValueKind != JsonValueKind.Number || !Element.TryGetDouble(out double number) || !double.IsFinite(number))
        {
            throw Wrong("a number that fits 64-bit floating point");
        }

        return number;
    }

    /// <summary>A string of exactly one character (code point).</summary>
    public string Character()
    {
        string text = Text();
        return WellFormed.CountCodePoints(text) == 1 ? text : throw Error($"expected one character, found '{text}'.");
    }

    public IEnumerable<JsonNode> Items()
    {
        Expect(JsonValueKind.Array, "an array");
        return Enumerate(this);
    }

    /// <summary>The members of an object in file order; the same name twice is an error.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode>> Members()
    {
        Expect(JsonValueKind.Object, "an object");
        return Walk(this);
    }

    public TokenizerFormatException Error(string problem, string remedy = Restore, Exception? inner = null) =>
        new(file, Path, problem, remedy, inner);

    public TokenizerFormatException Unsupported(string what) =>
        Error($"{what} is not supported.", "Use a tokenizer of a kind listed in docs/formats.md, section \"Tokenizer files\".");

    private static IEnumerable<JsonNode> Enumerate(JsonNode array)
    {
        int index = 0;
        foreach (JsonElement item in array.Element.EnumerateArray())
        {
            yield return array.Child(item, string.Create(CultureInfo.InvariantCulture, $"{array.Path}[{index++}]"));
        }
    }

    private static IEnumerable<KeyValuePair<string, JsonNode>> Walk(JsonNode node)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in node.Element.EnumerateObject())
        {
            string name;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException e)
            {
                throw node.Error("a member's name is not well-formed Unicode.", inner: e);
            }

            if (!seen.Add(name))
            {
                throw node.Error($"'{name}' is there twice.");
            }

            yield return new(name, node.Child(member.Value, $"{node.Path}[\"{name}\"]"));
        }
    }

    private JsonNode Child(JsonElement child, string childPath) => new(child, file, childPath);

    private void Expect(JsonValueKind kind, string what)
    {
        if (Element.ValueKind != kind)
        {
            throw Wrong(what);
        }
    }

    private TokenizerFormatException Wrong(string expected) =>
        Error($"expected {expected}, found {Element.ValueKind.ToString().ToLowerInvariant()}.");
}
