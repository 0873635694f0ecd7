// First stage: rewrites the text before anything is split. NFC is the one normalizer so far; any other is refused by name.

namespace Idem.Tokenizers;

internal interface INormalizer
{
    string Normalize(string text);

    void Write(JsonText json);
}

internal sealed class NfcNormalizer : INormalizer
{
    public string Normalize(string text) => Nfc.Normalize(text);

    public void Write(JsonText json)
    {
        json.BeginObject();
        json.Member("type", "NFC");
        json.EndObject();
    }

    public static INormalizer Read(JsonNode node) => node.Text("type") switch
    {
        "NFC" => new NfcNormalizer(),
        var type => throw node.Unsupported($"the normalizer '{type}'"),
    };
}
