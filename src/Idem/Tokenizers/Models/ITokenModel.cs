// Third stage: turns one piece into ids.

namespace Idem.Tokenizers;

internal interface ITokenModel
{
    /// <summary>How many ids the model has; added tokens come on top.</summary>
    int Count { get; }

    bool TryGetId(string token, out int id);

    /// <summary>The token of an id, or null where the model has none.</summary>
    string? Token(int id);

    /// <summary>Appends the ids of a piece; false where the vocabulary cannot express it (ids may then hold a part of it).</summary>
    bool Tokenize(string piece, List<int> ids);

    void Write(JsonText json);

    static ITokenModel Read(JsonNode node)
    {
        // Files from before the library named the type have BPE's members and no type.
        string type = node.TextOrNull("type") ?? (node.Optional("merges") is null ? "(none)" : Bpe.Type);
        return type switch
        {
            Bpe.Type => Bpe.Read(node),
            WordLevel.Type => WordLevel.Read(node),
            _ => throw node.Unsupported($"the model '{type}'"),
        };
    }
}
