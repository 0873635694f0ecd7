// Makes malformed generation_config.json files that are almost sound: one to three fields changed, added or named twice; a byte changed;
// the end cut off. Seeded: file n of a seed is always the same.

using System.Text;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;

namespace Idem.Tests.Inference;

internal sealed class GenerationConfigMutator(int seed)
{
    private static readonly string[] Names =
    [
        "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "max_new_tokens", "max_length", "do_sample", "eos_token_id",
        "num_beams", "typical_p", "bad_words_ids", "sequence_bias", "token_healing", "use_cache", "new\\nfield", "\\u0000", "\u20ac",
    ];

    private static readonly string[] Values =
    [
        "0", "1", "-1", "0.5", "1.0", "2", "50", "4096", "1e-40", "1e39", "-0.0", "1e400", "2147483648", "18446744073709551616", "true", "false", "null", "\"\"", "\"a\\nb\"", "\"\\ud800\"",
        "[]", "{}", "[1,\n2]", "[[]]", "{\"a\":\n1}",
    ];

    private readonly Random _random = new(seed);

    /// <summary>Reads a file; false if it is refused with a typed error of one line that names it.</summary>
    /// <exception cref="InvalidOperationException">What was taken or said is not what is promised.</exception>
    public static bool Try(byte[] bytes)
    {
        try
        {
            GenerationConfigFile file = new(bytes, "g.json");
            _ = file.StopIds();
            GenerationDefaults said = file.Defaults();
            new SamplingSettings
            {
                Temperature = said.Temperature ?? 1f, TopK = said.TopK ?? 0, TopP = said.TopP ?? 1f, MinP = said.MinP ?? 0f, RepetitionPenalty = said.RepetitionPenalty ?? 1f,
                PresencePenalty = said.PresencePenalty ?? 0f, FrequencyPenalty = said.FrequencyPenalty ?? 0f, MaxTokens = said.MaxTokens(0) ?? 1,
            }.Validate();
            string shown = said.ToJson().ToJsonString();
            string again = new GenerationConfigFile(Encoding.UTF8.GetBytes(shown), "g.json").Defaults().ToJson().ToJsonString();
            return shown == again ? true : throw new InvalidOperationException($"{shown} is read as {again}");
        }
        catch (Exception exception) when (exception is CorruptFileException or ModelConfigException)
        {
            return exception.Message.StartsWith("g.json: ", StringComparison.Ordinal) && !exception.Message.Contains('\n', StringComparison.Ordinal)
                ? false
                : throw new InvalidOperationException($"an error of more than a line, or of no file: {exception.Message}");
        }
    }

    /// <summary>The next file.</summary>
    public byte[] Next()
    {
        List<string> fields = [.. Names.Take(11).Select((name, i) => $"\"{name}\": {(i == 9 ? "true" : i is 1 or > 6 ? "9" : "0.5")}")];
        for (int i = _random.Next(1, 4); i > 0; i--)
        {
            string field = $"\"{Pick(Names)}\": {Pick(Values)}";
            if (_random.Next(8) == 0)
            {
                fields.Add(field);
            }
            else
            {
                fields[_random.Next(fields.Count)] = field;
            }
        }

        byte[] bytes = Encoding.UTF8.GetBytes("{" + string.Join(",\n", fields.DistinctBy(field => _random.Next(20) == 0 ? field : field[..field.IndexOf(':', StringComparison.Ordinal)])) + "}");
        if (_random.Next(6) == 0)
        {
            bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        }

        return _random.Next(12) == 0 ? bytes[.._random.Next(bytes.Length)] : bytes;
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
