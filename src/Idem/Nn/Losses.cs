// Losses under PyTorch's names. Means are lanes in double with one rounding (arithmetic.md#automatic-differentiation).

using Idem.Tensors;

namespace Idem.Nn;

/// <summary>How single losses become one.</summary>
public enum Reduction
{
    /// <summary>The mean: of all, or of the targets that are not ignored.</summary>
    Mean,

    /// <summary>The sum.</summary>
    Sum,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>torch.nn.MSELoss: (input - target)^2.</summary>
/// <param name="reduction">Mean by default.</param>
public sealed class MseLoss(Reduction reduction = Reduction.Mean)
{
    /// <summary>The loss of inputs against targets of the same shape.</summary>
    public Tensor Forward(Tensor input, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        if (input.Shape != target.Shape)
        {
            throw ShapeException.Two("MseLoss", input.Shape, target.Shape, "they must be equal: Reshape one (broadcasting a loss is seldom meant)");
        }

        Tensor squares = (input - target).Square();
        return reduction switch
        {
            Reduction.Mean => squares.Mean(),
            Reduction.Sum => squares.Sum(),
            _ => squares,
        };
    }
}

/// <summary>torch.nn.CrossEntropyLoss on class indices: -log softmax(logits)[target].</summary>
/// <param name="ignoreIndex">Rows with this target have no loss and no gradient.</param>
/// <param name="reduction">Mean over the rows that are not ignored, by default; NaN if there are none, as in PyTorch.</param>
public sealed class CrossEntropyLoss(int ignoreIndex = -100, Reduction reduction = Reduction.Mean)
{
    /// <summary>The loss of logits [..., classes] against one target a row.</summary>
    /// <remarks>
    /// For shards of a batch: take <see cref="Reduction.None"/> and call <c>Autograd.Backward(losses, seed, sink)</c> with the seed
    /// 1/(tokens of the whole batch); then the shards' gradients add up to the mean's.
    /// </remarks>
    public Tensor Forward(Tensor logits, ReadOnlySpan<int> targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return Reduce(Ops.CrossEntropy(logits, targets, ignoreIndex), targets);
    }

    /// <summary>The loss of a linear layer's output: of the logits x table^T, which are not kept where they are large.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="table">[classes, width].</param>
    /// <param name="targets">One class a row.</param>
    public Tensor Forward(Tensor x, Tensor table, ReadOnlySpan<int> targets)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(table);
        return Reduce(LinearCrossEntropy.Forward(x, table, targets, ignoreIndex), targets);
    }

    private Tensor Reduce(Tensor losses, ReadOnlySpan<int> targets) => reduction switch
    {
        Reduction.Mean => Ops.Mean(losses, targets.Length - targets.Count(ignoreIndex)),
        Reduction.Sum => losses.Sum(),
        _ => losses,
    };
}
