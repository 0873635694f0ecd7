// One query head's backward pass: the memory it works in and its steps, each of which threads may share by tiles of queries or by
// ranges of keys, if all of one step is done before the next begins.

using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Row 0 of a query head's operands and results.</summary>
internal unsafe struct BackwardOperands
{
    public int Sequence, Head;

    /// <summary>Whether this is the first of the query heads that share its key head.</summary>
    public bool IsFirst;
    public float* Q, K, V, Max, Sum, Dy, Dq, Dk, Dv;
}

/// <summary>The backward pass of one query head, a block of queries at a time.</summary>
internal unsafe struct BackwardHead
{
    /// <summary>Keys whose bounds are worked out at once.</summary>
    private const int KeysAtOnce = 64;

    /// <summary>Packed rows of the key head.</summary>
    private readonly float* _keys, _values;

    /// <summary>For each key the chains of dv and dk side by side, and their trees' levels.</summary>
    private readonly float* _keySums, _keySumLevels;
    private readonly PresentLeaves* _keyTrees;
    private readonly long _levelStride;

    /// <summary>The block's rows of q and dy, packed.</summary>
    private readonly float* _queries, _gradients;

    /// <summary>The block's probabilities, score gradients and dropout mask: a key a row, from the block's first key.</summary>
    private readonly float* _p, _ds;
    private readonly AttentionMask _mask;

    /// <summary>What tiles work in, one piece each.</summary>
    private readonly float* _tiles;
    private readonly long _tileFloats;
    private readonly int _width, _blockSize;

    /// <summary>Whether all queries lie in one leaf: then no tree is needed.</summary>
    private readonly bool _hasOneLeaf;
    private int _position, _low, _high;

    /// <summary>Lays out memory for a head, and for <paramref name="tiles"/> tiles at a time; with null only counts it.</summary>
    public BackwardHead(in AttentionShape shape, int width, int blockSize, int tiles, float* memory)
    {
        int headSize = shape.HeadSize, keyCount = shape.KeyCount, lastPosition = shape.QueryOffset + Math.Max(0, shape.QueryCount - 1);
        _width = width;
        _blockSize = blockSize;
        _hasOneLeaf = shape.QueryOffset / ChainTree.Leaf == lastPosition / ChainTree.Leaf;
        long rows = (long)keyCount * headSize, square = Scratch.Round((long)width * headSize);
        long block = (shape.Window == 0 ? keyCount : Math.Min(keyCount, (long)shape.Window + blockSize)) * blockSize;
        _levelStride = 2 * rows;
        int keyLevels = ChainTree.LevelCount(ChainTree.LeafCount(keyCount)), queryLevels = _hasOneLeaf ? 0 : ChainTree.LevelCount((lastPosition / ChainTree.Leaf) + 1);
        bool hasDropout = shape.Dropout.IsActive;
        _tileFloats = ((2 + keyLevels) * square) + (Lanes.Count * width) + (hasDropout ? Scratch.Round(keyCount) : 0);

        AttentionMemory at = new(memory);
        _keys = at.Take(rows);
        _values = at.Take(rows);
        _keySums = at.Take(2 * rows);
        _keySumLevels = at.Take(queryLevels * _levelStride);
        _keyTrees = (PresentLeaves*)at.Take(2L * keyCount * sizeof(PresentLeaves) / sizeof(float));
        _queries = at.Take((long)blockSize * headSize);
        _gradients = at.Take((long)blockSize * headSize);
        _p = at.Take(block);
        _ds = at.Take(block);
        _mask = new AttentionMask(at.Take(hasDropout ? block : 0), blockSize, shape.Dropout.KeptScale);
        _tiles = at.Take(tiles * _tileFloats);
        Floats = at.Take(0) - memory;
    }

    /// <summary>The memory laid out, in float32.</summary>
    public long Floats { get; }

    public BackwardOperands Operands { get; set; }

    /// <summary>The keys that some query of the block sees.</summary>
    public int KeyFirst { get; private set; }

    public int KeyEnd { get; private set; }

    /// <summary>Goes to the block of positions <paramref name="block"/>*blockSize and on.</summary>
    public void Place(in AttentionShape shape, int block)
    {
        _position = block * _blockSize;
        _low = Math.Max(0, shape.QueryOffset - _position);
        _high = Math.Min(_blockSize, shape.QueryOffset + shape.QueryCount - _position);
        KeyFirst = shape.FirstKey(_position + _low - shape.QueryOffset);
        KeyEnd = shape.EndKey(_position + _high - 1 - shape.QueryOffset);
    }

