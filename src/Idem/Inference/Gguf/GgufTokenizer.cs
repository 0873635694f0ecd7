// A GGUF file's tokenizer as the tokenizer.json that Hugging Face has for it. Kinds whose ids cannot be had exactly from what the file
// says are refused by name; a model of such a file takes token ids.

using System.Text.Encodings.Web;
using System.Text.Json;
using Idem.Formats;

namespace Idem.Inference;

/// <summary>Metadata to tokenizer.</summary>
internal static class GgufTokenizer
{
    public const string TokensKey = Prefix + "tokens";

    private const string Prefix = "tokenizer.ggml.";

    // What may stand under the prefix. Ids of tokens for other tasks and whatever ends in _token_id are no part of a text's ids.
    private static readonly string[] Known =
    [
        "model", "pre", "tokens", "scores", "token_type", "merges", "add_bos_token", "add_eos_token", "add_sep_token", "add_space_prefix", "token_type_count",
        "remove_extra_whitespaces",
    ];

    /// <summary>Keys of special tokens, and their names in tokenizer_config.json. The spelling of the separator's is the format's own.</summary>
    public static IReadOnlyList<(string Key, string Name)> SpecialNames { get; } =
    [
        ("bos_token_id", "bos_token"), ("eos_token_id", "eos_token"), ("unknown_token_id", "unk_token"), ("padding_token_id", "pad_token"),
        ("seperator_token_id", "sep_token"), ("cls_token_id", "cls_token"), ("mask_token_id", "mask_token"),
    ];

    /// <summary>The id under a key, if it is an id at all (files say "none" with the largest number); else the one that llama.cpp takes.</summary>
    public static int? SpecialId(GgufFile file, string key) => file.Metadata.Integer(Prefix + key) is >= 0 and < int.MaxValue and long id
        ? (int)id
        : (file.Metadata.Text(Prefix + "model"), key) switch
        {
            ("llama", "unknown_token_id") => 0,
            ("llama", "bos_token_id") => 1,
            ("llama", "eos_token_id") => 2,
            ("bert", "padding_token_id") => 0,
            ("bert", "unknown_token_id") => 100,
            ("bert", "bos_token_id") => 101,
            ("bert", "seperator_token_id") => 102,
            ("bert", "mask_token_id") => 103,
            _ => null,
        };

    /// <summary>Why the file's tokenizer cannot be used; null if it can.</summary>
    public static string? Problem(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        if (metadata.Text(Prefix + "model") is not { } kind || kind is "none" or "no_vocab")
        {
            return $"{file.Path} has no tokenizer";
        }

        if (metadata.Keys.FirstOrDefault(IsForeign) is { } foreign)
        {
            return $"{file.Path} has the key {foreign}, which is not supported";
        }

        return kind switch
        {
            "gpt2" => GgufBytePairs.Of(metadata.Text(Prefix + "pre")) is null
                ? $"{file.Path}: {Prefix}pre is '{metadata.Text(Prefix + "pre") ?? "default"}', which is not supported; supported are {GgufBytePairs.Names}"
                : null,
            "llama" => metadata.Flag(Prefix + "remove_extra_whitespaces") == true ? $"{file.Path}: {Prefix}remove_extra_whitespaces is not supported" : null,
            "bert" => IsCased(metadata.Texts(TokensKey) ?? [], metadata.Integers(Prefix + "token_type"))
                ? $"{file.Path}: a cased WordPiece vocabulary cannot be told from an uncased one for certain in a GGUF file"
                : null,
            _ => $"{file.Path}: {Prefix}model is '{kind}', which is not supported; supported are gpt2, llama and bert",
        };
    }

    /// <summary>The bytes of tokenizer.json.</summary>
    /// <exception cref="GgufException">The lists do not fit together.</exception>
    public static byte[] ToJson(GgufFile file)
    {
        GgufVocabulary vocabulary = GgufVocabulary.Read(file, Prefix);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            switch (file.Metadata.Text(Prefix + "model"))
            {
                case "gpt2": GgufBytePairs.Of(file.Metadata.Text(Prefix + "pre"))!.Write(json, vocabulary); break;
                case "llama": GgufSentencePiece.Write(json, vocabulary); break;
                default: GgufWordPiece.Write(json, vocabulary); break;
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static bool IsForeign(string key) => key.StartsWith(Prefix, StringComparison.Ordinal) && !key.EndsWith("_token_id", StringComparison.Ordinal)
        && !key.EndsWith("_token_ids", StringComparison.Ordinal) && !Known.Contains(key[Prefix.Length..]);

    // An uncased vocabulary has no Latin capitals; of other characters, some are capitals without a small form.
    private static bool IsCased(string[] tokens, long[]? types)
    {
        for (int id = 0; id < tokens.Length; id++)
        {
            if ((types is null || id >= types.Length || types[id] == (long)GgufTokenKind.Normal) && tokens[id].Any(char.IsAsciiLetterUpper))
            {
                return true;
            }
        }

        return false;
    }
}
