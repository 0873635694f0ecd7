// Layers one after another, named by their position; and a plain list of modules.

using Idem.Tensors;

namespace Idem.Nn;

/// <summary>torch.nn.Sequential: each layer's output is the next one's input; children are named 0, 1, 2, ...</summary>
public sealed class Sequential : Layer
{
    private readonly Layer[] _layers;

    /// <summary>The layers in order.</summary>
    public Sequential(params Layer[] layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        _layers = layers;
        for (int i = 0; i < layers.Length; i++)
        {
            Add(i.ToString(System.Globalization.CultureInfo.InvariantCulture), layers[i]);
        }
    }

    /// <summary>A layer by position.</summary>
    public Layer this[int index] => _layers[index];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        foreach (Layer layer in _layers)
        {
            input = layer.Forward(input, context);
        }

        return input;
    }
}

/// <summary>torch.nn.ModuleList: modules named 0, 1, 2, ...</summary>
public sealed class ModuleList<T> : Module
    where T : Module
{
    private readonly List<T> _modules = [];

    /// <summary>Number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>A module by position.</summary>
    public T this[int index] => _modules[index];

    /// <summary>Appends a module.</summary>
    public void Append(T module)
    {
        Add(_modules.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), module);
        _modules.Add(module);
    }
}
