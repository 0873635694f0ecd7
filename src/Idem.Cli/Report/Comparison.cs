// Two runs: whether they are the same, where they begin to differ, and in what they were told to.

using System.Text.Json.Nodes;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Report;

internal static class Comparison
{
    /// <summary>Writes the section; returns the first difference of the two ledgers, or null.</summary>
    public static LedgerDifference? Write(Html html, RunHistory a, RunHistory b, string[] names)
    {
        LedgerDifference? difference = LedgerComparison.FirstDifference(a.Steps, b.Steps);
        int common = Math.Min(a.Steps.Count, b.Steps.Count);
        html.Raw("<section><h2>Comparison</h2>");
        if (difference is null)
        {
            string which = a.Steps.Count == b.Steps.Count ? $"all {common} steps" : $"the {common} steps that both have";
            html.Raw($"<div class=\"verdict is-good\"><p><strong>Equal in {which}, bit for bit.</strong></p></div>");
        }
        else
        {
            string before = difference.Step == 1 ? "They differ from the first step on." : $"Equal, bit for bit, through step {difference.Step - 1}.";
            html.Raw($"<div class=\"verdict is-bad\"><p><strong>First difference at step {difference.Step}, in {Html.Code(difference.Quantity)}.</strong> {before}</p></div>");
            html.Table("The first difference", ["run", Html.Escape(difference.Quantity)], [[Html.Escape(names[0]), Html.Code(difference.A)], [Html.Escape(names[1]), Html.Code(difference.B)]], "digests");
        }

        html.Raw($"<p>{Cause(a.Run.Manifest, b.Run.Manifest, difference is not null)}</p></section>");
        return difference;
    }

    /// <summary>Settings that two runs were given differently.</summary>
    public static IReadOnlyList<string> UnlikeSettings(RunManifest a, RunManifest b)
    {
        JsonObject x = a.ConfigJson(), y = b.ConfigJson();
        return [.. x.Select(pair => pair.Key).Union(y.Select(pair => pair.Key)).Where(name => x[name]?.ToJsonString() != y[name]?.ToJsonString())];
    }

    private static string Cause(RunManifest a, RunManifest b, bool differs)
    {
        List<string> told =
        [
            .. UnlikeSettings(a, b).Select(name => $"<code>{Html.Escape(name)}</code>"),
            .. a.Data != b.Data ? ["the data"] : Array.Empty<string>(),
            .. a.Tokenizer != b.Tokenizer ? ["the tokenizer"] : Array.Empty<string>(),
            .. a.Base?.Model != b.Base?.Model || a.Base?.Config != b.Base?.Config ? ["the model that they began from"] : Array.Empty<string>(),
            .. a.Arithmetic != b.Arithmetic ? ["the arithmetic"] : Array.Empty<string>(),
        ];
        return told.Count > 0 ? $"They were told to be different runs: {string.Join(", ", told)}."
            : differs ? "They have one genesis digest, so they should be one run: a machine or a build computes otherwise. <code>idem verify</code> finds which, <code>idem diff</code> where."
            : "They have one genesis digest: one run, executed twice.";
    }
}
