using System.Text;
using System.Text.RegularExpressions;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>
/// Makes config.json files that are almost sound: it knows the fields of all model types and breaks one to four things. Seeded:
/// mutation n of a seed is always the same file. A file must load with the weights of its model, or be refused with a typed error.
/// </summary>
internal sealed partial class ConfigMutator(int seed)
{
    private static readonly (byte[] Json, IStateSource Weights)[] Sound =
        [.. TinyDecoders.Names.Select(name => (LanguageModel)TinyDecoders.Create(name)).Append(TinyBert()).Select(model => (model.Config.ToJson(), (IStateSource)new TensorStateSource(model.StateDict())))];

    private static readonly string[] Values =
    [
        "0", "1", "2", "3", "-1", "-0", "0.5", "1e-30", "1e30", "1e999", "1.5", "16", "48", "65536", "2147483647", "2147483648", "-2147483648", "9223372036854775807",
        "99999999999999999999999999", "null", "true", "false", "\"\"", "\"gelu\"", "\"silu\"", "\"llama\"", "\"bert\"", "\"gpt_neox\"", "[]", "[1]", "[1, null]", "{}",
        "{\"rope_type\": \"yarn\", \"factor\": 4}", "{\"type\": \"dynamic\", \"factor\": 1e300}", "{\"rope_type\": \"llama3\", \"factor\": 2, \"low_freq_factor\": 1, \"high_freq_factor\": 1e-320}",
        "{\"rope_type\": 7}", "[\"full_attention\", \"sliding_attention\"]", "\"\\ud800\"", "NaN", "",
    ];

    private static readonly string[] Names = [.. Sound.SelectMany(sound => Field().Matches(Encoding.UTF8.GetString(sound.Json)).Select(match => match.Groups[1].Value)).Distinct(),
        "quantization_config", "sliding_window", "partial_rotary_factor", "rope_parameters", "layer_types", "rope_theta", "head_dim", "n_inner", "is_decoder"];

    private readonly Random _random = new(seed);

    /// <summary>The next file, and weights that it may be of.</summary>
    public (byte[] Json, IStateSource Weights) Next()
    {
        (byte[] json, IStateSource weights) = Sound[_random.Next(Sound.Length)];
        string text = Encoding.UTF8.GetString(json);
        for (int i = _random.Next(1, 5); i > 0; i--)
        {
            text = Mutate(text);
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && _random.Next(8) == 0)
        {
            bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
        }

        return (bytes, weights);
    }

    /// <summary>Loads a file as folders are loaded. False: it was refused as it must be.</summary>
    public static bool Load(byte[] json, IStateSource weights)
    {
        try
        {
            LanguageModel model = ModelTypes.Create(json, weights);
            model.LoadStateDict(weights);
            return true;
        }
        catch (Exception e) when (e is ModelConfigException or StateDictException)
        {
            return false;
        }
    }

    private string Mutate(string text)
    {
        MatchCollection fields = Field().Matches(text);
        if (fields.Count == 0)
        {
            return text;
        }

        Match field = fields[_random.Next(fields.Count)];
        string value = Values[_random.Next(Values.Length)], name = Names[_random.Next(Names.Length)];
        return _random.Next(7) switch
        {
            0 => text[..field.Index] + $"\"{name}\": {value},\n" + text[field.Index..],
            1 => text[..field.Index] + text[(field.Index + field.Length)..],
            2 => text[.._random.Next(text.Length)],
            3 => text.Replace($"\"{field.Groups[1].Value}\"", $"\"{name}\"", StringComparison.Ordinal),
            _ => text[..field.Groups[2].Index] + value + text[(field.Groups[2].Index + field.Groups[2].Length)..],
        };
    }

    private static Bert TinyBert()
    {
        Bert bert = new(new BertConfig { VocabSize = 20, HiddenSize = 12, NumHiddenLayers = 2, NumAttentionHeads = 3, IntermediateSize = 10, MaxPositionEmbeddings = 9 });
        bert.Initialize(1);
        return bert;
    }

    [GeneratedRegex("\"([a-z_]+)\": ([^,\\n{\\[]+|\\[[^\\]]*\\]),?")]
    private static partial Regex Field();
}
