// idem tokenize: texts to ids and back, one JSON value a line on either side, in the order of the input.

using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Idem.Data;
using Idem.Inference;
using Idem.Tokenizers;

namespace Idem.Cli.Verbs;

internal static class TokenizeVerb
{
    private const string StandardInput = "-";

    private static readonly Argument<string> PathArgument = new("path") { Description = "A tokenizer.json, a folder that holds one, or a GGUF file." };

    private static readonly Option<string> Jsonl = new("--jsonl")
    {
        Description = "The input, one JSON value a line: strings, or arrays of ids with --decode; - is standard input.", HelpName = "FILE", Required = true,
    };

    private static readonly Option<bool> NoSpecial = new("--no-special")
    {
        Description = "Add no special tokens around a text; with --decode, leave special tokens out of the text.",
    };

    private static readonly Option<bool> DecodeOption = new("--decode") { Description = "From ids to text." };

    private static readonly Option<bool> OffsetsOption = new("--offsets")
    {
        Description = "Write objects with ids, tokens, offsets in characters, and type_ids instead of arrays of ids.",
    };

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Create()
    {
        Command command = new("tokenize", "Turn texts into token ids, or ids into texts.") { PathArgument, Jsonl, NoSpecial, DecodeOption, OffsetsOption };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        if (context.Value(DecodeOption) && context.Value(OffsetsOption))
        {
            throw new UsageException("tokenize: --offsets needs a text; leave out --decode");
        }

        Tokenizer tokenizer = ModelFolder.LoadTokenizer(context.Value(PathArgument)!);
        string name = context.Value(Jsonl)!;
        using Stream input = name == StandardInput ? Console.OpenStandardInput() : Open(name);
        using Stream output = Console.OpenStandardOutput();
        using var lines = new StreamReader(input, Strict, detectEncodingFromByteOrderMarks: false);
        using var buffered = new BufferedStream(output, 1 << 16);
        int number = 0;
        while (ReadLine(lines, name, number + 1) is { } line)
        {
            number++;
            context.Cancellation.ThrowIfCancellationRequested();
            using (var json = new Utf8JsonWriter(buffered, Json))
            {
                Convert(context, tokenizer, line, $"{name}: line {number}", json);
            }

            buffered.WriteByte((byte)'\n');
        }

        return ExitCodes.Success;
    }

    private static FileStream Open(string name) => Directory.Exists(name) ? throw new UsageException($"tokenize: {Jsonl.Name} {name} is a folder: name a file")
        : File.Exists(name) ? File.OpenRead(name)
        : throw new FileNotFoundException($"tokenize: {Jsonl.Name} {name} does not exist: name a file of JSON lines, or {StandardInput} for standard input");

    private static string? ReadLine(StreamReader lines, string name, int number)
    {
        try
        {
            return lines.ReadLine();
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{name}: about line {number}", "it is not UTF-8.", "Write the file again as UTF-8.", inner: e);
        }
    }

    private static void Convert(VerbContext context, Tokenizer tokenizer, string line, string place, Utf8JsonWriter json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (context.Value(DecodeOption))
            {
                json.WriteStringValue(tokenizer.Decode(Ids(document.RootElement, place), context.Value(NoSpecial)));
            }
            else if (context.Value(OffsetsOption))
            {
                WriteOffsets(tokenizer, tokenizer.EncodeWithOffsets(Text(document.RootElement, place), null, !context.Value(NoSpecial)), json);
            }
            else
            {
                WriteNumbers(tokenizer.Encode(Text(document.RootElement, place), !context.Value(NoSpecial)), json);
            }
        }
        catch (JsonException e)
        {
            throw new DataException(place, "it is not JSON.", "Write one JSON value on each line.", inner: e);
        }
        catch (TokenizationException e)
        {
            throw new DataException(place, e.Message, "", inner: e);
        }
        catch (ArgumentOutOfRangeException e) when (e.ParamName == "id")
        {
            throw new DataException(place, $"the id {e.ActualValue} is not in the vocabulary of {tokenizer.VocabularySize}.", "Use the tokenizer the ids were made with.", inner: e);
        }
    }

    private static string Text(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new DataException(place, "it is not a JSON string.", "Write one JSON string on each line, or use --decode for ids.");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new DataException(place, "the string holds half of a surrogate pair.", "Write the text again from its source.", inner: e);
        }
    }

    private static int[] Ids(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(id => id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out _)))
        {
            throw new DataException(place, "it is not a JSON array of ids.", "Write one array of integers on each line, or leave out --decode for texts.");
        }

        return [.. value.EnumerateArray().Select(id => id.GetInt32())];
    }

    private static void WriteNumbers(IEnumerable<int> numbers, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (int number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static void WriteOffsets(Tokenizer tokenizer, TokenEncoding encoding, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("ids");
        WriteNumbers(encoding.Ids, json);
        json.WriteStartArray("tokens");
        foreach (int id in encoding.Ids)
        {
            json.WriteStringValue(tokenizer.IdToToken(id));
        }

        json.WriteEndArray();
        json.WriteStartArray("offsets");
        foreach (TokenOffsets offsets in encoding.Offsets)
        {
            WriteNumbers([offsets.Start, offsets.End], json);
        }

        json.WriteEndArray();
        json.WritePropertyName("type_ids");
        WriteNumbers(encoding.TypeIds, json);
        json.WriteEndObject();
    }
}
