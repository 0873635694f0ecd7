// What two runs are made of, compared member by member.

using System.Text.Json.Nodes;
using Idem.Training;

namespace Idem.Verification.Differences;

internal static class RunIdentity
{
    /// <summary>What differs: settings first, then data, tokenizer and base, then what decides no bit.</summary>
    public static IReadOnlyList<Difference> Differences(RunSide a, RunSide b)
    {
        List<Difference> found = [];
        JsonObject left = a.Manifest.ConfigJson(), right = b.Manifest.ConfigJson();
        foreach (string name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
        {
            Add($"config {name}", Text(left[name]), Text(right[name]), DecidesBits(name));
        }

        Add("data", a.Manifest.Data.ToString(), b.Manifest.Data.ToString());
        Add("tokenizer", a.Manifest.Tokenizer.ToString(), b.Manifest.Tokenizer.ToString());
        Add("base model", Text(a.Manifest.Base?.Model), Text(b.Manifest.Base?.Model));
        Add("base config", Text(a.Manifest.Base?.Config), Text(b.Manifest.Base?.Config));
        Add("code", a.Manifest.Environment.CodeDigest, b.Manifest.Environment.CodeDigest, false);
        Add("version", a.Manifest.Environment.Version, b.Manifest.Environment.Version, false);
        Add("runtime", a.Manifest.Environment.Runtime, b.Manifest.Environment.Runtime, false);
        Add("architecture", a.Manifest.Environment.Architecture, b.Manifest.Environment.Architecture, false);
        Add("simd", a.Manifest.Environment.Simd, b.Manifest.Environment.Simd, false);
        Add("threads", Text(a.Manifest.Environment.Threads), Text(b.Manifest.Environment.Threads), false);
        return found;

        void Add(string what, string x, string y, bool decidesBits = true)
        {
            if (x != y)
            {
                found.Add(new Difference(what, x, y, decidesBits));
            }
        }
    }

    private static string Text(object? value) => value is JsonNode node ? node.ToJsonString().Trim('"') : FormattableString.Invariant($"{value ?? "none"}");

    // Settings that decide what is stated and when, not what is computed.
    private static bool DecidesBits(string setting) => setting is not ("eval_every" or "eval_windows" or "checkpoint_every" or "digest_every" or "sample_every" or "sample_tokens");
}
