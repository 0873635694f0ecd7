// Makes receipts: of a model what decides its bits, of generations what they were asked and what they gave. The format is Audit/Receipt,
// the replay Verification/ReceiptVerifier.

using System.Text;
using Idem.Audit;
using Idem.ChatTemplates;
using Idem.Formats;
using Idem.Inference.Constraints;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tokenizers;

namespace Idem.Inference;

/// <summary>Receipts of generations.</summary>
public static class Receipts
{
    /// <summary>What decides a model's bits. Reads all of its weights once: make it when a model is loaded, not for each answer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cacheDtype">How keys and values are held.</param>
    /// <exception cref="CorruptFileException">A file of the model is malformed.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is malformed.</exception>
    public static ReceiptModel Identify(ModelFolder model, CacheDtype cacheDtype)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ReceiptModel
        {
            Arithmetic = ArithmeticVersion.Name,
            Weights = ModelFolder.Digests(model.Path, Compute.Current.Threads).Root,
            Config = Digest.Of(model.Model.Config.ToJson()),
            Tokenizer = model.HasTokenizer ? Digest.Of(model.Tokenizer.ToJson()) : null,
            ChatTemplate = TemplateOf(model.ReadFile, model.Path) is { } template ? Digest.Of(Encoding.UTF8.GetBytes(template)) : null,
            Dtype = ProfileNames.Of(model.Dtype),
            CacheDtype = ProfileNames.Of(cacheDtype),
        };
    }

    /// <summary>The receipt of samples of one prompt.</summary>
    /// <param name="model">From <see cref="Identify"/>.</param>
    /// <param name="prompt">The ids that were continued.</param>
    /// <param name="settings">How they were continued.</param>
    /// <param name="stops">Strings that end the text.</param>
    /// <param name="samples">From <see cref="SampleOf(Generation)"/> or <see cref="SampleOf(TextGeneration)"/>, by ascending number.</param>
    public static Receipt Create(ReceiptModel model, IReadOnlyList<int> prompt, SamplingSettings settings, IReadOnlyList<string> stops, IReadOnlyList<ReceiptSample> samples)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new Receipt
        {
            Model = model,
            PromptIds = prompt,
            Samples = samples,
            Sampling = new ReceiptSampling
            {
                MaxTokens = settings.MaxTokens,
                Temperature = settings.Temperature,
                TopK = settings.TopK,
                TopP = settings.TopP,
                MinP = settings.MinP,
                RepetitionPenalty = settings.RepetitionPenalty,
                PresencePenalty = settings.PresencePenalty,
                FrequencyPenalty = settings.FrequencyPenalty,
                LogitBias = [.. settings.LogitBias.OrderBy(bias => bias.Id).Select(bias => new ReceiptBias(bias.Id, bias.Bias))],
                Constraint = settings.Constraint is { } constraint ? new ReceiptConstraint(constraint.Kind, constraint.Definition) : null,
                StopIds = settings.StopIds,
                Stops = stops,
                Seed = settings.Seed,
            },
        };
    }

    /// <summary>A generation's part of a receipt: what it has so far.</summary>
    public static ReceiptSample SampleOf(Generation generation)
    {
        ArgumentNullException.ThrowIfNull(generation);
        return SampleOf(generation, generation.Tokens, generation.Finished);
    }

    /// <summary>The same of a generation that is read as text: the tokens that the text was made from.</summary>
    public static ReceiptSample SampleOf(TextGeneration text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SampleOf(text.Generation, text.Tokens, text.Finished);
    }

    /// <summary>The settings that a receipt states; those that reach no receipt have their defaults.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="model">The model that is to follow them; its tokenizer decides what a constraint allows.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a constraint is of a kind that is not known or cannot be followed.</exception>
    public static SamplingSettings SettingsOf(Receipt receipt, ModelFolder model)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(model);
        ReceiptSampling sampling = receipt.Sampling;
        SamplingSettings settings = new()
        {
            MaxTokens = sampling.MaxTokens,
            Temperature = sampling.Temperature,
            TopK = sampling.TopK,
            TopP = sampling.TopP,
            MinP = sampling.MinP,
            RepetitionPenalty = sampling.RepetitionPenalty,
            PresencePenalty = sampling.PresencePenalty,
            FrequencyPenalty = sampling.FrequencyPenalty,
            LogitBias = [.. sampling.LogitBias.Select(bias => new LogitBias(bias.Id, bias.Value))],
            Constraint = sampling.Constraint is { } constraint ? ConstraintOf(constraint, model, sampling.StopIds) : null,
            StopIds = sampling.StopIds,
            Seed = sampling.Seed,
        };
        settings.Validate();
        return settings;
    }

    private static ITokenConstraint ConstraintOf(ReceiptConstraint constraint, ModelFolder model, IReadOnlyList<int> stopIds)
    {
        if (constraint.Kind != JsonSchemaConstraints.Kind)
        {
            throw new ArgumentException($"constraints of kind '{constraint.Kind}' are not known");
        }

        try
        {
            return new JsonSchemaConstraints(model.Tokenizer, model.Model.Config.VocabSize, stopIds).Create(constraint.Definition);
        }
        catch (NotSupportedException exception)
        {
            throw new ArgumentException(exception.Message, exception);
        }
    }

    private static ReceiptSample SampleOf(Generation generation, IEnumerable<GeneratedToken> tokens, FinishReason? finished) => new()
    {
        Sample = generation.Sample,
        Tokens = [.. tokens.Select(token => new ReceiptToken(token.Id, token.LogProbability, token.LogitsDigest))],
        FinishReason = finished switch
        {
            FinishReason.Stop => ReceiptSample.Stop,
            FinishReason.Length => ReceiptSample.Length,
            _ => ReceiptSample.Interrupted,
        },
    };

    /// <summary>The chat template that a model answers by, wherever its files keep it; null if there is none.</summary>
    /// <param name="read">The bytes of a file of the model, or null.</param>
    /// <param name="path">The model, for messages.</param>
    /// <exception cref="CorruptFileException">The file that may hold it is malformed.</exception>
    internal static string? TemplateOf(Func<string, byte[]?> read, string path)
    {
        try
        {
            return ChatTemplate.FindSource(read, path);
        }
        catch (InvalidDataException exception)
        {
            throw new CorruptFileException(path, exception.Message, "A receipt states the chat template's digest", exception);
        }
    }
}
