// A trainable tensor of a module; optimizers know it as IParameter.

using Idem.Optimizers;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>A leaf tensor that requires a gradient and belongs to a module, which names it by its path.</summary>
public sealed class Parameter : Tensor, IParameter
{
    /// <summary>A parameter filled with +0.</summary>
    public Parameter(Shape shape)
        : base(shape, StoragePool.Own(shape.Length), 0, requiresGrad: true, name: null)
    {
    }

    /// <inheritdoc/>
    string IParameter.Name => Name ?? "a parameter without a module";

    /// <inheritdoc/>
    Span<float> IParameter.Gradient => Grad is { } grad ? grad.Data : default;

    /// <inheritdoc/>
    void IParameter.ZeroGradient() => ZeroGrad();
}

/// <summary>A parameter under its full, dotted name.</summary>
/// <param name="Name">As PyTorch and Hugging Face call it: the key in a state dict.</param>
/// <param name="Parameter">The parameter.</param>
public readonly record struct NamedParameter(string Name, Parameter Parameter);
