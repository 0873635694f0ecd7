// Elementwise layers without parameters, under PyTorch's names.

using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>max(x, +0).</summary>
public sealed class ReLU : Layer
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return input.Relu();
    }
}

/// <summary>GELU, with the error function or in its tanh form.</summary>
/// <param name="approximate">"none" for the error function, "tanh" for the tanh form.</param>
public sealed class GELU(string approximate = "none") : Layer
{
    private readonly bool _tanh = approximate switch
    {
        "none" => false,
        "tanh" => true,
        _ => throw new ArgumentException($"GELU: approximate is 'none' or 'tanh', not '{approximate}'.", nameof(approximate)),
    };

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return input.Gelu(_tanh);
    }
}

/// <summary>x * sigmoid(x).</summary>
public sealed class SiLU : Layer
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return input.Silu();
    }
}

/// <summary>The hyperbolic tangent.</summary>
public sealed class Tanh : Layer
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return input.Tanh();
    }
}

/// <summary>1 / (1 + e^-x).</summary>
public sealed class Sigmoid : Layer
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return input.Sigmoid();
    }
}

/// <summary>The activation inside a model, by whatever name its type gives it.</summary>
internal sealed class Activation(UnaryOp function) : Layer
{
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        return Ops.Unary(function, input);
    }
}
