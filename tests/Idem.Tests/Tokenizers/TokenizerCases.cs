// Tokenizers with texts and what another implementation made of them: {"tokenizers": [{"name", "tokenizer", "cases"}]}. A case
// has text, ids (no special tokens added), offsets (two numbers per id), special (ids with special tokens), decoded (of ids),
// skipped (of special, without special tokens), and pair with pair_types where the text was encoded with the second text
// "the cat".

using System.Text;
using System.Text.Json;
using Idem.Tokenizers;

namespace Idem.Tests.Tokenizers;

internal static class TokenizerCases
{
    private const string SecondText = "the cat";

    /// <summary>One line for each thing that differs.</summary>
    public static IEnumerable<string> Differences(ReadOnlyMemory<byte> json, Action<int> count)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement entry in document.RootElement.GetProperty("tokenizers").EnumerateArray())
        {
            string name = entry.GetProperty("name").GetString()!;
            Tokenizer tokenizer = Tokenizer.Parse(Encoding.UTF8.GetBytes(entry.GetProperty("tokenizer").GetRawText()), name);
            Tokenizer saved = Tokenizer.Parse(tokenizer.ToJson(), name + ", saved");
            count(entry.GetProperty("cases").GetArrayLength());
            foreach (JsonElement item in entry.GetProperty("cases").EnumerateArray())
            {
                foreach (string difference in Compare(tokenizer, saved, item))
                {
                    yield return $"{name}: {JsonSerializer.Serialize(item.GetProperty("text").GetString())}: {difference}";
                }
            }
        }
    }

    private static IEnumerable<string> Compare(Tokenizer tokenizer, Tokenizer saved, JsonElement item)
    {
        string text = item.GetProperty("text").GetString()!;
        int[] ids = tokenizer.Encode(text, addSpecialTokens: false), special = tokenizer.Encode(text);
        TokenEncoding traced = tokenizer.EncodeWithOffsets(text, addSpecialTokens: false);
        if (!saved.Encode(text).SequenceEqual(special))
        {
            yield return "the saved tokenizer gives other ids";
        }

        if (!traced.Ids.SequenceEqual(ids))
        {
            yield return "ids with offsets are not the ids without";
        }

        List<int> offsets = [.. traced.Offsets.SelectMany(o => new[] { o.Start, o.End })];
        foreach ((string name, int[] actual) in new (string, int[])[] { ("ids", ids), ("special", special), ("offsets", [.. offsets]) })
        {
            if (Difference(name, Ints(item, name), actual) is { } difference)
            {
                yield return difference;
            }
        }

        if (item.TryGetProperty("pair", out _))
        {
            TokenEncoding pair = tokenizer.EncodeWithOffsets(text, SecondText);
            if (Difference("pair", Ints(item, "pair"), [.. pair.Ids]) is { } second)
            {
                yield return second;
            }

            if (Difference("pair_types", Ints(item, "pair_types"), [.. pair.TypeIds]) is { } types)
            {
                yield return types;
            }
        }

        foreach ((string name, int[] from, bool skip) in new[] { ("decoded", ids, false), ("skipped", special, true) })
        {
            string expected = item.GetProperty(name).GetString()!, decoded = tokenizer.Decode(from, skip), streamed = Stream(tokenizer, from, skip);
            if (decoded != expected)
            {
                yield return $"{name} {JsonSerializer.Serialize(expected)}, here {JsonSerializer.Serialize(decoded)}";
            }

            if (streamed != decoded)
            {
                yield return $"{name} streams as {JsonSerializer.Serialize(streamed)}";
            }
        }
    }

    private static string? Difference(string name, int[] expected, int[] actual) => expected.SequenceEqual(actual)
        ? null
        : $"{name} {string.Join(' ', expected)}, here {string.Join(' ', actual)}";

    private static int[] Ints(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static string Stream(Tokenizer tokenizer, int[] ids, bool skip)
    {
        StreamDecoder decoder = tokenizer.CreateStreamDecoder(skip);
        return string.Concat(ids.Select(decoder.Append)) + decoder.Finish();
    }
}
