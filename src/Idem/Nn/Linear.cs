// y = x W^T + b.

using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>torch.nn.Linear: y = x W^T + b for inputs of any shape [..., in].</summary>
public sealed class Linear : Layer
{
    private readonly double? _std;

    /// <summary>A layer whose weights are +0 until they are drawn (<see cref="Module.Initialize"/>) or loaded.</summary>
    /// <param name="inFeatures">Size of the input's last dimension.</param>
    /// <param name="outFeatures">Size of the output's last dimension.</param>
    /// <param name="bias">With a bias.</param>
    /// <param name="random">If given, weights are drawn from it at once, as PyTorch's constructor does.</param>
    /// <param name="std">If given, <see cref="Module.Initialize"/> draws weights from N(0, std) and makes the bias +0, as language models do.</param>
    public Linear(int inFeatures, int outFeatures, bool bias = true, TorchRandom? random = null, double? std = null)
    {
        _std = std;
        Weight = Add("weight", new Parameter([outFeatures, inFeatures]) { Use = ParameterUse.OutputsByInputs });
        Bias = bias ? Add("bias", new Parameter([outFeatures])) : null;
        if (random is not null)
        {
            TorchInit.Linear(random, Weight.Data, Bias is null ? default : Bias.Data, inFeatures, outFeatures);
        }
    }

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; }

    /// <summary>[out], or null.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return Ops.MatMul(input, Weight, transposeB: true, bias: Bias);
    }

    /// <summary>Weight and bias from U(-1/sqrt(in), 1/sqrt(in)), PyTorch's default distribution; or as the constructor was told.</summary>
    protected override void InitializeOwn(ulong seed)
    {
        if (_std is { } std)
        {
            ParameterInit.Normal(seed, Weight.Name!, Weight.Data, std);
            Bias?.Data.Clear();
            return;
        }

        ParameterInit.FanInUniform(seed, Weight.Name!, Weight.Data, Weight.Shape[1]);
        if (Bias is not null)
        {
            ParameterInit.FanInUniform(seed, Bias.Name!, Bias.Data, Weight.Shape[1]);
        }
    }
}