    /// <summary>Packs the rows of keys, if this is the first head that uses them, and sets their chains to nothing.</summary>
    public readonly void Begin<S, F, D>(in AttentionShape shape, int first, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int size = shape.HeadSize, count = end - first;
        long at = (long)first * size;
        if (Operands.IsFirst)
        {
            AttentionRows.Pack<S, F, D>(Operands.K + ((long)first * shape.KeyRowStride), shape.KeyRowStride, count, size, _keys + at);
            AttentionRows.Pack<S, F, D>(Operands.V + ((long)first * shape.ValueRowStride), shape.ValueRowStride, count, size, _values + at);
        }

        if (_hasOneLeaf)
        {
            new Span<float>(_keySums + (2 * at), 2 * count * size).Clear();
        }
        else
        {
            new Span<PresentLeaves>(_keyTrees + (2L * first), 2 * count).Clear();
        }
    }

    /// <summary>Probabilities, score gradients and dq of the queries of a tile of the block.</summary>
    public readonly void RunTile<S, F, D>(in AttentionShape shape, int index, int memory)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (index * _width >= _high || (index + 1) * _width <= _low)
        {
            return; // no query
        }

        int width = 2 * S.Lanes, size = shape.HeadSize, lane = index * width, row = _position + lane - shape.QueryOffset;
        int* bounds = stackalloc int[3 * width];
        PresentLeaves* trees = stackalloc PresentLeaves[width];
        AttentionTile tile = new(bounds, width);
        tile.Place(shape, width, ((_position + lane) / width) - (shape.QueryOffset / width));
        AttentionMemory at = new(_tiles + (memory * _tileFloats));
        float* queryLanes = at.Take((long)width * size), gradientLanes = at.Take((long)width * size), lanes = at.Take(Lanes.Count * width);
        byte* bytes = (byte*)at.Take(shape.Dropout.IsActive ? shape.KeyCount : 0);
        float* levels = at.Take(0);

        float* queries = _queries + (lane * size), gradients = _gradients + (lane * size);
        int low = tile.Low * size, count = tile.High - tile.Low;
        AttentionRows.Pack<S, F, D>(Operands.Q + ((long)(row + tile.Low) * shape.QueryRowStride), shape.QueryRowStride, count, size, queries + low);
        AttentionRows.Pack<S, F, D>(Operands.Dy + ((long)(row + tile.Low) * shape.OutputRowStride), shape.OutputRowStride, count, size, gradients + low);
        AttentionRows.ToLanes<S, F, D>(tile, queries, size, size, queryLanes);
        AttentionRows.ToLanes<S, F, D>(tile, gradients, size, size, gradientLanes);

        // s = (q.k)*scale; y = sum of p*v: dp = dy.v
        long first = (long)tile.KeyFirst * size, offset = ((long)(tile.KeyFirst - KeyFirst) * _blockSize) + lane;
        float* p = _p + offset, ds = _ds + offset;
        AttentionMask mask = _mask.From(offset);
        AttentionProducts.OfTile<S, F, D>(tile, _keys + first, queryLanes, size, shape.Scale, p, _blockSize);
        AttentionProducts.OfTile<S, F, D>(tile, _values + first, gradientLanes, size, 1f, ds, _blockSize);
        if (shape.Dropout.IsActive)
        {
            mask.Fill(shape, tile, Operands.Sequence, Operands.Head, bytes);
        }

        for (int vector = 0; vector < width; vector += S.Lanes)
        {
            ToGradients<S, F, D>(shape, tile, vector, p, ds, mask, lanes);
        }

