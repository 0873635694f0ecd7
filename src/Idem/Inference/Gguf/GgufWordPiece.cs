// tokenizer.ggml.model "bert": WordPiece of an uncased vocabulary. llama.cpp marks the tokens that begin a word, Hugging Face those that
// continue one.

using System.Text.Json;

namespace Idem.Inference;

internal static class GgufWordPiece
{
    private const char Begin = '\u2581';
    private const string Continuation = "##";

    /// <summary>Writes the tokenizer.</summary>
    public static void Write(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        vocabulary.WriteAddedTokens(json);
        GgufVocabulary.WriteStage(json, "normalizer", """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""");
        GgufVocabulary.WriteStage(json, "pre_tokenizer", """{"type":"BertPreTokenizer"}""");
        json.WriteStartObject("post_processor");
        vocabulary.WriteTemplate(json, vocabulary.Special("cls_token_id") ?? vocabulary.Needed("bos_token_id"), vocabulary.Needed("seperator_token_id"), beginsTwice: false);
        json.WriteEndObject();
        GgufVocabulary.WriteStage(json, "decoder", """{"type":"WordPiece","prefix":"##","cleanup":true}""");
        json.WriteStartObject("model");
        json.WriteString("type", "WordPiece");
        json.WriteString("unk_token", vocabulary.Tokens[vocabulary.Needed("unknown_token_id")]);
        json.WriteString("continuing_subword_prefix", Continuation);
        json.WriteNumber("max_input_chars_per_word", 100);
        GgufVocabulary.WriteVocabulary(json, [.. vocabulary.Tokens.Select((token, id) => Spelled(token, vocabulary.KindOf(id)))]);
        json.WriteEndObject();
    }

    private static string Spelled(string token, GgufTokenKind kind) => token.StartsWith(Begin) ? token[1..]
        : kind is GgufTokenKind.Control or GgufTokenKind.Unknown ? token
        : Continuation + token;
}
