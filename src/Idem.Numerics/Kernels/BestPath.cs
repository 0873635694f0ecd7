// The best path through a text whose steps have scores: the forward half of Viterbi's algorithm, and the way back.
// This scalar loop DEFINES the result; it has no other path. Nothing here is parallel: a position needs all before it.

namespace Idem.Numerics.Kernels;

/// <summary>
/// The path of steps from 0 to a length with the highest sum of scores. A path's score is the float64 sum of its steps from
/// the beginning, one rounded addition each, beginning at +0; among paths to a place that score equally, the one whose last step
/// was offered first stays (docs/arithmetic.md, "Tokenizer scores").
/// </summary>
public sealed class BestPath
{
    private const int Unreached = -1;

    private readonly double[] _score;
    private readonly int[] _start;
    private readonly int[] _label;

    /// <summary>The score of a step that no token covers: the lowest of all tokens less ten.</summary>
    public static double UnknownScore(ReadOnlySpan<double> scores)
    {
        double lowest = double.PositiveInfinity;
        foreach (double score in scores)
        {
            lowest = score < lowest ? score : lowest;
        }

        return lowest - 10.0;
    }

    /// <summary>A text of so many places, none of them reached but the beginning.</summary>
    public BestPath(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _score = new double[length + 1];
        _start = new int[length + 1];
        _label = new int[length + 1];
        Array.Fill(_start, Unreached);
    }

    /// <summary>Whether some step ends here.</summary>
    public bool IsReached(int place) => place == 0 || _start[place] != Unreached;

    /// <summary>Offers a step. All steps that end at <paramref name="start"/> must have been offered before.</summary>
    public void Offer(int start, int end, int label, double score)
    {
        double candidate = score + _score[start];
        if (_start[end] == Unreached || candidate > _score[end])
        {
            _score[end] = candidate;
            _start[end] = start;
            _label[end] = label;
        }
    }

    /// <summary>The steps of the best path to <paramref name="end"/>, the last one first.</summary>
    public IEnumerable<(int Start, int End, int Label)> Backwards(int end)
    {
        while (end > 0)
        {
            yield return (_start[end], end, _label[end]);
            end = _start[end];
        }
    }
}
