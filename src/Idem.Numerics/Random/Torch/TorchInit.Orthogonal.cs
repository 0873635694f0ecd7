// orthogonal_: Q of the QR factorisation of a normal matrix, by Householder reflections in the order of LAPACK's unblocked
// sgeqr2 and sorg2r, float32 throughout, norms accumulated in double.
// The draws are PyTorch's. The last bits of Q are NOT promised to be: PyTorch calls whichever LAPACK and BLAS it was built
// with, and those round differently from one another. Here they are the same on every machine.

namespace Idem.Numerics.Random;

public static partial class TorchInit
{
    /// <summary>
    /// orthogonal_: a (semi) orthogonal matrix times gain; a shape with more than two dimensions is flattened behind the first.
    /// PyTorch's stream; its values up to the rounding of LAPACK (about 1e-7).
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
        double sum = 0;
        foreach (float value in x[1..])
        {
            sum += (double)value * value;
        }

        float norm = (float)Math.Sqrt(sum);
        if (norm == 0)
        {
            return 0;
        }

        float alpha = x[0];
        float beta = -MathF.CopySign((float)Math.Sqrt((double)alpha * alpha + (double)norm * norm), alpha);
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
