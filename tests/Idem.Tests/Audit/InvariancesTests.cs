using Idem.Audit;
using Idem.Tests.Support;

namespace Idem.Tests.Audit;

/// <summary>The names that machines read are those the contract explains.</summary>
public class InvariancesTests
{
    [Fact]
    public void EveryNameIsExplainedInTheContract()
    {
        string contract = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "docs", "contract.md"));
        string[] explained = [.. contract.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split(" | ")).Where(cells => cells.Length == 3 && cells[1].StartsWith('`')).Select(cells => cells[1].Trim('`'))];
        Assert.Equal(Invariances.OfTraining.Concat(Invariances.OfInference).Distinct().Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }
}
