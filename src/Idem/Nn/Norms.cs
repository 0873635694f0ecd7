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
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return Ops.LayerNorm(input, Weight, Bias, _eps);
    }

    /// <summary>The norm of input + residual, and that sum, in one pass: the bits of the two operations.</summary>
    internal Tensor Forward(Tensor input, Tensor residual, out Tensor sum)
    {
        using ModuleScope scope = Enter();
        return Ops.AddLayerNorm(input, residual, Weight, Bias, _eps, out sum);
    }

    /// <summary>Weight 1 and bias 0.</summary>
    protected override void InitializeOwn(ulong seed)
    {
        Weight.Data.Fill(1f);
        Bias?.Data.Clear();
    }
}

/// <summary>torch.nn.RMSNorm over the last dimension: y = x / sqrt(mean(x^2) + eps) * w; or, Gemma's form, times 1 + w.</summary>
public sealed class RmsNorm : Layer
{
    private readonly float _eps;
    private readonly bool _addsOne;

    /// <summary>Weight 1; 0 where one is added to it.</summary>
    /// <param name="width">Size of the last dimension.</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <param name="addsOne">Multiply by 1 + weight.</param>
    public RmsNorm(int width, double eps = 1e-6, bool addsOne = false)
    {
        _eps = (float)eps;
        _addsOne = addsOne;
        Weight = Add("weight", new Parameter([width]));
        FillWeight();
    }

    /// <summary>[width].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return Ops.RmsNorm(input, Factor(), _eps);
    }

    /// <summary>The norm of input + residual, and that sum, in one pass: the bits of the two operations.</summary>
    internal Tensor Forward(Tensor input, Tensor residual, out Tensor sum)
    {
        using ModuleScope scope = Enter();
        return Ops.AddRmsNorm(input, residual, Factor(), _eps, out sum);
    }

    /// <summary>The identity at first: weight 1, or 0 where one is added.</summary>
    protected override void InitializeOwn(ulong seed) => FillWeight();

    private Tensor Factor() => _addsOne ? Ops.AddScalar(Weight, 1f) : Weight;

    private void FillWeight() => Weight.Data.Fill(_addsOne ? 0f : 1f);
}
