// What a BPE model says beside its vocabulary and merges.

namespace Idem.Tokenizers;

/// <param name="UnknownToken">Stands for a character outside the vocabulary.</param>
/// <param name="Prefix">Comes before every symbol that does not begin a piece.</param>
/// <param name="Suffix">Comes behind the symbol that ends a piece.</param>
/// <param name="FuseUnknown">Neighbouring unknown tokens become one.</param>
/// <param name="ByteFallback">A character outside the vocabulary is spelled as the tokens of its bytes, where all are there.</param>
/// <param name="IgnoreMerges">A piece that is a token is that token, whatever the merges say.</param>
internal sealed record BpeSettings(
    string? UnknownToken = null,
    string? Prefix = null,
    string? Suffix = null,
    bool FuseUnknown = false,
    bool ByteFallback = false,
    bool IgnoreMerges = false)
{
    public static BpeSettings Read(JsonNode node)
    {
        if (node.Optional("dropout") is { } dropout && dropout.Number() is not 0)
        {
            throw dropout.Unsupported("BPE dropout");
        }

        // "no affix" is null in some files and "" in others
        return new BpeSettings(
            node.TextOrNull("unk_token"),
            node.TextOrNull("continuing_subword_prefix") is { Length: > 0 } prefix ? prefix : null,
            node.TextOrNull("end_of_word_suffix") is { Length: > 0 } suffix ? suffix : null,
            node.Flag("fuse_unk", absent: false),
            node.Flag("byte_fallback", absent: false),
            node.Flag("ignore_merges", absent: false));
    }
}
