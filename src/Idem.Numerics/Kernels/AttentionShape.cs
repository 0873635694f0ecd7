namespace Idem.Numerics.Kernels;

/// <summary>
/// The shape of an attention: which keys each query sees, and where the rows lie. Row t of head h of sequence b of an operand
/// begins at <c>b*batchStride + t*rowStride + h*HeadSize</c>, so that q, k and v may be slices of one [B*T, 3C] buffer.
/// </summary>
public readonly record struct AttentionShape
{
    /// <summary>Sequences.</summary>
    public required int Batch { get; init; }

    /// <summary>Heads of q and y.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Heads of k and v; each serves QueryHeads/KeyHeads neighbouring query heads.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Query rows a sequence.</summary>
    public required int QueryCount { get; init; }

    /// <summary>Key and value rows a sequence; row j is absolute position j.</summary>
    public required int KeyCount { get; init; }

    /// <summary>Elements of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Factor of the scores, usually 1/sqrt(HeadSize).</summary>
    public required float Scale { get; init; }

    /// <summary>Absolute position of query row 0: the number of cached keys before it.</summary>
    public int QueryOffset { get; init; }

    /// <summary>A query sees no key beyond its own position.</summary>
    public bool Causal { get; init; }

    /// <summary>A causal query at position t sees keys t-Window+1 to t only; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>Dropout of the probabilities; by default none.</summary>
    public DropoutSite Dropout { get; init; }

    /// <summary>Distance between rows of q.</summary>
    public required int QueryRowStride { get; init; }

    /// <summary>Distance between sequences of q.</summary>
    public required int QueryBatchStride { get; init; }

    /// <summary>Distance between rows of k.</summary>
    public required int KeyRowStride { get; init; }

    /// <summary>Distance between sequences of k.</summary>
    public required int KeyBatchStride { get; init; }

    /// <summary>Distance between rows of v.</summary>
    public required int ValueRowStride { get; init; }

    /// <summary>Distance between sequences of v.</summary>
    public required int ValueBatchStride { get; init; }

    /// <summary>Distance between rows of y.</summary>
    public required int OutputRowStride { get; init; }

    /// <summary>Distance between sequences of y.</summary>
    public required int OutputBatchStride { get; init; }

    /// <summary>Query heads that share a key head.</summary>
    internal int Group => QueryHeads / KeyHeads;

    /// <summary>
    /// The shape of training and prefill: q, k, v are slices of one [B*T, (QueryHeads+2*KeyHeads)*HeadSize] buffer, y is
    /// [B*T, QueryHeads*HeadSize], causal.
    /// </summary>
    public static AttentionShape CausalPacked(int batch, int queryHeads, int keyHeads, int length, int headSize, float scale)
    {
        int packed = (queryHeads + (2 * keyHeads)) * headSize;
        return new AttentionShape
        {
            Batch = batch,
            QueryHeads = queryHeads,
            KeyHeads = keyHeads,
            QueryCount = length,
            KeyCount = length,
            HeadSize = headSize,
            Scale = scale,
            Causal = true,
            QueryRowStride = packed,
            QueryBatchStride = packed * length,
            KeyRowStride = packed,
            KeyBatchStride = packed * length,
            ValueRowStride = packed,
            ValueBatchStride = packed * length,
            OutputRowStride = queryHeads * headSize,
            OutputBatchStride = queryHeads * headSize * length,
        };
    }

    /// <summary>The first key that the query at this row sees.</summary>
    internal int FirstKey(int query) => Window == 0 ? 0 : Math.Max(0, QueryOffset + query - Window + 1);

    /// <summary>One past the last key that the query at this row sees.</summary>
    internal int EndKey(int query) => Causal ? Math.Min(KeyCount, QueryOffset + query + 1) : KeyCount;

    /// <summary>Throws unless the dimensions make sense together.</summary>
    internal void Check(string operation)
    {
        Kernels.Check.Dimension(operation, nameof(Batch), Batch);
        Kernels.Check.Dimension(operation, nameof(KeyHeads), KeyHeads, 1);
        Kernels.Check.Dimension(operation, nameof(QueryHeads), QueryHeads, 1);
        Kernels.Check.Dimension(operation, nameof(QueryCount), QueryCount);
        Kernels.Check.Dimension(operation, nameof(KeyCount), KeyCount, 1);
        Kernels.Check.Dimension(operation, nameof(HeadSize), HeadSize, 1);
        Kernels.Check.Dimension(operation, nameof(QueryOffset), QueryOffset);
        Kernels.Check.Dimension(operation, nameof(Window), Window);
        Kernels.Check.That(QueryHeads % KeyHeads == 0, operation, $"{QueryHeads} query heads cannot share {KeyHeads} key heads evenly");
        Kernels.Check.That(
            HeadSize <= Attention.HeadSizeMax,
            operation,
            $"a head has {HeadSize} elements, but at most {Attention.HeadSizeMax} are supported");
        Kernels.Check.That(Window == 0 || Causal, operation, $"a window of {Window} keys needs a causal attention");
        Kernels.Check.That(
            !Causal || QueryOffset + (long)QueryCount <= KeyCount,
            operation,
            $"{QueryCount} causal queries at position {QueryOffset} need {QueryOffset + (long)QueryCount} keys, but there are {KeyCount}");
    }

    /// <summary>Throws unless an operand reaches as far as its strides.</summary>
    internal static void CheckOperand(string operation, string name, int length, int batch, int heads, int rows, int headSize, int batchStride, int rowStride)
    {
        LazyText shape = $"[{batch},{rows},{heads},{headSize}] with strides {batchStride} and {rowStride}";
        long needed = batch == 0 || rows == 0 ? 0 : ((batch - 1L) * batchStride) + ((rows - 1L) * rowStride) + ((long)heads * headSize);
        Kernels.Check.That(rowStride >= (long)heads * headSize, operation, $"rows of {name} overlap: {shape}");
        Kernels.Check.AtLeast(operation, name, length, shape, needed);
    }
}
