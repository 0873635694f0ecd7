// SentencePiece's way with blanks: each becomes the replacement character, one is put in front, and the text is cut before each.

namespace Idem.Tokenizers;

internal enum PrependScheme
{
    Always,
    First,
    Never,
}

internal sealed record Metaspace(string Replacement, PrependScheme Scheme, bool Split)
{
    public const string Type = "Metaspace";

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("replacement", Replacement);
        json.Member("prepend_scheme", Scheme.ToString().ToLowerInvariant());
        json.Member("split", Split);
        json.EndObject();
    }

    // Older files say add_prefix_space instead of prepend_scheme, and not whether to split.
    public static Metaspace Read(JsonNode node)
    {
        PrependScheme scheme = node.TextOrNull("prepend_scheme") switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            var other => throw node.Unsupported($"the prepend scheme '{other}'"),
        };
        if (node.Optional("add_prefix_space")?.Flag() == false)
        {
            if (scheme != PrependScheme.Never && node.Optional("prepend_scheme") is not null)
            {
                throw node.Error("'add_prefix_space' is false, 'prepend_scheme' says otherwise.");
            }

            scheme = PrependScheme.Never;
        }

        return new Metaspace(node.Required("replacement").Character(), scheme, node.Flag("split", absent: true));
    }
}

internal sealed class MetaspacePreTokenizer(Metaspace settings) : IPreTokenizer
{
    public const string Type = Metaspace.Type;

    public bool NeedsTrace => settings.Scheme == PrependScheme.First;

    public void PreTokenize(TracedText text, List<TracedText> pieces)
    {
        int replacement = char.ConvertToUtf32(settings.Replacement, 0);
        if (text.Text.Contains(' ', StringComparison.Ordinal))
        {
            text = CharacterFilter.Map(text, code => code == ' ' ? replacement : code);
        }

        bool prepends = settings.Scheme == PrependScheme.Always || (settings.Scheme == PrependScheme.First && text.IsAtBeginning);
        if (prepends && !text.Text.StartsWith(settings.Replacement, StringComparison.Ordinal))
        {
            text = PrependNormalizer.Apply(text, settings.Replacement);
        }

        if (settings.Split)
        {
            SplitBehaviors.Cut(
                text, SplitBehaviors.ByCharacter(text.Text, code => code == replacement), SplitBehavior.MergedWithNext, pieces);
        }
        else if (text.Text.Length > 0)
        {
            pieces.Add(text);
        }
    }

    public void Write(JsonText json) => settings.Write(json);

    public static MetaspacePreTokenizer Read(JsonNode node) => new(Metaspace.Read(node));
}
