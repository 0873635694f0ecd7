// The loss of a text: the mean over every target, each window by itself. Which thread takes which
// window, and how many at once, cannot matter: the per-token losses are kept, and summed in their order.

using Idem.Data;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;
using Idem.Tensors;

namespace Idem.Training;

/// <summary>Measures a model on token ids.</summary>
internal static class Evaluator
{
    private const int TokensPerTask = 1024;

    /// <summary>The mean loss in nats per token over ids, or over their first windows.</summary>
    /// <param name="model">The model, in evaluation.</param>
    /// <param name="tokens">At least two ids.</param>
    /// <param name="context">Tokens of a window.</param>
    /// <param name="windowsMax">Windows at most; 0 for all.</param>
    /// <param name="compute">Path and threads.</param>
    /// <param name="progress">Told parts done and parts in all.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static float MeanLoss(
        DecoderModel model, TokenSequence tokens, int context, int windowsMax, Compute compute, Action<int, int>? progress, CancellationToken cancellation)
    {
        TokenWindow[] windows = [.. EvaluationWindows.Over(tokens.Length, context)];
        if (windowsMax > 0 && windowsMax < windows.Length)
        {
            windows = windows[..windowsMax];
        }

        float[] losses = new float[windows.Sum(window => window.Length)];
        int perTask = Math.Max(1, TokensPerTask / context), tasks = (windows.Length + perTask - 1) / perTask, done = 0;
        int round = Math.Max(1, compute.Threads * 4); // between rounds: progress and Ctrl-C
        for (int first = 0; first < tasks; first += round)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(round, tasks - first);
            compute.For(count, i =>
            {
                int start = (first + i) * perTask;
                Measure(model, tokens, windows.AsSpan(start, Math.Min(perTask, windows.Length - start)), losses);
            });
            done += count;
            progress?.Invoke(done, tasks);
        }

        return ShardTree.Mean(Reduce.Sum(losses), losses.Length);
    }

    // Windows of one length go through the model together.
    private static void Measure(DecoderModel model, TokenSequence tokens, ReadOnlySpan<TokenWindow> windows, float[] losses)
    {
        while (!windows.IsEmpty)
        {
            int length = windows[0].Length, same = 1;
            while (same < windows.Length && windows[same].Length == length)
            {
                same++;
            }

            int[] inputs = new int[same * length], targets = new int[same * length];
            for (int i = 0; i < same; i++)
            {
                tokens.CopyTo(windows[i].Start, inputs.AsSpan(i * length, length));
                tokens.CopyTo(windows[i].Start + 1, targets.AsSpan(i * length, length));
            }

            // Windows follow one another without gaps, so a window's first target is number Start of the losses.
            using (Autograd.NoGrad())
            {
                model.Loss(inputs, targets, same, Reduction.None).Data.CopyTo(losses.AsSpan(windows[0].Start, same * length));
            }

            windows = windows[same..];
        }
    }
}
