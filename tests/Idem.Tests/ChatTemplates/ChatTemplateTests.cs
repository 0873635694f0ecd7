using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.ChatTemplates;
using Idem.Tests.Support;
using Xunit;

namespace Idem.Tests.ChatTemplates;

public class ChatTemplateTests
{
    [Theory]
    [InlineData(1, "'raise_exception' needs", "{{ raise_exception }}{{ raise_exception() }}")]
    [InlineData(3, "the filter 'urlize' is not supported", "a\nb\n{{ 'x' | urlize }}")]
    [InlineData(2, "the test 'filter' is not supported", "\n{% if 'x' is filter %}{% endif %}")]
    [InlineData(1, "the statement 'include' is not supported", "{% include 'x' %}")]
    [InlineData(1, "the statement 'import' is not supported", "{% import 'x' as y %}")]
    [InlineData(1, "a recursive 'for'", "{% for i in x recursive %}{% endfor %}")]
    [InlineData(1, "'endfor' is missing", "{% for i in x %}\n")]
    [InlineData(1, "has no end '}}'", "{{ 1")]
    [InlineData(1, "the comment '{#' has no end", "{# x")]
    [InlineData(1, "'raw' has no 'endraw'", "{% raw %}{% end %}")]
    [InlineData(2, "'x' is undefined", "\n{{ x.y }}")]
    [InlineData(1, "would change a list", "{{ messages.append(1) }}")]
    [InlineData(1, "'break' stands outside a loop", "{% break %}")]
    [InlineData(1, "no namespace", "{% set x = {} %}{% set x.y = 1 %}")]
    [InlineData(1, "division by zero", "{{ 1 // 0 }}")]
    [InlineData(1, "does not fit 64 bits", "{{ 9223372036854775807 + 1 }}")]
    [InlineData(1, "more than 100000 numbers", "{{ range(100001) }}")]
    [InlineData(1, "steps", "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}")]
    [InlineData(1, "characters", "{% set ns = namespace(t='aaaaaaaa') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}")]
    [InlineData(1, "characters", "{{ 'ab' * 10000000000 }}")]
    [InlineData(1, "nested more than 200 deep", "{% set ns = namespace(a=[]) %}{% for i in range(90000) %}{% set ns.a = [ns.a] %}{% endfor %}{{ ns.a }}")]
    [InlineData(1, "have no order", "{{ [{}, []] | sort }}")]
    [InlineData(1, "deep", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    public void NamesLineAndConstruct(int line, string names, string template)
    {
        var watch = Stopwatch.StartNew();
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template).Render(Input()));
        Assert.Contains(names.Replace("'raise_exception' needs", "raise_exception needs", StringComparison.Ordinal), error.Problem, StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
        Assert.True(watch.Elapsed.TotalSeconds < 10, $"took {watch.Elapsed}");
    }

    [Fact]
    public void NothingIsRepeatedWithoutCounting() =>
        Assert.Equal("[]()", ChatTemplate.Parse("{{ '' * 99999999999 }}{{ 'a' * -99999999999 }}{{ [] * 99999999999 }}{{ () * 2147483648 }}").Render(Input()));

    [Fact]
    public void NestingIsBounded()
    {
        foreach (string template in new[] { "{{ " + new string('(', 100_000) + new string(')', 100_000) + " }}", "{{ " + new string('-', 100_000) + "1 }}", string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)), "{{ " + string.Concat(Enumerable.Repeat("not ", 50_000)) + "1 }}" })
        {
            Assert.Contains("deep", Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template)).Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MutatedTemplatesAreRefusedOrGood()
    {
        var mutator = new TemplateMutator(20261124);
        int good = Enumerable.Range(0, 3000).Count(_ => mutator.Next() is var (template, messages) && TemplateMutator.Try(template, messages));
        Assert.InRange(good, 100, 2900);
    }

    [Fact]
    public void TheClockStandsStillUnlessAsked()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%Y-%m-%d') }}");
        Assert.Equal("2024-07-26", template.Render(Input()));
        Assert.Equal("1999-12-31", template.Render(Input() with { Now = new DateTime(1999, 12, 31, 0, 0, 0, DateTimeKind.Unspecified) }));
    }

    [Fact]
    public void LoadsFromAModelFolder()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["m"]);
        Assert.Null(ChatTemplate.Load(folder["m"]));
        string config = Path.Combine(folder["m"], "tokenizer_config.json");
        File.WriteAllText(config, """{"bos_token": {"content": "<b>"}, "chat_template": "{{ bos_token }}{{ messages[0].content }}"}""");
        Assert.Equal("<b>hi", ChatTemplate.Load(folder["m"])!.Render(Input()));
        File.WriteAllText(config, """{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}""");
        Assert.Equal("d", ChatTemplate.Load(folder["m"])!.Render(Input()));
        Assert.Equal("t", ChatTemplate.Load(folder["m"], "tool_use")!.Render(Input()));
        Assert.Throws<InvalidDataException>(() => ChatTemplate.Load(folder["m"], "rag"));
        File.WriteAllText(Path.Combine(folder["m"], "chat_template.jinja"), "j");
        Assert.Equal("j", ChatTemplate.Load(folder["m"])!.Render(Input()));
        File.WriteAllText(config, "{");
        Assert.Throws<InvalidDataException>(() => ChatTemplate.Load(folder["m"], "rag"));
    }

    private static ChatInput Input() => ChatInput.Of([new ChatMessage("user", "hi")]);
}
