namespace Idem.Conformance.Functions;

internal static class Inputs
{
    /// <summary>The floats whose encodings are first, first+1, ...</summary>
    public static void Fill(Span<float> x, uint first)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = BitConverter.UInt32BitsToSingle(first + (uint)i);
        }
    }
}
