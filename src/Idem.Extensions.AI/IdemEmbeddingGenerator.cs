// A model folder as an IEmbeddingGenerator: pooled states, each of a text by itself.

using Idem.Inference;
using Idem.Numerics.Kernels;
using Microsoft.Extensions.AI;

namespace Idem.Extensions.AI;

/// <summary>Embeds texts: an encoder with its pooler, or the first token without one; a decoder with the last token's state.</summary>
/// <param name="model">A model with a tokenizer.</param>
public sealed class IdemEmbeddingGenerator(ModelFolder model) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly Lock _gate = new();

    /// <summary>A generator of the model in a folder.</summary>
    /// <param name="folder">A Hugging Face model folder.</param>
    public static IdemEmbeddingGenerator Load(string folder) => new(ModelFolder.Load(folder, PackedDtype.Float32));

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } dimensions && dimensions != model.Model.Config.Width)
        {
            throw new NotSupportedException($"EmbeddingGenerationOptions.Dimensions: {model.Path} gives {model.Model.Config.Width}, not {dimensions}");
        }

        GeneratedEmbeddings<Embedding<float>> result = [];
        long tokens = 0;
        foreach (string value in values)
        {
            int[] ids = model.Tokenizer.Encode(value);
            float[] pooled = await Task.Run(
                () =>
                {
                    lock (_gate)
                    {
                        return HiddenStates.Of(model.Model, ids).Pooled;
                    }
                },
                cancellationToken).ConfigureAwait(false);
            tokens += ids.Length;
            result.Add(new Embedding<float>(pooled) { ModelId = model.Path });
        }

        result.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return result;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("idem", null, model.Path, model.Model.Config.Width)
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(model) ? model
            : null;
    }

    /// <summary>Nothing to release: the model's memory is managed.</summary>
    public void Dispose()
    {
    }
}
