// tokenizer.ggml.model "gpt2": byte-level BPE. How a text is cut into words is said by tokenizer.ggml.pre, a name that llama.cpp's
// converter gives; here are those whose meaning in Hugging Face's terms is known and checked.

using System.Text.Json;
using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>A kind of byte-level BPE.</summary>
/// <param name="Normalizer">The stage's JSON, or null.</param>
/// <param name="PreTokenizer">The stage's JSON.</param>
/// <param name="IgnoreMerges">A word that is a token needs no merges.</param>
/// <param name="Begins">Whether a text begins with a token where the file does not say.</param>
internal sealed record GgufBytePairs(string? Normalizer, string PreTokenizer, bool IgnoreMerges, bool Begins)
{
    /// <summary>The names of all kinds.</summary>
    public const string Names = "gpt-2, llama-bpe, qwen2, smollm, tekken";

    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":false}""";
    private const string ByteLevelWords = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
    private const string Digits = """{"type":"Digits","individual_digits":true}""";

    /// <summary>The kind of a name; null if it is not known.</summary>
    public static GgufBytePairs? Of(string? name) => name switch
    {
        "gpt-2" => new(null, ByteLevelWords, false, false),
        "llama-bpe" or "llama3" or "llama-v3" => new(null, Words(SplitPattern.Llama3), true, true),
        "qwen2" => new("""{"type":"NFC"}""", Words(SplitPattern.Qwen2), false, false),
        "smollm" => new(null, Sequence(Digits, ByteLevelWords), false, false),
        "tekken" => new(null, Words(SplitPattern.Tekken), true, true),
        _ => null,
    };

    /// <summary>Writes the tokenizer.</summary>
    public void Write(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        vocabulary.WriteAddedTokens(json);
        GgufVocabulary.WriteStage(json, "normalizer", Normalizer);
        GgufVocabulary.WriteStage(json, "pre_tokenizer", PreTokenizer);
        int? begin = vocabulary.Flag("add_bos_token", Begins) ? vocabulary.Special("bos_token_id") : null;
        int? end = vocabulary.Flag("add_eos_token", false) ? vocabulary.Special("eos_token_id") : null;
        if (begin is null && end is null)
        {
            GgufVocabulary.WriteStage(json, "post_processor", ByteLevel);
        }
        else
        {
            json.WriteStartObject("post_processor");
            vocabulary.WriteTemplate(json, begin, end, beginsTwice: true);
            json.WriteEndObject();
        }

        GgufVocabulary.WriteStage(json, "decoder", ByteLevel);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("ignore_merges", IgnoreMerges);
        GgufVocabulary.WriteVocabulary(json, vocabulary.Tokens);
        json.WriteStartArray("merges");
        foreach (string merge in vocabulary.Merges())
        {
            json.WriteStringValue(merge);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Words(SplitPattern pattern) => Sequence(
        $$"""{"type":"Split","pattern":{"Regex":"{{JsonEncodedText.Encode(pattern.Regex)}}"},"behavior":"Isolated","invert":false}""", ByteLevel);

    private static string Sequence(string first, string second) => $$"""{"type":"Sequence","pretokenizers":[{{first}},{{second}}]}""";
}
