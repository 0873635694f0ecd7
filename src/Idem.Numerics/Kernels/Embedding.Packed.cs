// Lookup in a table that is packed as the right operand of products: an output head that shares its table with the embedding needs
// no second copy. A row is one column of a panel.

namespace Idem.Numerics.Kernels;

public static unsafe partial class Embedding
{
    /// <summary>y[t] = column ids[t] of the packed table, as float32: the row of the [vocabulary, width] table that was packed transposed.</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="ids">Columns.</param>
    /// <param name="table">The table; its N is the vocabulary, its K the width.</param>
    /// <param name="y">[ids, width].</param>
    public static void Forward(Compute compute, ReadOnlySpan<int> ids, PackedWeights table, Span<float> y)
    {
        const string Operation = "Embedding.Forward";
        ArgumentNullException.ThrowIfNull(table);
        CheckShapes(Operation, ids, table.N, table.K);
        Check.Length(Operation, nameof(y), y.Length, $"[{ids.Length},{table.K}]", (long)ids.Length * table.K);
        fixed (int* pi = ids)
        fixed (float* py = y)
        {
            PackedKernel kernel = new()
            {
                Ids = pi,
                Width = table.K,
                IsQ8 = table.Dtype == PackedDtype.Q8,
                IsCoded = table.IsCoded,
                IsBFloat16 = table.IsBFloat16,
                Table = table.Memory,
                PanelBytes = table.PanelBytes,
                Y = py,
            };
            KernelLoop.Run(compute, ids.Length, table.K, kernel);
        }

        GC.KeepAlive(table);
    }

    private struct PackedKernel : IKernel
    {
        public int* Ids;
        public int Width;
        public bool IsQ8, IsCoded, IsBFloat16;
        public byte* Table;
        public long PanelBytes;
        public float* Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int t = start; t < end; t++)
            {
                float* row = Y + ((long)t * Width);
                for (int i = 0; i < Width; i++)
                {
                    row[i] = IsQ8 ? PackedWeights.Q8Value(Table, PanelBytes, i, Ids[t]) : PackedWeights.Value(Table, PanelBytes, IsCoded, IsBFloat16, i, Ids[t]);
                }
            }
        }
    }
}
