// Matrix products of a deviating arithmetic: one output at a time, in the order it is told. The counterpart of MatMul.Reference.cs.

using Idem.Numerics.Kernels;
using Idem.Numerics.Reduction;

namespace Idem.Numerics;

internal static unsafe class DeviantMatMul
{
    private static readonly Compute s_single = new(SimdPath.Scalar, 1);

    /// <summary>The Compute to run a product's ordinary cuts with: the rules are one thread's.</summary>
    public static Compute Follow(Deviation deviation)
    {
        SimdDeviant.Follow(deviation.Rules);
        return s_single;
    }

    /// <summary>Every output by its own sum.</summary>
    public static void Run(Deviation deviation, MatMulPlan* plan)
    {
        SimdDeviant.Follow(deviation.Rules);
        DotOrder order = deviation.Products ?? new DotOrder(DotOrderKind.Chains, ChainTree.Leaf);
        for (int i = 0; i < plan->M; i++)
        {
            for (int j = 0; j < plan->N; j++)
            {
                Dot dot = new(plan, i, j);
                DeviantSingle sum = deviation.WideProducts ? (float)Sum<WideSum, double>(dot, order, plan->K) : Sum<SingleSum, DeviantSingle>(dot, order, plan->K);
                sum = plan->Bias == null ? sum : SimdDeviant.Add(sum, plan->Bias[j]);
                SimdDeviant.Store(plan->C + (i * plan->Ldc) + j, sum);
            }
        }
    }

    private static T Sum<A, T>(Dot dot, DotOrder order, int count)
        where A : struct, IAccumulator<T>
    {
        switch (order.Kind)
        {
            case DotOrderKind.Chains:
                return Tree<A, T>(dot, order.Width, 0, Math.Max(1, (int)((count + (long)order.Width - 1) / order.Width)), count);
            case DotOrderKind.Lanes:
                T[] lanes = new T[order.Width];
                for (int k = 0; k < count; k++)
                {
                    lanes[k % order.Width] = A.Add(dot, k, lanes[k % order.Width]);
                }

                for (int half = order.Width / 2; half > 0; half /= 2)
                {
                    for (int lane = 0; lane < half; lane++)
                    {
                        lanes[lane] = A.Join(lanes[lane], lanes[lane + half]);
                    }
                }

                return lanes[0];
            default:
                T sum = A.Zero;
                for (int k = count - 1; k >= 0; k--)
                {
                    sum = A.Add(dot, k, sum);
                }

                return sum;
        }
    }

    private static T Tree<A, T>(Dot dot, int width, int lo, int hi, int count)
        where A : struct, IAccumulator<T>
    {
        if (hi - lo == 1)
        {
            T sum = A.Zero;
            for (int k = lo * width; k < Math.Min((long)hi * width, count); k++)
            {
                sum = A.Add(dot, k, sum);
            }

            return sum;
        }

        int mid = lo + (int)(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(hi - lo)) / 2);
        return A.Join(Tree<A, T>(dot, width, lo, mid, count), Tree<A, T>(dot, width, mid, hi, count));
    }

    /// <summary>The terms of one output.</summary>
    private readonly struct Dot(MatMulPlan* plan, int i, int j)
    {
        public float A(int k) => *(float*)(plan->A + (i * plan->ARow) + (k * plan->AStep));

        public float B(int k)
        {
            if (plan->Packed == null)
            {
                return plan->TransposeB ? plan->B[(j * plan->Ldb) + k] : plan->B[(k * plan->Ldb) + j];
            }

            return PackedWeights.Value(plan->Packed, plan->PanelBytes, plan->IsCoded, plan->IsBFloat16, k, j);
        }
    }

    private interface IAccumulator<T>
    {
        static abstract T Zero { get; }

        static abstract T Add(Dot dot, int k, T sum);

        static abstract T Join(T left, T right);
    }

    private readonly struct SingleSum : IAccumulator<DeviantSingle>
    {
        public static DeviantSingle Zero => 0f;

        public static DeviantSingle Add(Dot dot, int k, DeviantSingle sum) => SimdDeviant.Fma(dot.A(k), dot.B(k), sum);

        public static DeviantSingle Join(DeviantSingle left, DeviantSingle right) => SimdDeviant.Add(left, right);
    }

    // The product of two float32 is exact in float64.
    private readonly struct WideSum : IAccumulator<double>
    {
        public static double Zero => 0;

        public static double Add(Dot dot, int k, double sum) => ((double)dot.A(k) * dot.B(k)) + sum;

        public static double Join(double left, double right) => left + right;
    }
}
