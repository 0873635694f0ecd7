// orthogonal_: Q of the QR factorisation of a normal matrix, by Householder reflections with the roundings of reference LAPACK
// 3.11 on reference BLAS (sgeqr2, sorg2r, slarfg, slapy2, snrm2, sgemv, sger): float32 throughout, sums in the order of the
// index, multiplication and addition rounded separately. PyTorch on that BLAS (Debian 12) gives these bits; on another BLAS
// its values differ by about 1e-7, since LAPACK leaves the order of sums to the BLAS.
// With more than 128 columns (of the narrower side) LAPACK works by blocks: there the values agree to rounding only.

namespace Idem.Numerics.Random;

public static partial class TorchInit
{
    /// <summary>
    /// orthogonal_: a (semi) orthogonal matrix times gain; a shape with more than two dimensions is flattened behind the first.
    /// PyTorch's stream; its values where it calls reference LAPACK, within rounding (about 1e-7) where it calls another.
    /// </summary>
    public static void Orthogonal(TorchRandom random, Span<float> tensor, ReadOnlySpan<int> shape, float gain = 1)
    {
        CheckLength(tensor.Length, shape);
        if (shape.Length < 2)
        {
            throw new ArgumentException($"TorchInit.Orthogonal: a shape of {shape.Length} dimensions; give at least two.");
        }

        int rows = shape[0];
        int columns = tensor.Length / rows;
        random.Normal(tensor);
        bool wide = rows < columns;
        (int m, int n) = wide ? (columns, rows) : (rows, columns);

        // A[i, j] at j*m+i; a wide tensor is factorised transposed.
        float[] a = new float[m * n];
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                a[j * m + i] = wide ? tensor[j * columns + i] : tensor[i * columns + j];
            }
        }

        float[] tau = new float[n];
        float[] signs = new float[n];
        for (int k = 0; k < n; k++)
        {
            tau[k] = Reflector(a.AsSpan(k * m + k, m - k));
            float diagonal = a[k * m + k];
            signs[k] = MathF.Sign(diagonal);
            a[k * m + k] = 1;
            Reflect(a, m, n, k, tau[k]);
            a[k * m + k] = diagonal;
        }

        FormQ(a, m, n, tau);
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                tensor[wide ? j * columns + i : i * columns + j] = a[j * m + i] * signs[j] * gain;
            }
        }
    }

    // slarfg: x becomes (beta, v), such that (1 - tau (1, v)(1, v)^T) x = (beta, 0).
    private static float Reflector(Span<float> x)
    {
        float sum = 0;
        foreach (float value in x[1..])
        {
            sum += value * value;
        }

        float norm = MathF.Sqrt(sum);
        if (norm == 0)
        {
            return 0;
        }

        float alpha = x[0];
        float greater = MathF.Max(MathF.Abs(alpha), norm);
        float ratio = MathF.Min(MathF.Abs(alpha), norm) / greater;
        float beta = -MathF.CopySign(greater * MathF.Sqrt(1 + ratio * ratio), alpha);
        float scale = 1f / (alpha - beta);
        for (int i = 1; i < x.Length; i++)
        {
            x[i] *= scale;
        }

        x[0] = beta;
        return (beta - alpha) / beta;
    }

    // slarf: applies the reflector in column k, rows k.. to the columns behind it.
    private static void Reflect(float[] a, int m, int n, int k, float tau)
    {
        for (int j = k + 1; j < n; j++)
        {
            float product = 0;
            for (int i = k; i < m; i++)
            {
                product += a[j * m + i] * a[k * m + i];
            }

            float factor = -tau * product;
            for (int i = k; i < m; i++)
            {
                a[j * m + i] += a[k * m + i] * factor;
            }
        }
    }

    // sorg2r: the product of the reflectors, from the last to the first.
    private static void FormQ(float[] a, int m, int n, float[] tau)
    {
        for (int k = n - 1; k >= 0; k--)
        {
            a[k * m + k] = 1;
            Reflect(a, m, n, k, tau[k]);
            for (int i = k + 1; i < m; i++)
            {
                a[k * m + i] *= -tau[k];
            }

            a[k * m + k] = 1 - tau[k];
            a.AsSpan(k * m, k).Clear();
        }
    }
}
