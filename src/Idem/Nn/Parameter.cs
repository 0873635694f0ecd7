// A trainable tensor of a module; optimizers know it as IParameter.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Optimizers;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>A leaf tensor that requires a gradient and belongs to a module, which names it by its path.</summary>
public sealed class Parameter : Tensor, IParameter
{
    /// <summary>A parameter filled with +0; its memory is taken when its values are first touched.</summary>
    public Parameter(Shape shape)
        : base(shape, null, 0, requiresGrad: true, name: null)
    {
    }

    /// <inheritdoc/>
    string IParameter.Name => Name ?? "a parameter without a module";

    /// <inheritdoc/>
    Span<float> IParameter.Gradient => Grad is { } grad ? grad.Data : default;

    /// <summary>How products take it, if they do: what inference may hold packed.</summary>
    internal ParameterUse Use { get; init; }

    /// <inheritdoc/>
    void IParameter.ZeroGradient() => ZeroGrad();

    /// <summary>Takes the values of a source: as float32, or packed if it is a matrix that products take.</summary>
    internal void Load(IStateSource source, string name, PackedDtype? packed)
    {
        if (packed is not { } dtype || Use == ParameterUse.Elements)
        {
            source.CopyTo(name, 0, Data);
            RequireGrad(packed is null);
            return;
        }

        bool transposed = Use == ParameterUse.OutputsByInputs;
        (int k, int n) = transposed ? (Shape[1], Shape[0]) : (Shape[0], Shape[1]);
        HoldPacked(dtype == PackedDtype.Q8 && source.IsQ8(name)
            ? PackedWeights.PackStored(
                Compute.Current, transposed, k, n, (start, codes) => source.CopyCodes(name, start, codes), (start, scales) => source.CopyScales(name, transposed, start, scales))
            : PackedWeights.Pack(Compute.Current, dtype, transposed, k, n, (start, values) => source.CopyTo(name, start, values)));
    }

    private protected override Storage Absent() => Packed is null
        ? StoragePool.Own(Length)
        : throw new InvalidOperationException(
            $"{Describe()} is held as {Packed.Dtype} for inference, without float32 values to read, train or save: load the model without a dtype.");
}

/// <summary>How a parameter takes part in products.</summary>
internal enum ParameterUse
{
    /// <summary>It does not: norms and biases.</summary>
    Elements,

    /// <summary>As x W^T, stored [out, in]; or as a table whose rows are looked up, or both.</summary>
    OutputsByInputs,

    /// <summary>As x W, stored [in, out].</summary>
    InputsByOutputs,
}

/// <summary>A parameter under its full, dotted name.</summary>
/// <param name="Name">As PyTorch and Hugging Face call it: the key in a state dict.</param>
/// <param name="Parameter">The parameter.</param>
public readonly record struct NamedParameter(string Name, Parameter Parameter);
