// Normalisation over the last dimension.

using Idem.Tensors;

namespace Idem.Nn;

/// <summary>torch.nn.LayerNorm over the last dimension: y = (x - mean) / sqrt(variance + eps) * w + b.</summary>
public sealed class LayerNorm : Layer
{
    private readonly float _eps;

    /// <summary>Weight 1 and bias 0.</summary>
    /// <param name="width">Size of the last dimension.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="bias">With a bias.</param>
    public LayerNorm(int width, double eps = 1e-5, bool bias = true)
    {
        _eps = (float)eps;
        Weight = Add("weight", new Parameter([width]));
        Weight.Data.Fill(1f);
        Bias = bias ? Add("bias", new Parameter([width])) : null;
    }

    /// <summary>[width].</summary>
    public Parameter Weight { get; }

    /// <summary>[width], or null.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null) => Ops.LayerNorm(input, Weight, Bias, _eps);

    /// <summary>The norm of input + residual, and that sum, in one pass: the bits of the two operations.</summary>
    internal Tensor Forward(Tensor input, Tensor residual, out Tensor sum) => Ops.AddLayerNorm(input, residual, Weight, Bias, _eps, out sum);

    /// <summary>Weight 1 and bias 0.</summary>
    protected override void InitializeOwn(ulong seed)
    {
        Weight.Data.Fill(1f);
        Bias?.Data.Clear();
    }
}

/// <summary>torch.nn.RMSNorm over the last dimension: y = x / sqrt(mean(x^2) + eps) * w.</summary>
public sealed class RmsNorm : Layer
{
    private readonly float _eps;

    /// <summary>Weight 1.</summary>
    /// <param name="width">Size of the last dimension.</param>
    /// <param name="eps">Added to the mean square.</param>
    public RmsNorm(int width, double eps = 1e-6)
    {
        _eps = (float)eps;
        Weight = Add("weight", new Parameter([width]));
        Weight.Data.Fill(1f);
    }

    /// <summary>[width].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null) => Ops.RmsNorm(input, Weight, _eps);

    /// <summary>Weight 1.</summary>
    protected override void InitializeOwn(ulong seed) => Weight.Data.Fill(1f);
}
