// Rows of a table by index.

using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>torch.nn.Embedding: y[i] = table[ids[i]].</summary>
public sealed class Embedding : Module
{
    private readonly double _std;

    /// <summary>A table of +0 until it is drawn or loaded.</summary>
    /// <param name="count">Rows of the table.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="random">If given, weights are drawn from it at once, as PyTorch's constructor does.</param>
    /// <param name="std">Standard deviation of what <see cref="Module.Initialize"/> draws.</param>
    public Embedding(int count, int width, TorchRandom? random = null, double std = 1)
    {
        _std = std;
        Weight = Add("weight", new Parameter([count, width]) { Use = ParameterUse.OutputsByInputs });
        if (random is not null)
        {
            TorchInit.Embedding(random, Weight.Data, width);
        }
    }

    /// <summary>[count, width].</summary>
    public Parameter Weight { get; }

    /// <summary>The rows of the ids: [ids, width].</summary>
    /// <exception cref="ArgumentException">An id is not a row of the table.</exception>
    public Tensor Forward(ReadOnlySpan<int> ids)
    {
        using ModuleScope scope = Enter();
        return Ops.Embedding(Weight, ids);
    }

    /// <summary>N(0, std); by default N(0, 1), as PyTorch.</summary>
    protected override void InitializeOwn(ulong seed) => ParameterInit.Normal(seed, Weight.Name!, Weight.Data, _std);
}
