// Two runs that are each what their configurations say: which of the differences matter. Beginning from all of the other side's, each
// is put back in turn; what is put back without losing the bits does not matter. What remains is a smallest set of causes.

using Idem.Training;

namespace Idem.Verification.Differences;

internal static class SettingCauses
{
    /// <summary>The causes of b's bits against a's configuration, confirmed.</summary>
    /// <param name="a">The side whose values are put back.</param>
    /// <param name="b">The side whose statements must be given.</param>
    /// <param name="steps">The steps that executions compare, for the report.</param>
    /// <param name="reproduces">Whether a program gives what b states.</param>
    /// <param name="tried">Receives what turned out not to matter.</param>
    public static IReadOnlyList<DiffCause> Find(RunSide a, RunSide b, string steps, Func<RunProgram, bool> reproduces, List<string> tried)
    {
        List<Change> changes = Changes(a, b);
        foreach (Change change in changes.ToArray())
        {
            List<Change> without = [.. changes.Where(other => other != change)];
            if (Apply(a, b, without) is { } program && IsPossible(() => reproduces(program)))
            {
                changes = without;
                tried.Add($"{change.Name}: without it the bits are the same");
            }
        }

        return [.. changes.Select(change => new DiffCause(change.Name, change.Detail, "b", true, steps))];
    }

    private static List<Change> Changes(RunSide a, RunSide b)
    {
        List<Change> changes = [];
        foreach (Difference difference in RunIdentity.Differences(a, b).Where(difference => difference.DecidesBits && difference.What.StartsWith("config ", StringComparison.Ordinal)))
        {
            string setting = difference.What["config ".Length..];
            string name = setting switch
            {
                "seed" => "another seed",
                "shards" => ArithmeticCauses.Shards,
                _ => $"another {setting}",
            };
            changes.Add(new Change(name, $"{difference.A} in a, {difference.B} in b", setting));
        }

        if (a.Manifest.Data != b.Manifest.Data)
        {
            IEnumerable<string> left = Texts(a), right = Texts(b);
            bool isOrder = a.Corpus!.Documents.Count > 1 && left.SequenceEqual(right);
            changes.Add(isOrder
                ? new Change(DataOrderCauses.Name, "the same documents, one behind the other in another order", null, IsData: true)
                : new Change("other data", $"{a.Manifest.Data} in a, {b.Manifest.Data} in b", null, IsData: true));
        }

        // A model brings its tokenizer along; else it is made from the data, as settings say.
        if (a.Manifest.Base is { } baseA && b.Manifest.Base is { } baseB && (baseA.Model != baseB.Model || a.Manifest.Tokenizer != b.Manifest.Tokenizer))
        {
            changes.Add(baseA.Model != baseB.Model
                ? new Change(WeightCauses.Name, $"training begins from {baseA.Model} in a, from {baseB.Model} in b", null, IsBase: true)
                : new Change("another tokenizer", $"{a.Manifest.Tokenizer} in a, {b.Manifest.Tokenizer} in b", null, IsBase: true));
        }

        return changes;
    }

    private static IEnumerable<string> Texts(RunSide side) => side.Corpus!.Documents.Select(document => document.Text).Order(StringComparer.Ordinal);

    // a with some of b's properties, compared with what b states; null where that is no run.
    private static RunProgram? Apply(RunSide a, RunSide b, List<Change> changes)
    {
        System.Text.Json.Nodes.JsonObject config = a.Manifest.ConfigJson(), other = b.Manifest.ConfigJson();
        foreach (Change change in changes.Where(change => change.Setting is not null))
        {
            config[change.Setting!] = other[change.Setting!]?.DeepClone();
        }

        try
        {
            TrainConfig resolved = a.Manifest.Base is null ? TrainConfigResolver.Parse(config, "the variant") : TrainConfigResolver.ParseFrom(config, "the variant");
            BaseModel? start = changes.Exists(change => change.IsBase) ? b.Start : a.Start;
            TrainingData data = TrainingData.Of((changes.Exists(change => change.IsData) ? b : a).Corpus!, resolved, start);
            return new RunProgram(b, resolved, data, start);
        }
        catch (TrainConfigException)
        {
            return null;
        }
    }

    // A mixture of two runs may be no run at all: another shape than the checkpoint's, too little data.
    private static bool IsPossible(Func<bool> reproduces)
    {
        try
        {
            return reproduces();
        }
        catch (Exception exception) when (exception is TrainingException or TrainConfigException or Data.DataException or Nn.StateDictException or KeyNotFoundException or Formats.SafeTensorsException or ArgumentException)
        {
            return false;
        }
    }

    private sealed record Change(string Name, string Detail, string? Setting, bool IsData = false, bool IsBase = false);
}
