using System.Text;
using System.Text.Json.Nodes;
using Idem.Models;
using Idem.Tests.Support;

namespace Idem.Tests.Training;

/// <summary>A BERT folder of a small model whose WordPiece tokenizer has pieces of one letter, as Transformers saves such.</summary>
internal static class TinyBert
{
    public const int Cls = 2, Sep = 3, Mask = 4, Vocabulary = 61;

    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    private static readonly string[] Tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", ";", "!", .. Letters.Select(letter => $"{letter}"), .. Letters.Select(letter => $"##{letter}")];

    public static byte[] TokenizerJson { get; } = Encoding.UTF8.GetBytes(Tokenizer(withMask: true).ToJsonString());

    public static byte[] TokenizerWithoutMaskJson { get; } = Encoding.UTF8.GetBytes(Tokenizer(withMask: false).ToJsonString());

    public static BertConfig Config { get; } = new()
    {
        VocabSize = Vocabulary, HiddenSize = 24, NumHiddenLayers = 2, NumAttentionHeads = 3, IntermediateSize = 40, MaxPositionEmbeddings = 20, InitializerRange = 0.2,
    };

    public static string Write(TemporaryFolder folder, string name = "bert", BertParts parts = BertParts.All, byte[]? tokenizer = null)
    {
        Bert bert = new(Config, parts);
        bert.Initialize(5);
        string path = TinyFolder.Write(folder, bert, name);
        File.WriteAllBytes(Path.Combine(path, "tokenizer.json"), tokenizer ?? TokenizerJson);
        return path;
    }

    private static JsonObject Tokenizer(bool withMask)
    {
        JsonObject vocabulary = [], specials = [];
        JsonArray added = [];
        for (int id = 0; id < Tokens.Length; id++)
        {
            vocabulary[Tokens[id]] = id;
            if (id < (withMask ? 5 : 4))
            {
                added.Add(new JsonObject
                {
                    ["id"] = id, ["content"] = Tokens[id], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
                });
            }
        }

        foreach (int id in new[] { Cls, Sep })
        {
            specials[Tokens[id]] = new JsonObject { ["id"] = Tokens[id], ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(Tokens[id]) };
        }

        static JsonObject Special(int id) => new() { ["SpecialToken"] = new JsonObject { ["id"] = Tokens[id], ["type_id"] = 0 } };
        static JsonObject Text() => new() { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null, ["lowercase"] = true },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Special(Cls), Text(), Special(Sep)),
                ["pair"] = new JsonArray(Special(Cls), Text(), Special(Sep), new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "B", ["type_id"] = 1 } }, Special(Sep)),
                ["special_tokens"] = specials,
            },
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 100, ["vocab"] = vocabulary },
        };
    }
}
