// Between projections and attention: q, k and v gathered into packed rows, q and k rotated on the way; and back for gradients.
// Rows are independent: threads share them, vectors lie along a head. Heads.Reference.cs defines the rotation.

namespace Idem.Numerics.Kernels;

/// <summary>Packs and unpacks heads. Order: <c>arithmetic.md#rotary-embedding</c>.</summary>
public static unsafe partial class Heads
{
    /// <summary>packed[row] = [rotated q, rotated k, v].</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="layout">Heads.</param>
    /// <param name="positions">The absolute position of each row.</param>
    /// <param name="table">Cosines and sines; null where nothing is rotated.</param>
    /// <param name="q">[rows, query heads * head size]; interleaved, all three.</param>
    /// <param name="k">[rows, key heads * head size]; empty where interleaved.</param>
    /// <param name="v">As k.</param>
    /// <param name="packed">[rows, packed width].</param>
    public static void Pack(
        Compute compute, in HeadLayout layout, ReadOnlySpan<int> positions, RotaryTable? table, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v, Span<float> packed)
    {
        const string Operation = "Heads.Pack";
        CheckOperands(Operation, layout, positions, table, q.Length, k.Length, v.Length, packed.Length);
        fixed (int* pp = positions)
        fixed (float* pq = q, pk = k, pv = v, py = packed, pc = table is null ? default : table.Cos, ps = table is null ? default : table.Sin)
        {
            PackKernel kernel = new() { Layout = layout, Positions = pp, Cos = pc, Sin = ps, Q = pq, K = pk, V = pv, Packed = py };
            KernelLoop.Run(compute, positions.Length, 2L * layout.PackedWidth, kernel);
        }
    }

    /// <summary>The gradient of <see cref="Pack"/>: q and k turned back, v copied.</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="layout">Heads.</param>
    /// <param name="positions">The absolute position of each row.</param>
    /// <param name="table">Cosines and sines; null where nothing is rotated.</param>
    /// <param name="packed">[rows, packed width].</param>
    /// <param name="q">Receives the gradient of q; interleaved, of all three.</param>
    /// <param name="k">Receives that of k.</param>
    /// <param name="v">Receives that of v.</param>
    public static void Unpack(
        Compute compute, in HeadLayout layout, ReadOnlySpan<int> positions, RotaryTable? table, ReadOnlySpan<float> packed, Span<float> q, Span<float> k, Span<float> v)
    {
        const string Operation = "Heads.Unpack";
        CheckOperands(Operation, layout, positions, table, q.Length, k.Length, v.Length, packed.Length);
        fixed (int* pp = positions)
        fixed (float* pq = q, pk = k, pv = v, py = packed, pc = table is null ? default : table.Cos, ps = table is null ? default : table.Sin)
        {
            PackKernel kernel = new() { Layout = layout, Positions = pp, Cos = pc, Sin = ps, Q = pq, K = pk, V = pv, Packed = py, IsInverse = true };
            KernelLoop.Run(compute, positions.Length, 2L * layout.PackedWidth, kernel);
        }
    }

    private static void CheckOperands(
        string operation, in HeadLayout layout, ReadOnlySpan<int> positions, RotaryTable? table, int q, int k, int v, int packed)
    {
        layout.Check(operation);
        long rows = positions.Length, keys = layout.IsInterleaved ? 0 : rows * layout.KeyHeads * layout.HeadSize;
        long queries = layout.IsInterleaved ? rows * layout.PackedWidth : rows * layout.QueryHeads * layout.HeadSize;
        Check.Length(operation, nameof(q), q, $"of {rows} rows", queries);
        Check.Length(operation, nameof(k), k, $"of {rows} rows", keys);
        Check.Length(operation, nameof(v), v, $"of {rows} rows", keys);
        Check.Length(operation, nameof(packed), packed, $"[{rows},{layout.PackedWidth}]", rows * layout.PackedWidth);
        if (layout.RotaryDimensions == 0)
        {
            return;
        }

        Check.That(table is not null && table.Pairs == layout.RotaryDimensions / 2, operation, $"{layout.RotaryDimensions} rotated elements need a table of half as many pairs");
        Check.That(
            !positions.ContainsAnyExceptInRange(0, table!.Positions - 1), operation, $"a position is not in the table's {table.Positions}");
    }

    private struct PackKernel : IKernel
    {
        public HeadLayout Layout;
        public int* Positions;
        public float* Cos, Sin, Q, K, V, Packed;
        public bool IsInverse;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            int size = Layout.HeadSize, stride = Layout.IsInterleaved ? 3 * size : size;
            int queries = Layout.QueryHeads * size, keys = Layout.KeyHeads * size, width = Layout.PackedWidth;
            for (int row = start; row < end; row++)
            {
                float* packed = Packed + ((long)row * width);
                float* q = Layout.IsInterleaved ? Q + ((long)row * width) : Q + ((long)row * queries);
                float* k = Layout.IsInterleaved ? q + size : K + ((long)row * keys);
                float* v = Layout.IsInterleaved ? q + (2 * size) : V + ((long)row * keys);
                int pairs = Layout.RotaryDimensions / 2;
                float* cos = Cos + ((long)Positions[row] * pairs), sin = Sin + ((long)Positions[row] * pairs);
                for (int h = 0; h < Layout.QueryHeads; h++)
                {
                    Turn<S, F, D>(q + ((long)h * stride), packed + ((long)h * size), pairs, cos, sin);
                }

                for (int h = 0; h < Layout.KeyHeads; h++)
                {
                    Turn<S, F, D>(k + ((long)h * stride), packed + queries + ((long)h * size), pairs, cos, sin);
                    Turn<S, F, D>(v + ((long)h * stride), packed + queries + keys + ((long)h * size), 0, cos, sin);
                }
            }
        }

        private readonly void Turn<S, F, D>(float* unpacked, float* packed, int pairs, float* cos, float* sin)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float* x = IsInverse ? packed : unpacked, y = IsInverse ? unpacked : packed;
            new ReadOnlySpan<float>(x + (2 * pairs), Layout.HeadSize - (2 * pairs)).CopyTo(new Span<float>(y + (2 * pairs), Layout.HeadSize - (2 * pairs)));
            float sign = IsInverse ? -0f : 0f;
            int i = 0;
            for (; i <= pairs - S.Lanes; i += S.Lanes)
            {
                Turn<S, F, D>(x + i, y + i, pairs, S.Load(cos + i), S.Xor(S.Load(sin + i), S.Create(sign)));
            }

            for (; i < pairs; i++)
            {
                Turn<SimdScalar, float, double>(x + i, y + i, pairs, cos[i], IsInverse ? -sin[i] : sin[i]);
            }
        }

        private static void Turn<S, F, D>(float* x, float* y, int pairs, F cos, F sin)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            F x0 = S.Load(x), x1 = S.Load(x + pairs);
            S.Store(y, S.Fma(x0, cos, S.Xor(S.Multiply(x1, sin), S.Create(-0f))));
            S.Store(y + pairs, S.Fma(x1, cos, S.Multiply(x0, sin)));
        }
    }
}
