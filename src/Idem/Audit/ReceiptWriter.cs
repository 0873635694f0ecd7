// The bytes of a receipt (docs/formats.md, "Receipts"). There is exactly one way to write one. SET IN STONE.

using System.Globalization;
using System.Text;
using Idem.Formats;

namespace Idem.Audit;

internal static class ReceiptWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Write(Receipt receipt, out Digest id)
    {
        StringBuilder text = new();
        text.Append("{\"format\":\"").Append(Receipt.Format).Append("\",\n\"invariant_under\":");
        List(text, receipt.InvariantUnder, (target, name) => target.AppendString(name));
        text.Append(",\n\"model\":").Append(Sealed(ModelText(receipt.Model)));
        text.Append(",\n\"sampling\":").Append(Sealed(SamplingText(receipt.Sampling)));
        text.Append(",\n\"prompt\":").Append(Sealed(PromptText(receipt.PromptIds)));
        Digest header = ReceiptChain.Header(text.ToString());
        Field(text.Append(",\n"), "header", header).Append(",\n\"samples\":[");
        string separator = "\n";
        int previous = -1;
        foreach (ReceiptSample sample in receipt.Samples)
        {
            if (sample.Sample <= previous)
            {
                throw new ArgumentException($"receipt: sample {sample.Sample} does not follow sample {previous}");
            }

            previous = sample.Sample;
            Append(text.Append(separator), sample, ReceiptChain.Begin(header, sample.Sample), receipt.PromptIds.Count);
            separator = ",\n";
        }

        text.Append("\n]");
        id = ReceiptChain.Id(text.ToString());
        return StrictUtf8.GetBytes(Field(text.Append(",\n"), "id", id).Append("}\n").ToString());
    }

    /// <summary>The digest that the model's object ends with.</summary>
    public static Digest DigestOf(ReceiptModel model) => ReceiptChain.Section(ModelText(model));

    private static string ModelText(ReceiptModel model)
    {
        StringBuilder text = new();
        text.Append("{\"arithmetic\":").AppendString(model.Arithmetic);
        Field(text.Append(','), "weights", model.Weights);
        Field(text.Append(','), "config", model.Config);
        Field(text.Append(','), "tokenizer", model.Tokenizer);
        Field(text.Append(','), "chat_template", model.ChatTemplate);
        text.Append(",\"dtype\":").AppendString(model.Dtype);
        return text.Append(",\"kv_cache_dtype\":").AppendString(model.CacheDtype).Append('}').ToString();
    }

    private static string SamplingText(ReceiptSampling sampling)
    {
        StringBuilder text = new();
        text.Append("{\"max_tokens\":").AppendInteger(NotNegative(sampling.MaxTokens));
        Field(text, "temperature", sampling.Temperature);
        text.Append(",\"top_k\":").AppendInteger(NotNegative(sampling.TopK));
        Field(text, "top_p", sampling.TopP);
        Field(text, "min_p", sampling.MinP);
        Field(text, "repetition_penalty", sampling.RepetitionPenalty);
        Field(text, "presence_penalty", sampling.PresencePenalty);
        Field(text, "frequency_penalty", sampling.FrequencyPenalty);
        List(text.Append(",\"logit_bias\":"), sampling.LogitBias, (target, bias) =>
        {
            target.Append("{\"id\":").AppendInteger(bias.Id);
            Field(target, "bias", bias.Value);
            target.Append('}');
        });
        text.Append(",\"constraint\":");
        _ = sampling.Constraint is { } constraint
            ? text.Append("{\"kind\":").AppendString(constraint.Kind).Append(",\"definition\":").AppendString(constraint.Definition).Append('}')
            : text.Append("null");
        Ids(text.Append(",\"stop_ids\":"), sampling.StopIds);
        List(text.Append(",\"stop\":"), sampling.Stops, (target, stop) => target.AppendString(stop));
        return text.Append(",\"seed\":").Append(CultureInfo.InvariantCulture, $"{sampling.Seed}").Append('}').ToString();
    }

    private static string PromptText(IReadOnlyList<int> ids)
    {
        StringBuilder text = new("{\"ids\":");
        Ids(text, ids);
        return text.Append('}').ToString();
    }

    // An object with the digest of itself as its last member.
    private static string Sealed(string section) => Field(new StringBuilder(section, 0, section.Length - 1, section.Length + 90).Append(','), "digest", ReceiptChain.Section(section)).Append('}').ToString();

    private static void Append(StringBuilder text, ReceiptSample sample, Digest begin, int promptLength)
    {
        text.Append("{\"sample\":").AppendInteger(sample.Sample).Append(",\"tokens\":[");
        string separator = "\n";
        Digest hash = begin;
        for (int i = 0; i < sample.Tokens.Count; i++)
        {
            ReceiptToken token = sample.Tokens[i];
            long position = promptLength + (long)i;
            hash = ReceiptChain.Link(hash, position, token);
            text.Append(separator).Append("{\"position\":").AppendInteger(position).Append(",\"id\":").AppendInteger(NotNegative(token.Id));
            LogProbability(text, token.LogProbability);
            Field(text.Append(','), "logits", token.Logits);
            Field(text.Append(','), "hash", hash).Append('}');
            separator = ",\n";
        }

        text.Append("\n],\"finish_reason\":").AppendString(sample.FinishReason);
        Field(text.Append(','), "hash", ReceiptChain.End(hash, sample.FinishReason)).Append('}');
    }

    private static void LogProbability(StringBuilder text, float value)
    {
        LedgerNumber number = LedgerNumber.Of(BitConverter.UInt32BitsToSingle(ReceiptChain.Bits(value)));
        text.Append(",\"logprob\":").Append(number.IsFinite ? number.Decimal : "null").Append(",\"logprob_bits\":\"").Append(number.Hex).Append('"');
    }

    private static void Field(StringBuilder text, string name, float value)
    {
        LedgerNumber number = LedgerNumber.Of(value);
        if (!number.IsFinite)
        {
            throw new ArgumentException($"receipt: {name} is {value}; a receipt's parameters are finite numbers");
        }

        text.Append(",\"").Append(name).Append("\":").Append(number.Decimal).Append(",\"").Append(name).Append("_bits\":\"").Append(number.Hex).Append('"');
    }

    private static StringBuilder Field(StringBuilder text, string name, Digest? digest)
    {
        text.Append('"').Append(name).Append("\":");
        return digest is { } value ? text.AppendString(value.ToString()) : text.Append("null");
    }

    private static void Ids(StringBuilder text, IReadOnlyList<int> ids) => List(text, ids, (target, id) => target.AppendInteger(NotNegative(id)));

    private static void List<T>(StringBuilder text, IReadOnlyList<T> items, Action<StringBuilder, T> append)
    {
        text.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            append(i == 0 ? text : text.Append(','), items[i]);
        }

        text.Append(']');
    }

    private static int NotNegative(int value) => value >= 0 ? value : throw new ArgumentException($"receipt: {value} is below 0, where a receipt has numbers from 0");
}
