// The lists of a GGUF file's tokenizer, checked against each other, and the parts of tokenizer.json that all kinds write alike.

using System.Text.Json;
using Idem.Formats;

namespace Idem.Inference;

/// <summary>What a token is for; the numbers are the format's.</summary>
internal enum GgufTokenKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>Tokens with their kinds, and what else a tokenizer is made of.</summary>
internal sealed class GgufVocabulary
{
    private readonly GgufFile _file;
    private readonly string _prefix;
    private readonly long[]? _kinds;

    private GgufVocabulary(GgufFile file, string prefix)
    {
        _file = file;
        _prefix = prefix;
        Tokens = file.Metadata.Texts(prefix + "tokens") ?? throw Bad("tokens", "is missing");
        _kinds = file.Metadata.Integers(prefix + "token_type");
        if (_kinds is not null && _kinds.Length != Tokens.Length)
        {
            throw Bad("token_type", $"has {_kinds.Length} entries for {Tokens.Length} tokens");
        }
    }

    public string[] Tokens { get; }

    public static GgufVocabulary Read(GgufFile file, string prefix) => new(file, prefix);

    public GgufTokenKind KindOf(int id) => _kinds is null ? GgufTokenKind.Normal : (GgufTokenKind)_kinds[id];

    public string[] Merges() => _file.Metadata.Texts(_prefix + "merges") ?? throw Bad("merges", "is missing");

    public float[] Scores() => _file.Metadata.Numbers(_prefix + "scores") is { } scores && scores.Length == Tokens.Length
        ? scores
        : throw Bad("scores", $"are not {Tokens.Length}, one for each token");

    public bool Flag(string key, bool absent) => _file.Metadata.Flag(_prefix + key) ?? absent;

    /// <summary>The id of a special token, which must be a token's.</summary>
    public int? Special(string key) => GgufTokenizer.SpecialId(_file, key) is not { } id ? null
        : id < Tokens.Length ? id
        : throw Bad(key, $"is {id}, beyond the {Tokens.Length} tokens");

    public int Needed(string key) => Special(key) ?? throw Bad(key, "is missing");

    public GgufException Bad(string key, string what) => new(_file.Path, _prefix + key, what, GgufCursor.Redo);

    /// <summary>Writes added_tokens: those that are cut out of a text before all else.</summary>
    public void WriteAddedTokens(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < Tokens.Length; id++)
        {
            if (KindOf(id) is GgufTokenKind.Unknown or GgufTokenKind.Control or GgufTokenKind.UserDefined)
            {
                json.WriteStartObject();
                json.WriteNumber("id", id);
                json.WriteString("content", Tokens[id]);
                json.WriteBoolean("single_word", false);
                json.WriteBoolean("lstrip", false);
                json.WriteBoolean("rstrip", false);
                json.WriteBoolean("normalized", false);
                json.WriteBoolean("special", KindOf(id) != GgufTokenKind.UserDefined);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    /// <summary>Writes vocab.</summary>
    public static void WriteVocabulary(Utf8JsonWriter json, IReadOnlyList<string> tokens)
    {
        json.WriteStartObject("vocab");
        for (int id = 0; id < tokens.Count; id++)
        {
            json.WriteNumber(tokens[id], id);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a stage of one line of JSON.</summary>
    public static void WriteStage(Utf8JsonWriter json, string name, string? stage)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(stage ?? "null");
    }

    /// <summary>Writes a template: tokens around one text, and around two.</summary>
    /// <param name="json">The object, open.</param>
    /// <param name="before">The id before a text, if any.</param>
    /// <param name="after">The id behind it, if any.</param>
    /// <param name="beginsTwice">Whether the first stands before the second text too.</param>
    public void WriteTemplate(Utf8JsonWriter json, int? before, int? after, bool beginsTwice)
    {
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        WriteText("A", 0, before, after);
        json.WriteEndArray();
        json.WriteStartArray("pair");
        WriteText("A", 0, before, after);
        WriteText("B", 1, beginsTwice ? before : null, after);
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        foreach (int id in new[] { before, after }.OfType<int>().Distinct())
        {
            json.WriteStartObject(Tokens[id]);
            json.WriteString("id", Tokens[id]);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(Tokens[id]);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();

        void WriteText(string sequence, int type, int? first, int? last)
        {
            WriteSlot("SpecialToken", first is { } begin ? Tokens[begin] : null, type);
            WriteSlot("Sequence", sequence, type);
            WriteSlot("SpecialToken", last is { } end ? Tokens[end] : null, type);
        }

        void WriteSlot(string kind, string? id, int type)
        {
            if (id is not null)
            {
                json.WriteStartObject();
                json.WriteStartObject(kind);
                json.WriteString("id", id);
                json.WriteNumber("type_id", type);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }
    }
}
