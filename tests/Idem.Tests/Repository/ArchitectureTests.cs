using System.Text.RegularExpressions;
using Idem.Tests.Support;

namespace Idem.Tests.Repository;

/// <summary>The rooms of ARCHITECTURE.md and the direction of references between them, read from the source.</summary>
public partial class ArchitectureTests
{
    // What each room of src/Idem may use, beside itself, Numerics, and what a room it uses may use.
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Tokenizers"] = [],
        ["ChatTemplates"] = [],
        ["Formats"] = ["Tensors"],
        ["Audit"] = ["Formats", "Tensors"],
        ["Tracing"] = ["Audit", "Formats", "Tensors"],
        ["Tensors"] = [],
        ["Nn"] = ["Tensors", "Optimizers"],
        ["Models"] = ["Nn", "Tensors", "Optimizers"],
        ["Optimizers"] = [],
        ["Data"] = ["Tokenizers"],
        ["Inference"] = ["Models", "Nn", "Tensors", "Audit", "Formats", "Tokenizers", "ChatTemplates", "Data"],
        ["Training"] = ["Tracing", "Inference", "Models", "Nn", "Tensors", "Optimizers", "Audit", "Formats", "Tokenizers", "Data"],
        ["Benchmarks"] = ["Training", "Data", "Audit", "Models", "Tensors"],
        ["Verification"] = ["Tracing", "Training", "Inference", "Models", "Nn", "Tensors", "Optimizers", "Audit", "Formats", "Tokenizers", "Data"],
    };

    [Fact]
    public void RoomsReferToEachOtherInOneDirection()
    {
        string src = Path.Combine(SharedData.ProjectRoot, "src", "Idem");
        List<string> wrong = [];
        foreach (string file in Directory.EnumerateFiles(src, "*.cs", SearchOption.AllDirectories).Where(IsSource))
        {
            string room = Path.GetRelativePath(src, file).Split(Path.DirectorySeparatorChar)[0];
            Assert.True(MayUse.ContainsKey(room), $"{file}: the room {room} is not in ARCHITECTURE.md");
            foreach (Match match in RoomReference().Matches(File.ReadAllText(file)))
            {
                string used = match.Groups[1].Value;
                if (used != room && used != "Numerics" && MayUse.ContainsKey(used) && !MayUse[room].Contains(used))
                {
                    wrong.Add($"{Path.GetRelativePath(src, file)} uses {used}");
                }
            }
        }

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void TheArithmeticDependsOnNothing()
    {
        string project = File.ReadAllText(Path.Combine(SharedData.ProjectRoot, "src", "Idem.Numerics", "Idem.Numerics.csproj"));
        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("PackageReference", project, StringComparison.Ordinal);
    }

    [Fact]
    public void SourceFilesAreAsciiEndWithALineFeedAndStayShort()
    {
        foreach (string file in Directory.EnumerateFiles(SharedData.ProjectRoot, "*.cs", SearchOption.AllDirectories).Where(IsSource))
        {
            string name = Path.GetRelativePath(SharedData.ProjectRoot, file), text = File.ReadAllText(file);
            Assert.True(text.EndsWith('\n') && !text.EndsWith("\n\n", StringComparison.Ordinal), $"{name} does not end with one line feed");
            Assert.DoesNotContain('\r', text);
            Assert.DoesNotContain('\t', text);
            if (name.StartsWith("src", StringComparison.Ordinal))
            {
                Assert.True(text.All(char.IsAscii), $"{name} is not ASCII");
                int lines = text.Count(character => character == '\n');
                Assert.True(lines <= 500, $"{name} has {lines} lines: split it");
            }
        }
    }

    private static bool IsSource(string file) =>
        !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj");

    [GeneratedRegex(@"(?:using (?:static )?Idem|[^\w.]Idem)\.(\w+)")]
    private static partial Regex RoomReference();
}
