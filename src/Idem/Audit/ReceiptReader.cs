// Reads the bytes that ReceiptWriter writes, and no others: any other byte is an error of a named field. First the letters, then the
// digests, from the inside out, so that the smallest part that does not hold is named.

using System.Globalization;
using System.Text;
using System.Text.Json;
using Idem.Formats;

namespace Idem.Audit;

internal sealed class ReceiptReader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly string _text;
    private readonly bool _checksDigests;
    private int _at;

    private ReceiptReader(string file, string text, bool checksDigests)
    {
        _file = file;
        _text = text;
        _checksDigests = checksDigests;
    }

    public static Receipt Read(ReadOnlySpan<byte> bytes, string file, bool checksDigests, out Digest id)
    {
        if (!bytes.StartsWith("{\"format\":\""u8))
        {
            throw new ReceiptException(file, null, "is not a receipt: it does not begin with its format");
        }

        try
        {
            return new ReceiptReader(file, StrictUtf8.GetString(bytes), checksDigests).Read(out id);
        }
        catch (DecoderFallbackException)
        {
            throw new ReceiptException(file, null, "is not UTF-8");
        }
    }

    private Receipt Read(out Digest id)
    {
        Expect("{\"format\":", "format");
        string format = Text("format");
        if (format != Receipt.Format)
        {
            throw Bad("format", $"is '{format}', this version reads '{Receipt.Format}': use the version of Idem that wrote it");
        }

        Expect(",\n\"invariant_under\":", "invariant_under");
        List<string> invariances = List("invariant_under", Text);
        if (!invariances.SequenceEqual(Invariances.OfInference.Where(invariances.Contains)))
        {
            throw Bad("invariant_under", $"is not a list of [{string.Join(", ", Invariances.OfInference)}] in this order");
        }

        ReceiptModel model = Section("model", Model);
        ReceiptSampling sampling = Section("sampling", Sampling);
        List<int> prompt = Section("prompt", Prompt);
        Digest header = ReceiptChain.Header(_text[.._at]);
        Digest said = DigestField(",\n", "header", "header");
        Require(said == header, "header", $"{said} is not the digest {header} of what is before it: invariant_under, a section, or this digest was changed");
        List<ReceiptSample> samples = Samples(header, prompt.Count);
        Digest expected = ReceiptChain.Id(_text[.._at]);
        id = DigestField(",\n", "id", "id");
        Require(id == expected, "id", $"{id} is not the digest {expected} of the receipt: it was changed");
        return _text.AsSpan(_at) is "}\n"
            ? new Receipt { InvariantUnder = invariances, Model = model, Sampling = sampling, PromptIds = prompt, Samples = samples }
            : throw Bad(null, "does not end after id");
    }

    // {...,"digest":"..."} with the digest of the object without it.
    private T Section<T>(string name, Func<T> read)
    {
        Expect($",\n\"{name}\":", name);
        int begin = _at;
        T value = read();
        Digest expected = ReceiptChain.Section(string.Concat(_text.AsSpan(begin, _at - begin), "}"));
        Digest said = DigestField(",", "digest", $"{name}.digest");
        Expect("}", name);
        Require(said == expected, $"{name}.digest", $"{said} is not the digest {expected} of {name}: one of its fields, or this digest, was changed");
        return value;
    }

    private ReceiptModel Model() => new()
    {
        Arithmetic = TextField("{", "arithmetic", "model"),
        Weights = DigestField(",", "weights", "model.weights"),
        Config = DigestField(",", "config", "model.config"),
        Tokenizer = OptionalDigest("tokenizer", "model.tokenizer"),
        ChatTemplate = OptionalDigest("chat_template", "model.chat_template"),
        Dtype = TextField(",", "dtype", "model"),
        CacheDtype = TextField(",", "kv_cache_dtype", "model"),
    };

    private ReceiptSampling Sampling() => new()
    {
        MaxTokens = IntegerField("{", "max_tokens", "sampling.max_tokens"),
        Temperature = Number("temperature", "sampling.temperature"),
        TopK = IntegerField(",", "top_k", "sampling.top_k"),
        TopP = Number("top_p", "sampling.top_p"),
        MinP = Number("min_p", "sampling.min_p"),
        RepetitionPenalty = Number("repetition_penalty", "sampling.repetition_penalty"),
        PresencePenalty = Number("presence_penalty", "sampling.presence_penalty"),
        FrequencyPenalty = Number("frequency_penalty", "sampling.frequency_penalty"),
        LogitBias = ListField("logit_bias", "sampling.logit_bias", Bias),
        Constraint = Constraint(),
        StopIds = ListField("stop_ids", "sampling.stop_ids", field => (int)Integer(field, int.MaxValue)),
        Stops = ListField("stop", "sampling.stop", Text),
        Seed = Seed(),
    };

    private ReceiptBias Bias(string field)
    {
        ReceiptBias bias = new(IntegerField("{", "id", field), Number("bias", field));
        Expect("}", field);
        return bias;
    }

    private ReceiptConstraint? Constraint()
    {
        const string Name = "sampling.constraint";
        Expect(",\"constraint\":", Name);
        if (TryTake("null"))
        {
            return null;
        }

        ReceiptConstraint constraint = new(TextField("{", "kind", Name), TextField(",", "definition", Name));
        Expect("}", Name);
        return constraint;
    }

    private ulong Seed()
    {
        Expect(",\"seed\":", "sampling.seed");
        return Integer("sampling.seed", ulong.MaxValue);
    }

    private List<int> Prompt()
    {
        Expect("{\"ids\":", "prompt.ids");
        return List("prompt.ids", field => (int)Integer(field, int.MaxValue));
    }

    private List<ReceiptSample> Samples(Digest header, int promptLength)
    {
        Expect(",\n\"samples\":[", "samples");
        List<ReceiptSample> samples = [];
        for (string separator = "\n"; TryTake(separator + "{\"sample\":"); separator = ",\n")
        {
            string name = $"samples[{samples.Count}]";
            int number = (int)Integer($"{name}.sample", int.MaxValue);
            if (samples.Count > 0 && number <= samples[^1].Sample)
            {
                throw Bad($"{name}.sample", $"{number} does not follow {samples[^1].Sample}");
            }

            List<ReceiptToken> tokens = Tokens(name, ReceiptChain.Begin(header, number), promptLength, out Digest last);
            Expect(",\"finish_reason\":", $"{name}.finish_reason");
            string reason = Text($"{name}.finish_reason");
            if (reason is not (ReceiptSample.Stop or ReceiptSample.Length or ReceiptSample.Interrupted))
            {
                throw Bad($"{name}.finish_reason", $"'{reason}' is none of {ReceiptSample.Stop}, {ReceiptSample.Length}, {ReceiptSample.Interrupted}");
            }

            CheckHash($"{name}.hash", ReceiptChain.End(last, reason), "the chain's end: finish_reason, the sample's number where it has no token, or this hash was changed");
            samples.Add(new ReceiptSample { Sample = number, Tokens = tokens, FinishReason = reason });
        }

        Expect("\n]", "samples");
        return samples;
    }

    private List<ReceiptToken> Tokens(string sample, Digest begin, int promptLength, out Digest last)
    {
        Expect(",\"tokens\":[", $"{sample}.tokens");
        List<ReceiptToken> tokens = [];
        last = begin;
        for (string separator = "\n"; TryTake(separator + "{\"position\":"); separator = ",\n")
        {
            string name = $"{sample}.tokens[{tokens.Count}]";
            long position = promptLength + (long)tokens.Count;
            if (Integer($"{name}.position", long.MaxValue) is var stated && stated != (ulong)position)
            {
                throw Bad($"{name}.position", $"is {stated}, but {position} ids are before it");
            }

            ReceiptToken token = new(IntegerField(",", "id", $"{name}.id"), LogProbability(name), DigestField(",", "logits", $"{name}.logits"));
            last = ReceiptChain.Link(last, position, token);
            CheckHash($"{name}.hash", last, tokens.Count == 0
                ? "the chain's first link: a field of this token, the sample's number, or this hash was changed"
                : "the chain's next link: a field of this token, or this hash, was changed");
            tokens.Add(token);
        }

        Expect("\n]", $"{sample}.tokens");
        return tokens;
    }

    private void CheckHash(string field, Digest expected, string what)
    {
        Digest said = DigestField(",", "hash", field);
        Require(said == expected, field, $"{said} is not {expected}, {what}");
        Expect("}", field);
    }

    private float Number(string name, string field)
    {
        Expect($",\"{name}\":", field);
        ReadOnlySpan<char> digits = Until(",", field);
        float value = BitsOf(name, field);
        return !float.IsFinite(value)
            ? throw Bad(field + "_bits", "is not the encoding of a finite float32")
            : digits.SequenceEqual(LedgerNumber.Of(value).Decimal)
                ? value
                : throw Bad(field, $"{digits} disagrees with its bits {LedgerNumber.Of(value).Hex}, which are {LedgerNumber.Of(value).Decimal}");
    }

    // null stands for infinities and the one NaN, which JSON cannot state.
    private float LogProbability(string token)
    {
        string field = $"{token}.logprob";
        Expect(",\"logprob\":", field);
        ReadOnlySpan<char> digits = Until(",", field);
        float value = BitsOf("logprob", field);
        bool isCanonical = BitConverter.SingleToUInt32Bits(value) == ReceiptChain.Bits(value);
        return isCanonical && digits.SequenceEqual(float.IsFinite(value) ? LedgerNumber.Of(value).Decimal : "null")
            ? value
            : throw Bad(field, $"{digits} disagrees with its bits {LedgerNumber.Of(value).Hex}, which are {LedgerNumber.Of(value).Decimal}");
    }

    private float BitsOf(string name, string field)
    {
        Expect($",\"{name}_bits\":\"", field + "_bits");
        ReadOnlySpan<char> hex = Until("\"", field + "_bits");
        Expect("\"", field + "_bits");
        return LedgerNumber.TryParseHex(hex, out LedgerNumber number) && number.IsSingle
            ? (float)number.Value
            : throw Bad(field + "_bits", $"'{hex}' is not the encoding of a float32 (8 lower-case hex digits)");
    }

    private Digest? OptionalDigest(string name, string field)
    {
        Expect($",\"{name}\":", field);
        return TryTake("null") ? null : DigestValue(field);
    }

    private Digest DigestField(string before, string name, string field)
    {
        Expect($"{before}\"{name}\":", field);
        return DigestValue(field);
    }

    private Digest DigestValue(string field)
    {
        Expect("\"", field);
        ReadOnlySpan<char> text = Until("\"", field);
        Expect("\"", field);
        return Digest.TryParse(text, out Digest digest) ? digest : throw Bad(field, "is not a digest");
    }

    private int IntegerField(string before, string name, string field)
    {
        Expect($"{before}\"{name}\":", field);
        return (int)Integer(field, int.MaxValue);
    }

    private ulong Integer(string field, ulong max)
    {
        int end = _at;
        while (end < _text.Length && char.IsAsciiDigit(_text[end]))
        {
            end++;
        }

        ReadOnlySpan<char> digits = _text.AsSpan(_at, end - _at);
        _at = end;
        return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value <= max && (digits.Length == 1 || digits[0] != '0')
            ? value
            : throw Bad(field, $"is not a whole number from 0 to {max}");
    }

    private string TextField(string before, string name, string section)
    {
        Expect($"{before}\"{name}\":", $"{section}.{name}");
        return Text($"{section}.{name}");
    }

    // A JSON string, written as JsonText writes it.
    private string Text(string field)
    {
        int end = _at + 1;
        while (end < _text.Length && _text[end] != '"')
        {
            end += _text[end] == '\\' ? 2 : 1;
        }

        if (_at >= _text.Length || _text[_at] != '"' || end >= _text.Length)
        {
            throw Bad(field, "is not a text");
        }

        string raw = _text[_at..(end + 1)], value;
        try
        {
            Utf8JsonReader json = new(Encoding.UTF8.GetBytes(raw));
            _ = json.Read();
            value = json.GetString()!;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Bad(field, "is not a JSON text");
        }

        _at = end + 1;
        return new StringBuilder().AppendString(value).ToString() == raw ? value : throw Bad(field, "is not written as a receipt writes it");
    }

    private List<T> ListField<T>(string name, string field, Func<string, T> item)
    {
        Expect($",\"{name}\":", field);
        return List(field, item);
    }

    private List<T> List<T>(string field, Func<string, T> item)
    {
        Expect("[", field);
        List<T> items = [];
        if (TryTake("]"))
        {
            return items;
        }

        do
        {
            items.Add(item($"{field}[{items.Count}]"));
        }
        while (TryTake(","));
        Expect("]", field);
        return items;
    }

    private ReadOnlySpan<char> Until(string after, string field)
    {
        int length = _text.AsSpan(_at).IndexOf(after, StringComparison.Ordinal);
        if (length < 0)
        {
            throw Bad(field, "does not end");
        }

        _at += length;
        return _text.AsSpan(_at - length, length);
    }

    private bool TryTake(string literal)
    {
        bool found = _text.AsSpan(_at).StartsWith(literal, StringComparison.Ordinal);
        _at += found ? literal.Length : 0;
        return found;
    }

    private void Expect(string literal, string field)
    {
        if (!TryTake(literal))
        {
            throw Bad(field, "is missing, misplaced or malformed");
        }
    }

    private void Require(bool holds, string field, string what)
    {
        if (_checksDigests && !holds)
        {
            throw new ReceiptException(_file, field, what, isDigest: true);
        }
    }

    private ReceiptException Bad(string? field, string what) => new(_file, field, what);
}
