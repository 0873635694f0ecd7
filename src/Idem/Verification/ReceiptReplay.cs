// The comparisons of a receipt's replay: a token, all tokens of a sample, how a sample ended.

using System.Globalization;
using Idem.Audit;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;

namespace Idem.Verification;

internal sealed class ReceiptReplay
{
    private readonly Receipt _receipt;
    private readonly ModelFolder _folder;
    private readonly DecoderModel _model;
    private readonly SamplingSettings _settings;
    private readonly CacheDtype _cacheDtype;
    private readonly Replay _replay;
    private readonly bool _triesProfiles;

    /// <param name="receipt">The receipt.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="folder">The model.</param>
    /// <param name="triesProfiles">Whether what differs may be looked for under other weight profiles, for which the model is loaded again.</param>
    /// <exception cref="ReceiptException">The receipt says what no receipt can.</exception>
    public ReceiptReplay(Receipt receipt, string file, ModelFolder folder, bool triesProfiles = true)
    {
        _receipt = receipt;
        _triesProfiles = triesProfiles;
        _folder = folder;
        _model = folder.Decoder;
        _settings = Read(file, "sampling", () => Receipts.SettingsOf(receipt, folder));
        _cacheDtype = Read(file, "model.kv_cache_dtype", () => ProfileNames.ParseCache(receipt.Model.CacheDtype));
        if (receipt.PromptIds.Count == 0)
        {
            throw new ReceiptException(file, "prompt.ids", "is empty, and nothing can be continued from nothing");
        }

        if (receipt.Sampling.Stops.Contains(""))
        {
            throw new ReceiptException(file, "sampling.stop", "holds an empty text, which would end every text");
        }

        _replay = new Replay(_model, _cacheDtype, receipt.PromptIds, _settings);
    }

    private ReceiptDiagnosis Diagnosis => new(_receipt, _folder, _settings, _cacheDtype, _triesProfiles);

    private int Vocabulary => _model.Config.VocabSize;

    /// <summary>Whether the request is one that the model can have had.</summary>
    public ReceiptMismatch? CheckRequest()
    {
        int index = _receipt.PromptIds.ToList().FindIndex(id => id >= Vocabulary);
        return index >= 0
            ? new ReceiptMismatch("prompt.ids", null, null, Text($"prompt id {_receipt.PromptIds[index]} at {index}"), Text($"the model's vocabulary has {Vocabulary}"), "the prompt was changed")
            : _settings.LogitBias.FirstOrDefault(bias => bias.Id >= Vocabulary) is { Id: > 0 } bias
            ? new ReceiptMismatch("sampling.logit_bias", null, null, Text($"a bias of id {bias.Id}"), Text($"the model's vocabulary has {Vocabulary}"), "it was changed")
            : _receipt.Sampling.Stops.Count > 0 && !_folder.HasTokenizer
            ? new ReceiptMismatch("sampling.stop", null, null, "that a text ends before stop strings", "the model has no tokenizer to make text", "")
            : null;
    }

    /// <summary>One token.</summary>
    /// <param name="place">Which.</param>
    /// <param name="isAlone">Whether the tokens before it were not checked.</param>
    public ReceiptMismatch? CheckPlace(ReceiptPlace place, bool isAlone = true)
    {
        ReceiptSample sample = Sample(place.Sample);
        if ((uint)place.Token >= (uint)sample.Tokens.Count)
        {
            throw new ArgumentException(sample.Tokens.Count == 0
                ? Text($"token {place.Token}: sample {sample.Sample} has none")
                : Text($"token {place.Token}: sample {sample.Sample} has 0 to {sample.Tokens.Count - 1}"));
        }

        int[] known = Known(sample);
        return place.Token < known.Length
            ? Compare(sample, place.Token, _replay.Place(known[..place.Token], sample.Sample), isAlone)
            : Diagnosis.Outside(sample, known.Length - 1);
    }

    /// <summary>A sample by its number.</summary>
    public ReceiptSample Sample(int number) => _receipt.Samples.FirstOrDefault(candidate => candidate.Sample == number)
        ?? throw new ArgumentException(Text($"sample {number}: the receipt has {string.Join(", ", _receipt.Samples.Select(other => other.Sample))}"));

