// tokenizer.ggml.model "llama": SentencePiece's BPE, tokens with scores. Hugging Face's converter makes merges of it, which is done here
// as there: every way of cutting a token in two tokens is a merge; they are in the order of the tokens' scores, then of their parts' lengths.

using System.Text.Json;

namespace Idem.Inference;

internal static class GgufSentencePiece
{
    private const string Blank = "\\u2581";
    private const int TokenLengthMax = 1024; // all cuts of a token are tried

    /// <summary>Writes the tokenizer.</summary>
    public static void Write(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        bool prefix = vocabulary.Flag("add_space_prefix", true);
        vocabulary.WriteAddedTokens(json);
        string replace = $$"""{"type":"Replace","pattern":{"String":" "},"content":"{{Blank}}"}""";
        GgufVocabulary.WriteStage(
            json, "normalizer", prefix ? $$"""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"{{Blank}}"},{{replace}}]}""" : replace);
        GgufVocabulary.WriteStage(json, "pre_tokenizer", null);
        WritePostProcessor(json, vocabulary);
        string strip = prefix ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "";
        GgufVocabulary.WriteStage(
            json, "decoder",
            $$"""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"{{Blank}}"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}{{strip}}]}""");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteString("unk_token", vocabulary.Tokens[vocabulary.Needed("unknown_token_id")]);
        json.WriteBoolean("fuse_unk", true);
        json.WriteBoolean("byte_fallback", true);
        GgufVocabulary.WriteVocabulary(json, vocabulary.Tokens);
        json.WriteStartArray("merges");
        foreach ((string left, string right) in Merges(vocabulary))
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePostProcessor(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        int? begin = vocabulary.Flag("add_bos_token", true) ? vocabulary.Special("bos_token_id") : null;
        int? end = vocabulary.Flag("add_eos_token", false) ? vocabulary.Special("eos_token_id") : null;
        if (begin is null && end is null)
        {
            GgufVocabulary.WriteStage(json, "post_processor", null);
            return;
        }

        json.WriteStartObject("post_processor");
        vocabulary.WriteTemplate(json, begin, end, beginsTwice: true);
        json.WriteEndObject();
    }

    // The highest score first, then the longest left part, the longest right one (in code points), the lowest ids.
    private static List<(string Left, string Right)> Merges(GgufVocabulary vocabulary)
    {
        float[] scores = vocabulary.Scores();
        if (scores.AsSpan().ContainsAny(float.NaN, float.PositiveInfinity, float.NegativeInfinity))
        {
            throw vocabulary.Bad("scores", "are not all finite");
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < vocabulary.Tokens.Length; id++)
        {
            if (!ids.TryAdd(vocabulary.Tokens[id], id))
            {
                throw vocabulary.Bad("tokens", $"holds the token {id} twice");
            }
        }

        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> idOf = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(int Token, int Left, int Right)>();
        for (int id = 0; id < vocabulary.Tokens.Length; id++)
        {
            ReadOnlySpan<char> token = vocabulary.Tokens[id];
            if (token.Length > TokenLengthMax)
            {
                throw vocabulary.Bad("tokens", $"holds a token of {token.Length} characters; {TokenLengthMax} are the limit");
            }

            for (int cut = 1; cut < token.Length; cut++)
            {
                if (!char.IsLowSurrogate(token[cut]) && idOf.TryGetValue(token[..cut], out int left) && idOf.TryGetValue(token[cut..], out int right))
                {
                    merges.Add((id, left, right));
                }
            }
        }

        int[] lengths = Array.ConvertAll(vocabulary.Tokens, token => token.EnumerateRunes().Count());
        merges.Sort((a, b) => (scores[b.Token], lengths[b.Left], lengths[b.Right], a).CompareTo((scores[a.Token], lengths[a.Left], lengths[a.Right], b)));
        return [.. merges.Select(merge => (vocabulary.Tokens[merge.Left], vocabulary.Tokens[merge.Right]))];
    }
}
