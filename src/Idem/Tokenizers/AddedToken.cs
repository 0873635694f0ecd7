// Tokens that are found in the text before the model sees it.

namespace Idem.Tokenizers;

/// <summary>A token outside the model, such as <c>&lt;|endoftext|&gt;</c>; the members are those of tokenizer.json.</summary>
/// <param name="Id">The token's id.</param>
/// <param name="Content">The text it stands for.</param>
/// <param name="SingleWord">Found only where no word character touches it.</param>
/// <param name="LeftStrip">Swallows white space on its left (<c>lstrip</c>).</param>
/// <param name="RightStrip">Swallows white space on its right (<c>rstrip</c>).</param>
/// <param name="Normalized">Looked for in the normalized text, itself normalized; otherwise in the text as given.</param>
/// <param name="Special">Left out by decoding with <c>skipSpecialTokens</c>.</param>
public sealed record AddedToken(
    int Id,
    string Content,
    bool SingleWord = false,
    bool LeftStrip = false,
    bool RightStrip = false,
    bool Normalized = false,
    bool Special = true)
{
    internal void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("id", Id);
        json.Member("content", Content);
        json.Member("single_word", SingleWord);
        json.Member("lstrip", LeftStrip);
        json.Member("rstrip", RightStrip);
        json.Member("normalized", Normalized);
        json.Member("special", Special);
        json.EndObject();
    }

    internal static AddedToken Read(JsonNode node) => new(
        node.Required("id").Id(),
        node.Text("content"),
        node.Flag("single_word", absent: false),
        node.Flag("lstrip", absent: false),
        node.Flag("rstrip", absent: false),
        node.Flag("normalized", absent: true),
        node.Flag("special", absent: false));
}
