// Text is Unicode scalar values. An unpaired surrogate has no UTF-8 form and so no place in any vocabulary: refused, not replaced.

namespace Idem.Tokenizers;

internal static class WellFormed
{
    public static void Check(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int step = text[i..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (step < 0)
            {
                return;
            }

            i += step;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                throw new ArgumentException(
                    $"The text is not well-formed UTF-16: unpaired surrogate U+{(int)text[i]:X4} at index {i}. Decode it again from its bytes.",
                    nameof(text));
            }

            i++;
        }
    }

    public static int CountCodePoints(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        foreach (char c in text)
        {
            count -= char.IsLowSurrogate(c) ? 1 : 0;
        }

        return count;
    }
}
