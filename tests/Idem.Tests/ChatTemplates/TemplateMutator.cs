// Makes malformed chat templates that are almost sound, from the templates of the renderings. Seeded.

using System.IO.Compression;
using System.Text.Json.Nodes;
using Idem.ChatTemplates;

namespace Idem.Tests.ChatTemplates;

internal sealed class TemplateMutator
{
    private static readonly string[] Fragments =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "{%-", "-%}", "(", ")", "[", "]", "{", "}", "|", ".", ",", ":", "'", "\"", "\\", " if ", " else ", " for x in ", " in ", " is ",
        " not ", " and ", "loop.index", "messages", "namespace(a=1)", "tojson", "join", "map", "selectattr('role')", "[::-1]", "[0]", ".content", "range(99999)", "9223372036854775807",
        "* 99999999", "** 99", "~", "//0", "{% endif %}", "{% endfor %}", "{% set x = x ~ x %}", "{% macro m(a) %}", "{% endmacro %}", "{{ m(1) }}", "{% raw %}", "{% endraw %}", "\0",
        "\U0001F600", "{% set ns.a = ns %}", "'%d'", "\\x", "\\u12", "1e308", "none", "loop", "caller()",
    ];

    private static readonly ChatTemplateLimits Limits = new() { StepsMax = 20_000, OutputCharactersMax = 100_000 };

    private readonly Random _random;
    private readonly (string Template, string Messages)[] _sound;

    public TemplateMutator(int seed)
    {
        _random = new Random(seed);
        using Stream packed = typeof(TemplateMutator).Assembly.GetManifestResourceStream("renderings.json.gz")!;
        using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        _sound =
        [
            .. JsonNode.Parse(unpacked)!["cases"]!.AsArray()
                .Select(item => ((string)item!["template"]!, item["variables"]!["messages"]!.ToJsonString()))
                .Distinct(),
        ];
    }

    public (string Template, string Messages) Next()
    {
        (string template, string messages) = _sound[_random.Next(_sound.Length)];
        for (int i = _random.Next(1, 5); i > 0; i--)
        {
            int at = _random.Next(template.Length + 1);
            template = _random.Next(3) switch
            {
                0 => template.Remove(at, Math.Min(_random.Next(1, 12), template.Length - at)),
                1 => template.Insert(at, Fragments[_random.Next(Fragments.Length)]),
                _ => template.Insert(at, template.Substring(Math.Min(at, template.Length / 2), Math.Min(_random.Next(60), template.Length / 2))),
            };
        }

        return (template, messages);
    }

    /// <summary>Parses and renders; true if it went well, false if it was refused as it should be. Anything else is thrown.</summary>
    public static bool Try(string template, string messages)
    {
        try
        {
            ChatTemplate.Parse(template).Render(new ChatInput { Messages = JsonNode.Parse(messages)!.AsArray() }, Limits);
            return true;
        }
        catch (ChatTemplateException)
        {
            return false;
        }
    }
}
