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

    /// <summary>The mean loss in nats per target over ids, or over their first windows.</summary>
    /// <param name="model">The model, in evaluation.</param>
    /// <param name="objective">What it is asked.</param>
    /// <param name="tokens">Ids with at least one target among them.</param>
    /// <param name="windowsMax">Windows at most; 0 for all.</param>
    /// <param name="compute">Path and threads.</param>
    /// <param name="progress">Told parts done and parts in all.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static float MeanLoss(
        LanguageModel model, TrainingObjective objective, TokenSequence tokens, int windowsMax, Compute compute, Action<int, int>? progress, CancellationToken cancellation)
    {
        TokenWindow[] windows = [.. objective.EvaluationWindows(tokens.Length)];
        if (windowsMax > 0 && windowsMax < windows.Length)
        {
            windows = windows[..windowsMax];
        }

        EvaluationLosses losses = new(windows, objective);
        int perTask = Math.Max(1, TokensPerTask / objective.Length), tasks = (windows.Length + perTask - 1) / perTask, done = 0;
        int round = Math.Max(1, compute.Threads * 4); // between rounds: progress and Ctrl-C
        for (int first = 0; first < tasks; first += round)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(round, tasks - first);
            compute.For(count, i =>
            {
                int start = (first + i) * perTask;
                Measure(model, objective, tokens, windows, start, Math.Min(start + perTask, windows.Length), losses);
            });
            done += count;
            progress?.Invoke(done, tasks);
        }

        return ShardTree.Mean(Reduce.Sum(losses.Values), losses.Targets);
    }

    // Windows of one length go through the model together.
    private static void Measure(LanguageModel model, TrainingObjective objective, TokenSequence tokens, TokenWindow[] windows, int first, int end, EvaluationLosses losses)
    {
        while (first < end)
        {
            int length = objective.PositionsOf(windows[first]), same = 1;
            while (first + same < end && windows[first + same].Length == windows[first].Length)
            {
                same++;
            }

            int[] inputs = new int[same * length], targets = new int[same * length];
            for (int i = 0; i < same; i++)
            {
                objective.FillEvaluation(tokens, windows[first + i], first + i, inputs.AsSpan(i * length, length), targets.AsSpan(i * length, length));
            }

            using (Autograd.NoGrad())
            {
                losses.Set(first, objective.Losses(model, inputs, targets, same).Data, targets);
            }

            first += same;
        }
    }

    /// <summary>The losses of all positions, window after window, whoever computes them.</summary>
    private sealed class EvaluationLosses
    {
        private readonly int[] _begins;
        private readonly float[] _values;
        private long _targets;

        public EvaluationLosses(TokenWindow[] windows, TrainingObjective objective)
        {
            _begins = new int[windows.Length];
            int positions = 0;
            for (int i = 0; i < windows.Length; i++)
            {
                _begins[i] = positions;
                positions = checked(positions + objective.PositionsOf(windows[i]));
            }

            _values = new float[positions];
        }

        public ReadOnlySpan<float> Values => _values;

        /// <summary>Positions that have a loss.</summary>
        public long Targets => _targets;

        public void Set(int window, ReadOnlySpan<float> losses, ReadOnlySpan<int> targets)
        {
            losses.CopyTo(_values.AsSpan(_begins[window]));
            Interlocked.Add(ref _targets, targets.Length - targets.Count(TrainingObjective.NoTarget));
        }
    }
}