    /// <summary>Every token, as far as each is right.</summary>
    public IEnumerable<ReceiptMismatch?> CheckTokens(ReceiptSample sample)
    {
        int token = 0;
        foreach (GeneratedToken? drawn in _replay.Places(Known(sample), sample.Sample))
        {
            yield return Compare(sample, token++, drawn, isAlone: false);
        }
    }

    /// <summary>How a sample whose tokens are right ended.</summary>
    public ReceiptMismatch? CheckEnd(ReceiptSample sample)
    {
        (int tokens, string? reason) = Ending(sample);
        if (tokens < sample.Tokens.Count)
        {
            return End(sample, tokens, Text($"{sample.Tokens.Count} tokens"), Text($"the text ends after {tokens} ({reason})"));
        }

        bool isEqual = sample.FinishReason == (reason ?? ReceiptSample.Interrupted);
        return isEqual ? null : End(sample, tokens, Text($"'{sample.FinishReason}' after {tokens} tokens"), reason is null ? "the text goes on" : $"it is '{reason}'");
    }

    private ReceiptMismatch? Compare(ReceiptSample sample, int token, GeneratedToken? place, bool isAlone)
    {
        if (place is not { } drawn)
        {
            return Diagnosis.Complete(sample, token);
        }

        ReceiptToken stated = sample.Tokens[token];
        bool isEqual = stated.Logits == drawn.LogitsDigest && stated.Id == drawn.Id
            && BitConverter.SingleToUInt32Bits(stated.LogProbability) == ReceiptChain.Bits(drawn.LogProbability);
        return isEqual ? null : Diagnosis.Explain(sample, token, drawn, isAlone);
    }

    // The sample's ids up to the first that is not the model's, and that one, after which nothing can be computed.
    private int[] Known(ReceiptSample sample)
    {
        int[] ids = [.. sample.Tokens.Select(token => token.Id)];
        int outside = Array.FindIndex(ids, id => id >= Vocabulary);
        return outside < 0 ? ids : ids[..(outside + 1)];
    }

    // After how many tokens the stated stop ids, stop strings and maximum end the text, and how; null where they do not.
    private (int Tokens, string? Reason) Ending(ReceiptSample sample)
    {
        if (_settings.MaxTokens == 0)
        {
            return (0, ReceiptSample.Length);
        }

        GeneratedText? text = _folder.HasTokenizer ? new GeneratedText(_folder.Tokenizer, _settings.StopIds, _receipt.Sampling.Stops) : null;
        for (int i = 0; i < sample.Tokens.Count; i++)
        {
            text?.Append(sample.Tokens[i].Id);
            string? reason = text is { Stopped: true } || _settings.StopIds.Contains(sample.Tokens[i].Id) ? ReceiptSample.Stop
                : i + 1 >= _settings.MaxTokens ? ReceiptSample.Length
                : null;
            if (reason is not null || i + 1 == sample.Tokens.Count)
            {
                text?.Finish(); // what was held back may hold a stop string still
                return (i + 1, text is { Stopped: true } ? ReceiptSample.Stop : reason ?? ByConstraint(sample, i + 1));
            }
        }

        return (0, ByConstraint(sample, 0));
    }

    private string? ByConstraint(ReceiptSample sample, int tokens) =>
        _replay.IsComplete([.. sample.Tokens.Take(tokens).Select(token => token.Id)], sample.Sample) ? ReceiptSample.Stop : null;

    private ReceiptMismatch End(ReceiptSample sample, int tokens, string stated, string found) => new(
        $"samples[{Diagnosis.IndexOf(sample)}].finish_reason", sample.Sample, tokens == 0 ? null : tokens - 1, stated, found,
        "finish_reason, the number of tokens, or one of stop_ids, stop and max_tokens was changed");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static T Read<T>(string file, string field, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException exception)
        {
            throw new ReceiptException(file, field, exception.Message);
        }
    }
}
