// Log-probabilities in OpenAI's two shapes. A number is written as the float64 that equals it, so that reading it as either width gives
// the bits that the model gave.

using System.Text;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Tokenizers;

namespace Idem.Server.Responses;

/// <param name="model">The model.</param>
internal sealed class LogProbabilities(ServedModel model)
{
    // JSON has no infinity; this is what OpenAI writes for a probability of nothing.
    private const double Impossible = -9999;

    private readonly TokenBytes _bytes = new(model.Tokenizer);

    /// <summary>The entries of a chat's <c>logprobs.content</c>; the mark that ends a text is not of its content.</summary>
    public JsonArray ForChat(IEnumerable<GeneratedToken> generated) => [.. generated.Where(token => !model.StopIds.Contains(token.Id)).Select(token =>
    {
        JsonObject entry = Entry(token.Id, token.LogProbability);
        entry["top_logprobs"] = new JsonArray([.. token.Top.Select(top => Entry(top.Id, top.LogProbability))]);
        return entry;
    })];

    /// <summary>A completion's <c>logprobs</c>.</summary>
    /// <param name="prompt">The prompt's tokens, where the text begins with them.</param>
    /// <param name="generated">The tokens that follow.</param>
    /// <param name="offset">Characters of the tokens before these; then with them.</param>
    public JsonObject ForCompletion(IEnumerable<PromptToken> prompt, IEnumerable<GeneratedToken> generated, ref int offset)
    {
        int end = offset;
        JsonArray texts = [], values = [], tops = [], offsets = [];
        foreach (PromptToken token in prompt)
        {
            Add(token.Id, token.LogProbability, token.Top);
        }

        foreach (GeneratedToken token in generated)
        {
            Add(token.Id, token.LogProbability, token.Top);
        }

        offset = end;
        return new JsonObject { ["tokens"] = texts, ["token_logprobs"] = values, ["top_logprobs"] = tops, ["text_offset"] = offsets };

        void Add(int id, float? logProbability, IReadOnlyList<TokenLogProbability> top)
        {
            string text = Text(id);
            texts.Add(text);
            values.Add(logProbability is { } value ? Number(value) : null);
            tops.Add(logProbability is { } own ? Top(id, own, top) : null);
            offsets.Add(end);
            end += text.Length;
        }
    }

    // The token itself is always among them, as with OpenAI. Of tokens that read alike the more likely one stands.
    private JsonObject Top(int id, float logProbability, IReadOnlyList<TokenLogProbability> top)
    {
        JsonObject map = [];
        foreach ((int other, float value) in top.Append(new TokenLogProbability(id, logProbability)))
        {
            map.TryAdd(Text(other), Number(value));
        }

        return map;
    }

    private JsonObject Entry(int id, float logProbability) => new()
    {
        ["token"] = Text(id),
        ["logprob"] = Number(logProbability),
        ["bytes"] = new JsonArray([.. Bytes(id).Select(value => JsonValue.Create((int)value))]),
    };

    private string Text(int id) => Encoding.UTF8.GetString(Bytes(id));

    // A special token shows its name here; ids beyond the tokenizer's spell nothing.
    private byte[] Bytes(int id) => (uint)id >= (uint)model.Tokenizer.VocabularySize ? []
        : model.Tokenizer.IsSpecial(id) ? Encoding.UTF8.GetBytes(model.Tokenizer.IdToToken(id))
        : _bytes.Of(id);

    private static double Number(float value) => float.IsFinite(value) ? value : Impossible;
}
