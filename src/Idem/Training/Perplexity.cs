// How well a model predicts a text.

using Idem.Audit;
using Idem.Data;
using Idem.Inference;
using Idem.Numerics;
using Idem.Numerics.Functions;

namespace Idem.Training;

/// <summary>What a model makes of a text, window by window.</summary>
/// <param name="Tokens">Ids of the text.</param>
/// <param name="Context">Ids of a window: each is predicted from those before it in its window.</param>
/// <param name="Loss">The mean negative log-likelihood, in nats per predicted token.</param>
/// <param name="Data">Digest of the text.</param>
public sealed record Perplexity(int Tokens, int Context, float Loss, Digest Data)
{
    /// <summary>e^loss, by <see cref="Float64.Exp(double)"/>.</summary>
    public double Value => Float64.Exp(Loss);

    /// <summary>Measures a model on text files.</summary>
    /// <param name="folder">A decoder with its tokenizer.</param>
    /// <param name="paths">Files or folders of text.</param>
    /// <param name="context">Tokens of a window.</param>
    /// <param name="compute">Path and threads.</param>
    /// <param name="progress">Told parts done and parts in all.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="DataException">The text cannot be read, or has less than two tokens.</exception>
    public static Perplexity Measure(
        ModelFolder folder, IReadOnlyList<string> paths, int context, Compute compute, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(context, folder.Decoder.Config.ContextLength);
        TextCorpus corpus = TextCorpus.Load(paths);
        TokenSequence tokens = TokenDataset.Create(corpus.Text, folder.Tokenizer, 0).Train;
        if (tokens.Length < 2)
        {
            throw new DataException("The text", "it has less than two tokens, so nothing is predicted.", "Name a longer text.");
        }

        float loss = Evaluator.MeanLoss(folder.Decoder, new CausalObjective(context), tokens, 0, compute, progress, cancellation);
        return new Perplexity(tokens.Length, context, loss, Digest.Parse(corpus.Digest));
    }
}
