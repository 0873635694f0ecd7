// Joins the gradients of a step's shards by the binary tree over the shard index (docs/arithmetic.md#shards). Shards may be
// computed by any worker at any time; they are handed in ascending order, and only the tree decides the sums. At most
// log2(shards) + 1 partial sums are held, and buffers are reused from step to step.

using Idem.Numerics;
using Idem.Tensors;

namespace Idem.Training;

/// <summary>The online form of the tree: a binary counter whose digits are partial sums.</summary>
/// <param name="parameters">Whose gradients.</param>
/// <param name="isInOrder">Not the tree but left to right: what another system may do, for re-executions that explain a difference.</param>
internal sealed class GradientTree(IReadOnlyList<Tensor> parameters, bool isInOrder = false)
{
    private readonly Stack<GradientBuffers> _free = new();
    private readonly List<(int Level, GradientBuffers Sum)> _partial = [];

    /// <summary>Buffers to compute a shard's gradient in; hand them to <see cref="Add"/>.</summary>
    public GradientBuffers Rent() => _free.Count > 0 ? _free.Pop() : new GradientBuffers(parameters);

    /// <summary>Takes buffers back.</summary>
    public void Return(GradientBuffers buffers) => _free.Push(buffers);

    /// <summary>Adds the next shard, in ascending shard order.</summary>
    public void Add(Compute compute, GradientBuffers shard)
    {
        int level = 0;
        while (_partial.Count > 0 && (isInOrder || _partial[^1].Level == level))
        {
            shard = Join(compute, _partial[^1].Sum, shard);
            _partial.RemoveAt(_partial.Count - 1);
            level++;
        }

        _partial.Add((level, shard));
    }

    /// <summary>The root of the tree; the counter starts again. Hand the buffers to <see cref="Return"/> after use.</summary>
    public GradientBuffers Finish(Compute compute)
    {
        GradientBuffers sum = _partial[^1].Sum;
        for (int i = _partial.Count - 2; i >= 0; i--)
        {
            sum = Join(compute, _partial[i].Sum, sum);
        }

        _partial.Clear();
        return sum;
    }

    // left = left + right
    private GradientBuffers Join(Compute compute, GradientBuffers left, GradientBuffers right)
    {
        left.Add(compute, right);
        Return(right);
        return left;
    }
}