        // s = q.k: dq = sum over keys of ds*k
        AttentionSums.OverKeys<S, F, D>(
            tile, ds, _blockSize, _keys, 0, size, Operands.Dq + ((long)row * shape.QueryRowStride), shape.QueryRowStride, levels, trees);
    }

    /// <summary>p = exp(s-max)/sum; ds = (p*(dp-delta))*scale, for a vector of queries.</summary>
    private readonly void ToGradients<S, F, D>(in AttentionShape shape, in AttentionTile tile, int at, float* p, float* ds, in AttentionMask mask, float* lanes)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        AttentionSpan keys = tile.Span(at, S.Lanes);
        int count = keys.End - keys.First, row = tile.Position - shape.QueryOffset;
        if (count == 0)
        {
            return; // no lane holds a query
        }

        float* statistics = stackalloc float[2 * S.Lanes];
        for (int i = 0; i < S.Lanes; i++)
        {
            int query = row + Math.Clamp(at + i, tile.Low, tile.High - 1);
            statistics[i] = Operands.Max[query];
            statistics[S.Lanes + i] = Operands.Sum[query];
        }

        long offset = ((long)(keys.First - tile.KeyFirst) * _blockSize) + at;
        AttentionSoftmax.Probabilities<S, F, D>(count, p + offset, _blockSize, S.Load(statistics), S.Load(statistics + S.Lanes));
        if (shape.Dropout.IsActive)
        {
            AttentionSoftmax.Drop<S, F, D>(count, mask.From(offset), ds + offset, _blockSize);
        }

        AttentionSoftmax.Gradient<S, F, D>(tile, keys, at, p + offset, ds + offset, _blockSize, lanes, shape.Scale);
    }

    /// <summary>Adds the block's terms to the chains of the keys first to end, all of which some query of the block sees.</summary>
    public readonly void AddQueries<S, F, D>(in AttentionShape shape, int first, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int size = shape.HeadSize;
        int* lows = stackalloc int[2 * KeysAtOnce];
        int* highs = lows + KeysAtOnce;
        for (; first < end; first += KeysAtOnce)
        {
            int count = Math.Min(KeysAtOnce, end - first);
            for (int i = 0; i < count; i++)
            {
                long ahead = (long)first + i - _position;
                lows[i] = shape.Causal ? (int)Math.Max(_low, ahead) : _low;
                highs[i] = shape.Window == 0 ? _high : (int)Math.Min(_high, ahead + shape.Window);
            }

            BeginLeaves<S, F, D>(shape, first, count, lows, highs);

            // y = sum over keys of p*v: dv gathers p*dy. s = q.k: dk gathers ds*q.
            long offset = (long)(first - KeyFirst) * _blockSize;
            float* sums = _keySums + (2L * first * size);
            if (shape.Dropout.IsActive)
            {
                for (int i = 0; i < count; i++)
                {
                    long at = offset + ((long)i * _blockSize) + lows[i];
                    AttentionSums.AddKept<S, F, D>(_p + at, 1, _mask.Keep + at, 1, _mask.Scale, _gradients + (lows[i] * size), highs[i] - lows[i], sums + (2L * i * size), size);
                }
            }
            else
            {
                new AttentionChains(_p + offset, _blockSize, 1, _gradients, size).Add<S, F, D, ChainsGoOn>(lows, highs, count, 0, _blockSize, sums, 2 * size, size);
            }

            new AttentionChains(_ds + offset, _blockSize, 1, _queries, size).Add<S, F, D, ChainsGoOn>(lows, highs, count, 0, _blockSize, sums + size, 2 * size, size);
        }
    }

    /// <summary>The block lies in one leaf; chains that have not met it yet begin it at +0 (of dv, those that a kept probability meets).</summary>
    private readonly void BeginLeaves<S, F, D>(in AttentionShape shape, int first, int count, int* lows, int* highs)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        if (_hasOneLeaf)
        {
            return;
        }

        int leaf = _position / ChainTree.Leaf, size = shape.HeadSize;
        for (int i = 0; i < count; i++)
        {
            long key = first + i;
            bool hasValueTerms = !shape.Dropout.IsActive
                || AttentionSums.HasKept(_mask.Keep + ((key - KeyFirst) * _blockSize) + lows[i], 1, highs[i] - lows[i]);
            for (int half = hasValueTerms ? 0 : 1; half < 2; half++)
            {
                long offset = ((2 * key) + half) * size;
                if (_keyTrees[(2 * key) + half].Begin<S, F, D>(leaf, _keySums + offset, _keySumLevels + offset, _levelStride, size))
                {
                    AttentionSums.Clear<S, F, D>(_keySums + offset, size);
                }
            }
        }
    }

    /// <summary>Joins the leaves of the keys first to end, and adds their sums to those of the heads before; a key that no query sees has +0.</summary>
    public readonly void Finish<S, F, D>(in AttentionShape shape, int first, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int size = shape.HeadSize;
        for (long key = first; key < end; key++)
        {
            for (int half = 0; half < 2; half++)
            {
                long offset = ((2 * key) + half) * size;
                float* sum = _keySums + offset;
                if (!_hasOneLeaf)
                {
                    ref PresentLeaves tree = ref _keyTrees[(2 * key) + half];
                    if (tree.IsEmpty)
                    {
                        AttentionSums.Clear<S, F, D>(sum, size);
                    }

                    tree.Finish<S, F, D>(sum, _keySumLevels + offset, _levelStride, size);
                }

                float* target = half == 0 ? Operands.Dv + (key * shape.ValueRowStride) : Operands.Dk + (key * shape.KeyRowStride);
                if (Operands.IsFirst)
                {
                    AttentionRows.Copy<S, F, D>(sum, size, target);
                }
                else
                {
                    AttentionRows.Add<S, F, D>(sum, size, target); // query heads that share a key are added in ascending order
                }
            }
        }
    }
}
