using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Idem.Cli.Report;
using Idem.Tests.Support;
using Idem.Training;
using Idem.Verification;

namespace Idem.Tests.Cli;

/// <summary>The page of a run: complete in itself, true to the run folder, readable without its pictures and on a phone.</summary>
public sealed partial class ReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APageIsAFunctionOfTheRunAndLoadsNothing()
    {
        RunHistory run = Train("run");
        string page = RunReport.Write([run], []);
        Assert.Equal(page, RunReport.Write([RunHistory.Load(_folder["run"], default)], []));
        foreach (string outside in new[] { "http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link", "<img", "<iframe" })
        {
            Assert.DoesNotContain(outside, page, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        foreach (string text in new[]
        {
            run.Run.Manifest.Genesis.ToString(), run.Head.Hash.ToString(), run.Checkpoints[^1].Model.ToString(), run.Run.Manifest.Data.ToString(), "learning_rate", "not re-executed",
            "finished after 12 steps", run.Run.Manifest.Environment.Runtime, "shard-assignment",
        })
        {
            Assert.Contains(WebUtility.HtmlEncode(text), page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryPictureIsAlsoWordsAndATable()
    {
        string page = RunReport.Write([Train("run")], []);
        string[] ids = [.. Identifier().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.Equal(ids.Length, ids.Distinct(StringComparer.Ordinal).Count());
        MatchCollection pictures = Picture().Matches(page);
        Assert.Equal(4, pictures.Count);
        foreach (Match picture in pictures)
        {
            Assert.Contains(picture.Groups[1].Value, ids);
            Assert.Contains(picture.Groups[2].Value, ids);
            Assert.Matches(@"over 12 steps\. .*at step 1, .*at step 12", picture.Value);
        }

        Assert.Equal(pictures.Count, page.Split("<details class=\"data\">").Length - 1);
        Assert.Equal(page.Split("<table").Length, page.Split("<caption>").Length);
        Assert.Equal(page.Split("<section>").Length, page.Split("</section>").Length);
    }

    [Fact]
    public void WhatARunIsCalledIsText()
    {
        string page = RunReport.Write([Train("<b onclick='x'>&")], []);
        Assert.DoesNotContain("<b onclick", page, StringComparison.Ordinal);
        Assert.Contains("<h1>&lt;b onclick=&#39;x&#39;&gt;&amp;</h1>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoRunsAreMarkedWhereTheyBeginToDiffer()
    {
        RunHistory a = Train("a"), b = Train("b", ("min_learning_rate", 2e-4)), again = Train("again");
        LedgerDifference difference = LedgerComparison.FirstDifference(a.Steps, b.Steps)!;
        Assert.Equal("lr", difference.Quantity);
        Assert.InRange(difference.Step, 2, 11);
        string page = RunReport.Write([a, b], []);
        Assert.Contains($"First difference at step {difference.Step}, in <code>lr</code>", page, StringComparison.Ordinal);
        Assert.Contains($">first difference, step {difference.Step}</span>", page, StringComparison.Ordinal);
        Assert.Contains("They were told to be different runs: <code>min_learning_rate</code>.", page, StringComparison.Ordinal);
        Assert.Contains("class=\"b line\"", page, StringComparison.Ordinal);

        string equal = RunReport.Write([a, again], []);
        Assert.Contains("Equal in all 12 steps, bit for bit.", equal, StringComparison.Ordinal);
        Assert.Contains("one run, executed twice", equal, StringComparison.Ordinal);
        Assert.DoesNotContain("first difference", equal, StringComparison.Ordinal);
    }

    [Fact]
    public void TheVerbShowsVerificationsOfTheRunAndOfNoOther()
    {
        Train("run");
        Train("other", ("seed", 5));
        File.WriteAllText(_folder["result.json"], IdemProcess.Run("verify", _folder["run"], "--json").Output);
        IdemProcess.Outcome written = IdemProcess.Run("report", _folder["run"], "--out", _folder["page.html"], "--verification", _folder["result.json"], "--json");
        Assert.True(written.ExitCode == 0, written.ToString());
        string page = File.ReadAllText(_folder["page.html"]);
        Assert.Contains("All 12 steps re-executed from the initial weights", page, StringComparison.Ordinal);
        Assert.DoesNotContain("not re-executed", page, StringComparison.Ordinal);

        ExitCodeTests.AssertFailure(IdemProcess.Run("report", _folder["other"], "--out", _folder["page.html"], "--verification", _folder["result.json"]), 4, "result.json: is the result of another run");
        JsonObject result = JsonNode.Parse(File.ReadAllText(_folder["result.json"]))!.AsObject();
        result["equal"] = "yes";
        File.WriteAllText(_folder["bad.json"], result.ToJsonString());
        ExitCodeTests.AssertFailure(IdemProcess.Run("report", _folder["run"], "--out", _folder["page.html"], "--verification", _folder["bad.json"]), 4, "bad.json: is not the result of a verification");
        ExitCodeTests.AssertFailure(IdemProcess.Run("report", _folder["run"], "--out", _folder.Path), 2, "name a file");
        ExitCodeTests.AssertFailure(IdemProcess.Run("report", _folder["absent"], "--out", _folder["page.html"]), 1, "is not a run folder");
    }

    /// <summary>In a window of 390 pixels nothing is wider than the window: only tables scroll, inside themselves.</summary>
    [Fact]
    public void ThePageFitsAPhone()
    {
        string? chromium = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null, "Chromium is not installed (Debian: apt-get install chromium)");
        string page = RunReport.Write([Train("a"), Train("b", ("seed", 5))], []);
        File.WriteAllText(_folder["phone.html"], $$"""
            <!DOCTYPE html><title>?</title><iframe id="phone" style="width:390px;height:800px;border:0" srcdoc="{{WebUtility.HtmlEncode(page)}}"></iframe>
            <script>
            phone.onload = () => {
              const page = phone.contentDocument, root = page.documentElement;
              document.title = (root.scrollWidth > root.clientWidth ? "too wide" : "fits") + ", " + page.querySelectorAll("svg[role=img]").length + " pictures";
            }
            </script>
            """);
        ProcessStartInfo start = new(chromium, ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={_folder["profile"]}", "--virtual-time-budget=10000", "--dump-dom", $"file://{_folder["phone.html"]}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("Chromium did not end");
        }

        Assert.True(output.Result.Contains("<title>fits, 6 pictures</title>", StringComparison.Ordinal), output.Result[..Math.Min(300, output.Result.Length)]);
    }

    private RunHistory Train(string name, params (string Setting, JsonNode Value)[] changed)
    {
        Dictionary<string, JsonNode?> settings = new()
        {
            ["n_layer"] = 1, ["n_embd"] = 8, ["n_head"] = 2, ["n_positions"] = 8, ["batch_size"] = 2, ["steps"] = 12, ["checkpoint_every"] = 6, ["eval_every"] = 4,
            ["eval_windows"] = 2, ["sample_every"] = 0, ["warmup_steps"] = 3,
        };
        foreach ((string setting, JsonNode value) in changed)
        {
            settings[setting] = value;
        }

        Trainer.Run(new TrainingRequest(_folder[name], [TrainingSetup.DemoData], Overrides: [.. settings]), null, default);
        return RunHistory.Load(_folder[name], default);
    }

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex Identifier();

    [GeneratedRegex("<svg [^>]*role=\"img\" aria-labelledby=\"(\\S+) (\\S+)\">.*?</desc>", RegexOptions.Singleline)]
    private static partial Regex Picture();
}
