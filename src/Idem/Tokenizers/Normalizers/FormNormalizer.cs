// The four Unicode normalization forms as normalizers.

namespace Idem.Tokenizers;

internal sealed class FormNormalizer(string type) : INormalizer
{
    public const string Nfc = "NFC", Nfd = "NFD", Nfkc = "NFKC", Nfkd = "NFKD";

    public TracedText Normalize(TracedText text) => type switch
    {
        Nfc => UnicodeForm.Compose(text, compatible: false),
        Nfkc => UnicodeForm.Compose(text, compatible: true),
        Nfd => UnicodeForm.Decompose(text, compatible: false),
        _ => UnicodeForm.Decompose(text, compatible: true),
    };

    public void Write(JsonText json) => json.Tagged(type);

    public static FormNormalizer Read(JsonNode node) => new(node.Text("type"));
}
