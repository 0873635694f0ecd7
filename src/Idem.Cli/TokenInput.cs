// Token ids that a verb works on: given as numbers, or as a text to tokenize.

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Inference;

namespace Idem.Cli;

internal static class TokenInput
{
    /// <summary>A new option for ids.</summary>
    public static Option<string?> IdsOption() => new("--ids") { Description = "Token ids in place of a text, separated by commas.", HelpName = "I,J,K" };

    /// <summary>The ids of an option.</summary>
    public static int[] Parse(string verb, string ids, ModelFolder model)
    {
        string[] parts = ids.Split(',', StringSplitOptions.TrimEntries);
        int[] result = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out result[i]))
            {
                throw new UsageException($"{verb}: --ids: '{parts[i]}' is not a token id; give whole numbers separated by commas");
            }
        }

        return Check(verb, result, model);
    }

    /// <summary>The ids of a text, with the special tokens that the tokenizer puts around it.</summary>
    public static int[] Encode(string verb, string text, ModelFolder model) => model.HasTokenizer
        ? Check(verb, model.Tokenizer.Encode(text), model)
        : throw new FileNotFoundException($"{verb}: {model.TokenizerProblem}, so there is nothing to read a text with: give token ids with --ids");

    public static JsonArray ToJson(IEnumerable<int> ids) => new([.. ids.Select(id => JsonValue.Create(id))]);

    private static int[] Check(string verb, int[] ids, ModelFolder model)
    {
        if (ids.Length == 0)
        {
            throw new UsageException($"{verb}: the text has no tokens; give at least one character");
        }

        int vocabulary = model.Model.Config.VocabSize;
        foreach (int id in ids)
        {
            if (id >= vocabulary)
            {
                throw new UsageException($"{verb}: id {id} is not in the model's vocabulary of {vocabulary}");
            }
        }

        return ids;
    }
}
