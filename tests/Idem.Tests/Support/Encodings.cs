namespace Idem.Tests.Support;

/// <summary>Comparison of float32 values by encoding; every NaN equals every other (its bits are not promised).</summary>
internal static class Encodings
{
    /// <summary>Null when equal, else the first place that differs.</summary>
    public static string? FindDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        if (expected.Length != actual.Length)
        {
            return $"expected {expected.Length} values, got {actual.Length}";
        }

        for (int i = 0; i < expected.Length; i++)
        {
            if (!Same(expected[i], actual[i]))
            {
                return $"value {i}: expected {Show(expected[i])}, got {Show(actual[i])}";
            }
        }

        return null;
    }

    public static bool Same(float x, float y) =>
        BitConverter.SingleToInt32Bits(x) == BitConverter.SingleToInt32Bits(y) || (float.IsNaN(x) && float.IsNaN(y));

    private static string Show(float x) => $"{x:R} ({BitConverter.SingleToInt32Bits(x):X8})";
}
