// Third stage: turns one piece into ids.

namespace Idem.Tokenizers;

internal interface ITokenModel
{
    /// <summary>How many ids the model has; added tokens come on top.</summary>
    int Count { get; }

    bool TryGetId(string token, out int id);

    /// <summary>The token of an id, or null where the model has none.</summary>
    string? Token(int id);

    /// <summary>Appends the tokens of a piece; false where the vocabulary cannot express it (a part of it may then be there).</summary>
    bool Tokenize(string piece, TokenList tokens);

    void Write(JsonText json);

    static ITokenModel Read(JsonNode node)
    {
        // Files from before the library named the type have their model's members and no type.
        string type = node.TextOrNull("type") ?? OldType(node);
        return type switch
        {
            Bpe.Type => Bpe.Read(node),
            WordPiece.Type => WordPiece.Read(node),
            WordLevel.Type => WordLevel.Read(node),
            Unigram.Type => Unigram.Read(node),
            _ => throw node.Unsupported($"the model '{type}'"),
        };
    }

    private static string OldType(JsonNode node) =>
        node.Optional("merges") is not null ? Bpe.Type
        : node.Optional("continuing_subword_prefix") is not null ? WordPiece.Type
        : node.Optional("vocab") is { Element.ValueKind: System.Text.Json.JsonValueKind.Array } ? Unigram.Type
        : "(none)";
}
