// Matrix multiplication: checks shapes and hands independent outputs to threads. MatMul.Reference.cs defines the bits.

using System.Runtime.Intrinsics;

namespace Idem.Numerics.Kernels;

/// <summary>Matrix products in float32. Order: <c>arithmetic.md#matrix-multiplication</c>.</summary>
public static unsafe partial class MatMul
{
    /// <summary>
    /// c[i, j] = the chain-tree over k of op(a)[i, k] * op(b)[k, j], then one addition of bias[j] where a bias is given.
    /// All matrices are row-major; what lies in c beyond column <paramref name="n"/> of a row stays untouched.
    /// </summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="transposeA">a is stored as [k, m] instead of [m, k].</param>
    /// <param name="transposeB">b is stored as [n, k] (the weights of a linear layer, [out, in]) instead of [k, n].</param>
    /// <param name="m">Rows of c.</param>
    /// <param name="n">Columns of c.</param>
    /// <param name="k">Length of each reduction; c is bias, or +0, when it is 0.</param>
    /// <param name="a">Left operand.</param>
    /// <param name="lda">Distance between stored rows of a, at least their length.</param>
    /// <param name="b">Right operand.</param>
    /// <param name="ldb">Distance between stored rows of b.</param>
    /// <param name="bias">n values, or empty.</param>
    /// <param name="c">Result; must not overlap the operands.</param>
    /// <param name="ldc">Distance between rows of c.</param>
    /// <exception cref="ArgumentException">Shapes, strides and lengths do not fit.</exception>
    public static void Multiply(
        Compute compute,
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        ReadOnlySpan<float> bias,
        Span<float> c,
        int ldc)
    {
        ArgumentNullException.ThrowIfNull(compute);
        CheckShapes(transposeA, transposeB, m, n, k, a, lda, b, ldb, bias, c, ldc);
        if (m == 0 || n == 0)
        {
            return;
        }

        fixed (float* pa = a, pb = b, pbias = bias, pc = c)
        {
            MatMulPlan plan = new()
            {
                M = m,
                N = n,
                K = k,
                A = (byte*)pa,
                ARow = (transposeA ? 1 : (nint)lda) * sizeof(float),
                AStep = (transposeA ? (nint)lda : 1) * sizeof(float),
                B = pb,
                Ldb = ldb,
                TransposeB = transposeB,
                Bias = pbias,
                C = pc,
                Ldc = ldc,
            };
            Run(compute, &plan);
        }
    }

    /// <summary>
    /// c[i, j] = the chain-tree over k of a[i, k] * weights[k, j], then one addition of bias[j] where a bias is given: the bits of
    /// the product with the matrix that was packed, for few rows at the speed of memory. Weights of the q8 profile have its products
    /// (<c>arithmetic.md#q8</c>).
    /// </summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="m">Rows of a and c.</param>
    /// <param name="a">Left operand, [m, weights.K].</param>
    /// <param name="lda">Distance between rows of a.</param>
    /// <param name="weights">Right operand.</param>
    /// <param name="bias">weights.N values, or empty.</param>
    /// <param name="c">Result, [m, weights.N]; must not overlap the operands.</param>
    /// <param name="ldc">Distance between rows of c.</param>
    /// <exception cref="ArgumentException">Shapes, strides and lengths do not fit.</exception>
    public static void Multiply(
        Compute compute, int m, ReadOnlySpan<float> a, int lda, PackedWeights weights, ReadOnlySpan<float> bias, Span<float> c, int ldc)
    {
        ArgumentNullException.ThrowIfNull(compute);
        ArgumentNullException.ThrowIfNull(weights);
        int n = weights.N, k = weights.K;
        CheckSizes(m, n, k);
        CheckOperand("a", m, k, lda, a.Length, m, n, k);
        CheckResult(m, n, k, bias, c, ldc);
        if (m == 0 || n == 0)
        {
            return;
        }

        fixed (float* pa = a, pbias = bias, pc = c)
        {
            MatMulPlan plan = new()
            {
                M = m,
                N = n,
                K = k,
                A = (byte*)pa,
                ARow = lda * (nint)sizeof(float),
                AStep = sizeof(float),
                Packed = weights.Memory,
                PanelBytes = weights.PanelBytes,
                IsBFloat16 = weights.IsBFloat16,
                IsCoded = weights.IsCoded,
                Bias = pbias,
                C = pc,
                Ldc = ldc,
            };
            if (weights.Dtype == PackedDtype.Q8)
            {
                RunQ8(compute, &plan);
            }
            else
            {
                Run(compute, &plan);
            }
        }

        GC.KeepAlive(weights);
    }

    private static void Run(Compute compute, MatMulPlan* plan)
    {
        switch (compute.Path)
        {
            case SimdPath.Vector512:
                Run<Simd512, Vector512<float>, Vector512<double>>(compute, plan);
                break;
            case SimdPath.Vector256:
                Run<Simd256, Vector256<float>, Vector256<double>>(compute, plan);
                break;
            case SimdPath.Vector128:
                Run<Simd128, Vector128<float>, Vector128<double>>(compute, plan);
                break;
            case SimdPaths.Deviant:
                RunDeviant(compute.Deviation!, plan);
                break;
            default:
                Run<SimdScalar, float, double>(compute, plan);
                break;
        }
    }

    private static void RunDeviant(Deviation deviation, MatMulPlan* plan)
    {
        if (deviation.Products is not null || deviation.WideProducts)
        {
            DeviantMatMul.Run(deviation, plan);
        }
        else
        {
            Run<SimdDeviant, DeviantSingle, double>(DeviantMatMul.Follow(deviation), plan);
        }
    }

    private static void Run<S, F, D>(Compute compute, MatMulPlan* plan)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (HasFewRows<S, F, D>(compute, plan))
        {
            RunFewRows<S, F, D>(compute, plan);
        }
        else
        {
            RunBlocked<S, F, D>(compute, plan);
        }
    }

    private static void CheckShapes(
        bool transposeA,
        bool transposeB,
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        ReadOnlySpan<float> b,
        int ldb,
        ReadOnlySpan<float> bias,
        Span<float> c,
        int ldc)
    {
        CheckSizes(m, n, k);
        CheckOperand("a", transposeA ? k : m, transposeA ? m : k, lda, a.Length, m, n, k);
        CheckOperand("b", transposeB ? n : k, transposeB ? k : n, ldb, b.Length, m, n, k);
        CheckResult(m, n, k, bias, c, ldc);
    }

    private static void CheckSizes(int m, int n, int k)
    {
        if (m < 0 || n < 0 || k < 0)
        {
            throw new ArgumentException($"MatMul: sizes must not be negative: m={m}, n={n}, k={k}.");
        }
    }

    private static void CheckResult(int m, int n, int k, ReadOnlySpan<float> bias, Span<float> c, int ldc)
    {
        CheckOperand("c", m, n, ldc, c.Length, m, n, k);
        if (!bias.IsEmpty && bias.Length != n)
        {
            throw new ArgumentException($"MatMul: bias has {bias.Length} values, but [{m},{k}] x [{k},{n}] needs {n}.");
        }
    }

    private static void CheckOperand(string name, int rows, int columns, int stride, int length, int m, int n, int k)
    {
        long needed = rows == 0 || columns == 0 ? 0 : ((long)(rows - 1) * stride) + columns;
        if (stride < columns || length < needed)
        {
            throw new ArgumentException(
                $"MatMul: [{m},{k}] x [{k},{n}]: {name} is stored as [{rows},{columns}] with row stride {stride} and needs {needed} values; it has {length}.");
        }
    }
}
