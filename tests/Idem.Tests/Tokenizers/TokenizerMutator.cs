// Makes malformed tokenizer.json files that are almost sound: it takes a tokenizer of some kind and breaks one to three of its
// JSON values, or its text. Seeded: mutation n of a seed is always the same file.

using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Tokenizers;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Tests.Tokenizers;

internal sealed class TokenizerMutator
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "1", "-1", "3", "255", "2147483647", "2147483648", "1e99", "0.5", "-0.0", "\"\"", "\"a\"", "\"\\u0000\"",
        "\"\u2581\"", "\"NFC\"", "\"Sequence\"", "\"BPE\"", "\"Unigram\"", "\"ByteLevel\"", "\"Isolated\"", "\"<unk>\"", "\"AAAA\"", "[]", "{}", "[[]]", "[\"a\",\"b\"]", "[\"a\",0]",
    ];

    private static readonly string[] Texts = ["", " a", "the cat<s> \u00E9\U0001F600\u4E2D 42\r\n\0", "zzz\u0301[MASK] \u2581 ab"];

    private readonly Random _random;
    private readonly string[] _sound;

    public TokenizerMutator(int seed)
    {
        _random = new Random(seed);
        using Stream packed = typeof(TokenizerMutator).Assembly.GetManifestResourceStream("tokenizer-cases.json.gz")!;
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        _sound = [.. JsonNode.Parse(unpacked)!["tokenizers"]!.AsArray().Select(entry => entry!["tokenizer"]!.ToJsonString())];
    }

    public byte[] Next()
    {
        string json = _sound[_random.Next(_sound.Length)];
        if (_random.Next(4) == 0)
        {
            return Encoding.UTF8.GetBytes(MutateText(json));
        }

        JsonNode root = JsonNode.Parse(json)!;
        for (int i = _random.Next(1, 4); i > 0; i--)
        {
            MutateNode(root);
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    /// <summary>Reads and uses a file; true if it was good, false if it was refused as it should be. Anything else is thrown.</summary>
    public static bool Try(byte[] file)
    {
        try
        {
            Tokenizer tokenizer = Tokenizer.Parse(file, "mutated");
            foreach (string text in Texts)
            {
                TokenEncoding encoding = tokenizer.EncodeWithOffsets(text, "b");
                tokenizer.Decode([.. encoding.Ids]);
            }

            Tokenizer.Parse(tokenizer.ToJson(), "saved");
            return true;
        }
        catch (Exception e) when (e is TokenizerFormatException or TokenizationException)
        {
            return false;
        }
    }

    private void MutateNode(JsonNode root)
    {
        JsonNode node = root;
        while (Children(node) is { Count: > 0 } children && _random.Next(5) > 0)
        {
            // the vocabulary is most of a file; the small members matter as much
            node = children[_random.Next(Math.Min(children.Count, 12))] ?? node;
            if (node.Parent is null)
            {
                return;
            }
        }

        JsonNode? value = JsonNode.Parse(Values[_random.Next(Values.Length)]);
        switch (node.Parent)
        {
            case JsonObject owner when _random.Next(3) == 0:
                owner.Remove(node.GetPropertyName());
                break;
            case JsonObject owner:
                owner[node.GetPropertyName()] = value;
                break;
            case JsonArray owner when _random.Next(3) == 0:
                owner.RemoveAt(node.GetElementIndex());
                break;
            case JsonArray owner:
                owner[node.GetElementIndex()] = value;
                break;
            default:
                break;
        }
    }

    private static List<JsonNode?> Children(JsonNode node) => node switch
    {
        JsonObject members => [.. members.Select(member => member.Value).Where(value => value is not null)],
        JsonArray items => [.. items.Where(value => value is not null)],
        _ => [],
    };

    private string MutateText(string json)
    {
        int at = _random.Next(json.Length);
        return _random.Next(4) switch
        {
            0 => json[..at],
            1 => json.Insert(at, Values[_random.Next(Values.Length)]),
            2 => json.Remove(at, Math.Min(_random.Next(1, 20), json.Length - at)),
            _ => json[..at] + (char)_random.Next(0xD800) + json[(at + 1)..],
        };
    }
}
