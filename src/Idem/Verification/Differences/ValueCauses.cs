// Causes that show in values themselves: one side is the other, rounded to a narrower type or with its subnormals flushed. Confirmed
// by doing the same to the other side's values. What is named is b against a, as in every report: where a was rounded, b is the wider one.

using Idem.Formats;

namespace Idem.Verification.Differences;

internal static class ValueCauses
{
    /// <summary>What turns all of one side's tensors into the other's, or null.</summary>
    /// <param name="pairs">Tensors of both sides, of equal shapes.</param>
    public static DiffCause? Find(IReadOnlyList<(NamedTensor A, NamedTensor B)> pairs)
    {
        foreach ((string name, string detail, Func<double[], double[]> change) in Changes())
        {
            foreach (bool isB in new[] { true, false })
            {
                if (pairs.All(pair => IsChanged(isB ? pair.A : pair.B, isB ? pair.B : pair.A, change)))
                {
                    return isB ? new DiffCause(name, $"b is a {detail}", "b", true, "")
                        : name == ArithmeticCauses.Narrower ? new DiffCause(ArithmeticCauses.WiderStorage, $"a is b {detail}", "b", true, "")
                        : new DiffCause(name, $"a is b {detail}", "a", true, "");
                }
            }
        }

        return null;
    }

    private static IEnumerable<(string Name, string Detail, Func<double[], double[]> Change)> Changes()
    {
        yield return (ArithmeticCauses.Narrower, "rounded to BF16", values => Rounded(values, DType.BF16));
        yield return (ArithmeticCauses.Narrower, "rounded to F16", values => Rounded(values, DType.F16));
        yield return (ArithmeticCauses.Narrower, "rounded to F32", values => Array.ConvertAll(values, value => (double)(float)value));
        yield return (ArithmeticCauses.Flushed, "with its subnormals flushed", values => Array.ConvertAll(values, value => float.IsSubnormal((float)value) ? Math.CopySign(0, value) : value));
    }

    private static bool IsChanged(NamedTensor from, NamedTensor to, Func<double[], double[]> change)
    {
        const int Window = 1 << 18;
        long elements = from.Data.ByteCount / from.DType.Width();
        for (long start = 0; start < elements; start += Window)
        {
            int count = (int)Math.Min(Window, elements - start);
            double[] source = TensorComparison.Values(from, start, count), wanted = TensorComparison.Values(to, start, count), changed = change(source);

            // What is not a matrix may be kept wide where matrices are narrowed.
            bool isSame = source.AsSpan().SequenceEqual(wanted);
            if (!changed.AsSpan().SequenceEqual(wanted) && !isSame)
            {
                return false;
            }
        }

        return true;
    }

    private static double[] Rounded(double[] values, DType dtype)
    {
        float[] singles = Array.ConvertAll(values, value => (float)value);
        new StoredPrecision(StoredKind.Parameters, dtype).Round(singles);
        return Array.ConvertAll(singles, value => (double)value);
    }
}
