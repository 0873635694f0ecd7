// Takes white space off the ends of the text.

namespace Idem.Tokenizers;

internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    public const string Type = "Strip";

    public TracedText Normalize(TracedText text)
    {
        string all = text.Text;
        int start = 0, end = all.Length;
        while (left && start < end && CharacterClasses.Of(all[start]).IsWhiteSpace())
        {
            start++;
        }

        while (right && end > start && CharacterClasses.Of(all[end - 1]).IsWhiteSpace())
        {
            end--;
        }

        return text.Slice(start, end);
    }

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", Type);
        json.Member("strip_left", left);
        json.Member("strip_right", right);
        json.EndObject();
    }

    public static StripNormalizer Read(JsonNode node) =>
        new(node.Required("strip_left").Flag(), node.Required("strip_right").Flag());
}
