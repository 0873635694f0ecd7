// One token per piece. With the Character pattern in front it is a character-level tokenizer.
// `unk_token` is kept as the file has it. A piece outside the vocabulary is the unknown token where the vocabulary holds that
// token, and an error otherwise, as in Hugging Face's library.

namespace Idem.Tokenizers;

internal sealed class WordLevel(Vocabulary vocabulary, string unknownToken) : ITokenModel
{
    public const string Type = "WordLevel";

    public int Count => vocabulary.Count;

    public bool TryGetId(string token, out int id) => vocabulary.TryGetId(token, out id);

    public string? Token(int id) => vocabulary.Token(id);

    public bool Tokenize(string piece, TokenList tokens)
    {
        if (!vocabulary.TryGetId(piece, out int id) && !vocabulary.TryGetId(unknownToken, out id))
        {
            return false;
        }

        tokens.Add(id, 0, piece.Length);
        return true;
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Name("vocab");
        vocabulary.Write(json);
        json.Member("unk_token", unknownToken);
        json.EndObject();
    }

    public static WordLevel Read(JsonNode node) =>
        new(Vocabulary.Read(node.Required("vocab")), node.Text("unk_token"));
}
