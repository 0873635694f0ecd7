// Random texts through the tokenizers of a folder (sub-folders with tokenizer.json or tokenizer.json.gz): no crash, decoding in a
// stream equals decoding at once, ids with offsets equal ids without; and where a tokenizer is lossless the text comes back.

using System.IO.Compression;
using Idem.Tests.Tokenizers;
using Idem.Tokenizers;

namespace Idem.Conformance;

internal static class TokenizerSweep
{
    public const string Usage = "tokenizers COUNT SEED [FOLDER]";

    private const string DefaultFolder = "../shared/reference/tokenizers";

    public static int Run(string[] arguments)
    {
        if (arguments.Length is not (2 or 3) || !int.TryParse(arguments[0], out int count) || !int.TryParse(arguments[1], out int seed))
        {
            Console.Error.WriteLine($"usage: Idem.Conformance {Usage}");
            return 2;
        }

        var tokenizers = new List<(string Name, Tokenizer Tokenizer)> { ("trained", BpeTrainer.Train(["the cat sat on the mat, 42 times"], 300, specialTokens: ["<s>"])) };
        foreach (string folder in Directory.EnumerateDirectories(arguments.Length == 3 ? arguments[2] : DefaultFolder).Order(StringComparer.Ordinal))
        {
            tokenizers.Add((Path.GetFileName(folder), Load(folder)));
        }

        var texts = new RandomTexts(seed);
        var comeBack = new int[tokenizers.Count];
        for (int i = 0; i < count; i++)
        {
            string text = texts.Next();
            for (int t = 0; t < tokenizers.Count; t++)
            {
                if (Check(tokenizers[t].Name, tokenizers[t].Tokenizer, text, i % 8 == 0, ref comeBack[t]) is { } failure)
                {
                    Console.WriteLine($"tokenizers: text {i} of seed {seed}, {tokenizers[t].Name}: {failure}: {System.Text.Json.JsonSerializer.Serialize(text)}");
                    return 3;
                }
            }
        }

        Console.WriteLine($"tokenizers: {count} texts of seed {seed}; " + string.Join(", ", tokenizers.Select((each, t) => $"{each.Name} {comeBack[t]} came back")));
        return 0;
    }

    private static string? Check(string name, Tokenizer tokenizer, string text, bool traces, ref int comeBack)
    {
        int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
        string decoded = tokenizer.Decode(ids, skipSpecialTokens: false);
        StreamDecoder stream = tokenizer.CreateStreamDecoder(skipSpecialTokens: false);
        string streamed = "";
        foreach (int id in ids)
        {
            string part = stream.Append(id);
            if (part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1])))
            {
                return "the stream splits a character";
            }

            streamed += part;
        }

        if (streamed + stream.Finish() != decoded)
        {
            return "the stream gives another text";
        }

        if (traces)
        {
            TokenEncoding traced = tokenizer.EncodeWithOffsets(text, addSpecialTokens: false);
            int length = WellFormed.CountCodePoints(text);
            if (!traced.Ids.SequenceEqual(ids) || traced.Offsets.Any(o => o.Start < 0 || o.End < o.Start || o.End > length))
            {
                return "offsets lie outside the text, or change the ids";
            }
        }

        bool isEqual = decoded == text;
        comeBack += isEqual ? 1 : 0;
        return isEqual || !MustComeBack(name, tokenizer, text, decoded) ? null : $"decodes to {System.Text.Json.JsonSerializer.Serialize(decoded)}";
    }

    // By the pipeline: byte-level without a normalizer always; with NFC, the text in that form, where no added
    // token parts it; SentencePiece's where the text has neither the blank's replacement nor an added token, behind which it puts a blank.
    private static bool MustComeBack(string name, Tokenizer tokenizer, string text, string decoded) => name switch
    {
        "trained" or "gpt2" or "llama3" => true,
        "qwen2_5" => !HasAddedToken(tokenizer, text) && decoded != tokenizer.Stages.Normalizer!.Normalize(TracedText.Of(text, traced: false)).Text,
        "llama2" => !text.Contains('\u2581', StringComparison.Ordinal) && !HasAddedToken(tokenizer, text),
        _ => false,
    };

    private static bool HasAddedToken(Tokenizer tokenizer, string text) =>
        tokenizer.AddedTokens.Any(token => text.Contains(token.Content, StringComparison.Ordinal));

    private static Tokenizer Load(string folder)
    {
        string file = Path.Combine(folder, "tokenizer.json");
        if (File.Exists(file))
        {
            return Tokenizer.Load(file);
        }

        using var unpacked = new GZipStream(File.OpenRead(file + ".gz"), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return Tokenizer.Parse(bytes.ToArray(), file);
    }
}
