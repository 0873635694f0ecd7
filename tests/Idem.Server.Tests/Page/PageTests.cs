using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Idem.Inference;
using Idem.Server.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Idem.Server.Tests.Page;

/// <summary>The page in a browser: an answer in parts, its tokens, its receipt and replay, by mouse and by keyboard; nothing from elsewhere.</summary>
public sealed partial class PageTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task AChatIsAnsweredShownAndReplayed()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address);
        await Expect(page.Locator("#model")).ToContainTextAsync("tiny");
        await page.FillAsync("#seed", "18446744073709551615"); // more than JavaScript's numbers hold
        await page.FillAsync("#max_tokens", "30");
        await page.FillAsync("#prompt", "quick");
        await page.PressAsync("#prompt", "Enter");

        ILocator answer = page.Locator(".turn.answer");
        await Expect(answer.Locator(".foot code").First).ToHaveTextAsync("18446744073709551615");
        string text = string.Concat(await answer.Locator(".token").AllTextContentsAsync());
        Assert.Equal(server.Text(server.Alone("u quick;a ", new SamplingSettings { MaxTokens = 30, Seed = ulong.MaxValue })), text);

        await answer.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await Expect(answer.Locator(".verdict")).ToContainTextAsync("equal: 30 tokens");
        await answer.Locator(".receipt summary").ClickAsync();
        await Expect(answer.Locator(".receipt pre")).ToContainTextAsync("idem-receipt-1");
        await Expect(page.Locator("#running")).ToHaveTextAsync("0");
        Assert.Empty(problems);
    }

    [Fact]
    public async Task TokensAreWalkedByKeyboardAndTellWhatElseTheyCouldHaveBeen()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address);
        await page.GetByRole(AriaRole.Tab, new() { Name = "Completion" }).ClickAsync();
        await page.FillAsync("#prompt", "the fox");
        await page.FillAsync("#max_tokens", "12");
        await page.ClickAsync("#send");
        ILocator tokens = page.Locator(".turn.answer .token");
        await Expect(page.Locator(".turn.answer .foot")).ToContainTextAsync("12 tokens");
        await Expect(page.Locator(".turn.answer .given")).ToHaveTextAsync("the fox");

        await tokens.First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(tokens.Nth(1)).ToBeFocusedAsync();
        await Expect(page.GetByRole(AriaRole.Tooltip)).ToContainTextAsync("%");
        Assert.True(await page.Locator("#tip tr").CountAsync() >= 5);
        await Expect(page.Locator("#tip tr.drawn")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#tip")).ToBeHiddenAsync();
        await tokens.Nth(4).HoverAsync();
        await Expect(page.Locator("#tip")).ToBeVisibleAsync();
        Assert.Empty(problems);
    }

    [Fact]
    public async Task TheFormBeginsWithWhatTheModelSays()
    {
        await using RunningServer server = await RunningServer.StartAsync(served: new ServedModelSettings { Defaults = new GenerationDefaults { Temperature = 0.33f, TopK = 7, MaxNewTokens = 9 } });
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address);
        await Expect(page.Locator("#temperature")).ToHaveValueAsync("0.33");
        await Expect(page.Locator("#top_k")).ToHaveValueAsync("7");
        await Expect(page.Locator("#top_p")).ToHaveValueAsync("1");
        await page.FillAsync("#prompt", "the fox");
        await page.ClickAsync("#send");
        await Expect(page.Locator(".turn.answer .foot")).ToContainTextAsync("9 tokens");
        Assert.Empty(problems);
    }

    [Fact]
    public async Task AKeyIsAskedForAndAnErrorIsTold()
    {
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { ApiKey = "secret" });
        (IPage page, _) = await browser.OpenAsync(server.Server.Address);
        await Expect(page.Locator("#status")).ToContainTextAsync("no API key");
        await page.FillAsync("#key", "secret");
        await page.Keyboard.PressAsync("Tab");
        await Expect(page.Locator("#model")).ToContainTextAsync("tiny");
        await page.Locator("summary", new() { HasText = "JSON schema" }).ClickAsync();
        await page.FillAsync("#schema", """{"type":"string","pattern":"a"}""");
        await page.FillAsync("#prompt", "x");
        await page.ClickAsync("#send");
        await Expect(page.Locator(".turn.answer .error")).ToContainTextAsync("pattern");
    }

    [Fact]
    public async Task TheLoadIsWhatTheServerDoesNow()
    {
        await using RunningServer server = await RunningServer.StartOverAsync(
            model => (ids, caches, counts, rows, logits) =>
            {
                model.Forward(ids, caches, counts, rows, logits);
                Thread.Sleep(10);
            },
            new EngineSettings { MaxSequences = 4 });
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address);
        await Expect(page.Locator("#history .line")).ToHaveAttributeAsync("d", Path()); // it has asked
        await Expect(page.Locator("#speed")).ToHaveTextAsync("0.0");
        Task<(int, JsonNode)> answer = server.PostAsync("/v1/completions", """{"prompt":"fox","n":12,"max_tokens":200}""");
        await Expect(page.Locator("#queued")).ToHaveTextAsync("8");
        await Expect(page.Locator("#running")).ToHaveTextAsync("4");
        await Expect(page.Locator("#batch")).ToHaveTextAsync("4");
        await Expect(page.Locator("#speed")).ToHaveTextAsync(Speed());
        await Expect(page.Locator("#queued")).ToHaveTextAsync("0", new() { Timeout = 30_000 });
        await answer;
        await Expect(page.Locator("#running")).ToHaveTextAsync("0");
        await Expect(page.Locator("#batch")).ToHaveTextAsync("0");
        Assert.Empty(problems);
    }

    [Fact]
    public async Task AReplayThatFailsSaysHow()
    {
        bool isSpoiled = false;
        await using RunningServer server = await RunningServer.StartOverAsync(
            model => (ids, caches, counts, rows, logits) =>
            {
                model.Forward(ids, caches, counts, rows, logits);
                if (Volatile.Read(ref isSpoiled) && logits.Length > 0)
                {
                    logits[17] = MathF.BitIncrement(logits[17]);
                }
            },
            settings: new ServerSettings { Limits = new ServerLimits { ReceiptsMax = 1 } });
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address);
        await page.FillAsync("#max_tokens", "8");
        ILocator answers = page.Locator(".turn.answer"), verdict = answers.First.Locator(".verdict");
        await AskAsync(1);
        await ReplayAsync();
        await Expect(verdict).ToHaveClassAsync(Good());
        Volatile.Write(ref isSpoiled, true);
        await ReplayAsync();
        await Expect(verdict).ToContainTextAsync("not equal: samples[0].tokens[0].logits: the receipt says logits sha256:");
        await Expect(verdict).ToContainTextAsync("the model by itself gives what the receipt states"); // it is only the engine whose logits are spoiled
        await Expect(verdict).ToHaveClassAsync(Bad());
        Volatile.Write(ref isSpoiled, false);
        Assert.Empty(problems);

        await AskAsync(2); // the one receipt that is kept is now the second answer's
        await ReplayAsync();
        await Expect(verdict).ToContainTextAsync("there is no such receipt here");
        await Expect(verdict).ToHaveClassAsync(Bad());

        async Task AskAsync(int count)
        {
            await page.FillAsync("#prompt", $"fox {count}");
            await page.ClickAsync("#send");
            await Expect(page.Locator(".turn.answer .foot", new() { HasText = "8 tokens" })).ToHaveCountAsync(count);
        }

        Task ReplayAsync() => answers.First.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    public async Task AServerThatDoesNotAnswerIsSaidPlainly(ColorScheme scheme, int width)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (IPage page, _) = await browser.OpenAsync(server.Server.Address, scheme, width);
        ILocator notice = page.GetByRole(AriaRole.Alert);
        await Expect(page.Locator("#speed")).ToHaveTextAsync("0.0");
        await Expect(page.Locator("#offline")).ToBeHiddenAsync();
        await page.RouteAsync("**/load", route => route.AbortAsync());
        await Expect(notice).ToContainTextAsync("The server does not answer");
        await Expect(page.Locator("#running")).ToHaveTextAsync("\u2013");
        await page.UnrouteAllAsync();
        await Expect(page.Locator("#offline")).ToBeHiddenAsync();
        await Expect(page.Locator("#running")).ToHaveTextAsync("0");

        await server.Server.DisposeAsync();
        await Expect(notice).ToContainTextAsync("The server does not answer");
        await page.FillAsync("#prompt", "fox");
        await page.ClickAsync("#send");
        await Expect(page.Locator(".turn.answer .error")).ToHaveTextAsync("The server does not answer.");
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task NothingOverflowsAndEveryControlHasAName(ColorScheme scheme, int width)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (IPage page, List<string> problems) = await browser.OpenAsync(server.Server.Address, scheme, width);
        await page.FillAsync("#prompt", "a very long word: " + new string('w', 150));
        await page.ClickAsync("#send");
        await Expect(page.Locator(".turn.answer .foot")).ToContainTextAsync("tokens");
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
        foreach (ILocator control in await page.Locator("input, textarea, button, summary, [role=tab]").AllAsync())
        {
            Assert.True(await control.EvaluateAsync<bool>("e => (e.labels?.length ?? 0) > 0 || e.textContent.trim() !== ''"), await control.EvaluateAsync<string>("e => e.outerHTML"));
        }

        Assert.Empty(problems);
    }

    [Fact]
    public async Task ThePageMayLoadFromItsServerOnly()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        foreach (string path in new[] { "/", "/app.js", "/style.css", "/icon.svg" })
        {
            using HttpResponseMessage response = await server.Http.GetAsync(new Uri(path, UriKind.Relative));
            string policy = string.Join(' ', response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", string.Concat(response.Headers.GetValues("X-Content-Type-Options")));
            string text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotMatch(ElsewhereOrInline(), text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex("^M[0-9]")]
    private static partial Regex Path();

    [GeneratedRegex("^[1-9]")]
    private static partial Regex Speed();

    [GeneratedRegex("verdict good")]
    private static partial Regex Good();

    [GeneratedRegex("verdict bad")]
    private static partial Regex Bad();

    [GeneratedRegex(@"https?://|\bstyle=|<style|<script(?! type=""module"" src=""/)|\son\w+=|innerHTML|eval\(")]
    private static partial Regex ElsewhereOrInline();
}
