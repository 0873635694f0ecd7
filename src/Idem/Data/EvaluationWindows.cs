// The windows a model is measured on: one behind the other over all ids, so that every id but the first is a target exactly
// once. The last window may be shorter.

namespace Idem.Data;

/// <summary>A stretch of ids: inputs from Start, targets from Start + 1, Length of each.</summary>
/// <param name="Start">The index of the first input.</param>
/// <param name="Length">The number of inputs, and of targets.</param>
public readonly record struct TokenWindow(int Start, int Length);

/// <summary>Consecutive windows that do not overlap.</summary>
public static class EvaluationWindows
{
    /// <summary>The windows over <paramref name="tokenCount"/> ids in order; none where there are fewer than two ids.</summary>
    public static IEnumerable<TokenWindow> Over(int tokenCount, int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokenCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        return Enumerate(tokenCount - 1, contextLength);
    }

    private static IEnumerable<TokenWindow> Enumerate(int targets, int contextLength)
    {
        for (long start = 0; start < targets; start += contextLength)
        {
            yield return new TokenWindow((int)start, (int)Math.Min(contextLength, targets - start));
        }
    }
}
