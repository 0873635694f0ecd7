// What an optimizer needs of a parameter: a name, its elements, and where its gradient is. So it serves tensors with their own
// gradients and trainers that keep gradients in buffers of their own.

namespace Idem.Optimizers;

/// <summary>A trainable array of float32 and its gradient.</summary>
public interface IParameter
{
    /// <summary>The name, unique within an optimizer; state and messages carry it.</summary>
    string Name { get; }

    /// <summary>The elements, row-major; updated in place.</summary>
    Span<float> Data { get; }

    /// <summary>The gradient in the same order, or an empty span while there is none: then a step leaves the parameter alone.</summary>
    Span<float> Gradient { get; }

    /// <summary>Makes the next backward pass start from no gradient.</summary>
    void ZeroGradient();
}

/// <summary>A parameter over plain memory; its gradient buffer always counts as present.</summary>
/// <param name="name">The name.</param>
/// <param name="data">The elements.</param>
/// <param name="gradient">The gradient's elements.</param>
public sealed class MemoryParameter(string name, Memory<float> data, Memory<float> gradient) : IParameter
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public Span<float> Data => data.Span;

    /// <inheritdoc/>
    public Span<float> Gradient => gradient.Span;

    /// <inheritdoc/>
    public void ZeroGradient() => gradient.Span.Clear();
}
