using System.Text.Json.Nodes;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Cli;

/// <summary>
/// The same run under every thread count, SIMD path and missing instruction set is the same run. Each row is a process of its own,
/// since the runtime fixes its instruction sets when it starts.
/// </summary>
public class PathMatrixTests
{
    private static readonly string[] Train =
        ["train", "--data", "demo:", "--preset", "demo", "--steps", "3", "--n-layer", "2", "--n-embd", "48", "--n-head", "3", "--dropout", "0.1",
         "--bias", "true", "--eval-every", "3", "--eval-windows", "2", "--sample-every", "0", "--json"];

    public static TheoryData<string, string> Variants => new()
    {
        { "--threads 1", "" },
        { "--threads 2", "" },
        { "--threads 3", "" },
        { "--threads 7", "" },
        { "--simd scalar", "" },
        { "--simd 128", "" },
        { "--simd 256", "" },
        { "--simd 512", "" },
        { "", "IDEM_SIMD=scalar" },
        { "", "DOTNET_EnableAVX512=0" },
        { "", "DOTNET_EnableAVX2=0" },
        { "", "DOTNET_EnableHWIntrinsic=0" },
        { "--simd 512 --threads 3", "DOTNET_EnableAVX2=0" },
        { "", "DOTNET_TieredCompilation=0" },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void TheRunIsTheSame(string flags, string environment)
    {
        using TemporaryFolder folder = new();
        Assert.Equal(Reference.Value, Digest(folder["run"], flags, environment));
    }

    /// <summary>A run recorded with AVX2 is verified whole where there are no vectors, on narrower and on wider ones.</summary>
    [Theory]
    [InlineData("", "DOTNET_EnableHWIntrinsic=0")]
    [InlineData("", "DOTNET_EnableAVX2=0")]
    [InlineData("--simd 128 --threads 3", "")]
    [InlineData("--simd 512", "")]
    public void ARunIsVerifiedWhereItWasNotRecorded(string flags, string environment)
    {
        using TemporaryFolder folder = new();
        Digest(folder["run"], "--simd 256", "DOTNET_EnableAVX512=0");
        string[] pair = environment.Split('=');
        Dictionary<string, string>? variables = pair.Length == 2 ? new() { [pair[0]] = pair[1] } : null;
        IdemProcess.Outcome outcome = IdemProcess.Run(variables, ["verify", folder["run"], "--full", "--json", .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        Assert.Equal(("full", 3), ((string)outcome.LastJson["level"]!, (int)outcome.LastJson["steps_executed"]!));
        Assert.Equal("256", (string)JsonNode.Parse(File.ReadAllText(Path.Combine(folder["run"], "run.json")))!["environment"]!["simd"]!);
        Assert.NotEqual("256", (string)outcome.LastJson["environment"]!["simd"]!);
    }

    /// <summary>What packed weights give is the same by whatever instructions their panels are unpacked.</summary>
    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    public void WhatIsGeneratedIsTheSame(string dtype)
    {
        using TemporaryFolder folder = new();
        string model = TinyFolder.Write(folder, "llama", "model");
        string? expected = null;
        foreach (string environment in new[] { "", "DOTNET_EnableAVX512v2=0", "DOTNET_EnableAVX512=0", "DOTNET_EnableAVX2=0", "DOTNET_EnableHWIntrinsic=0" })
        {
            string[] pair = environment.Split('=');
            Dictionary<string, string>? variables = pair.Length == 2 ? new() { [pair[0]] = pair[1] } : null;
            IdemProcess.Outcome outcome = IdemProcess.Run(
                variables, "generate", model, "--prompt", "the quick brown fox", "--n", "7", "--max-tokens", "6", "--seed", "3", "--dtype", dtype, "--receipt", folder["r.json"], "--json");
            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            string receipt = File.ReadAllText(folder["r.json"]);
            Assert.Equal(expected ??= receipt, receipt);
        }
    }

    private static readonly Lazy<string> Reference = new(() =>
    {
        using TemporaryFolder folder = new();
        return Digest(folder["run"], "", "");
    });

    // The ledger's last line covers every loss, norm and digest of the run by its chain.
    private static string Digest(string run, string flags, string environment)
    {
        string[] pair = environment.Split('=');
        Dictionary<string, string>? variables = pair.Length == 2 ? new() { [pair[0]] = pair[1] } : null;
        IdemProcess.Outcome outcome = IdemProcess.Run(variables, [.. Train, "--out", run, .. flags.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return File.ReadLines(Path.Combine(run, "ledger.jsonl")).Last();
    }
}
