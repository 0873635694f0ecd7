// What an optimizer remembers about one parameter. A checkpoint that saves every Step and every state tensor, and writes them back
// into a new optimizer with the same arguments, continues with the same bits.

using Idem.Numerics;

namespace Idem.Optimizers;

/// <summary>The state of one parameter: how often it was updated, and the optimizer's buffers for it.</summary>
public sealed class ParameterState
{
    private long _step;

    internal ParameterState(IParameter parameter, IReadOnlyList<string> names)
    {
        Parameter = parameter;
        int length = parameter.Data.Length;
        Tensors = [.. names.Select(name => new StateTensor(parameter.Name, name, length))];
    }

    /// <summary>The parameter's name.</summary>
    public string Name => Parameter.Name;

    /// <summary>Updates so far. Steps that found no gradient do not count.</summary>
    public long Step
    {
        get => _step;
        set => _step = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "a step count is at least 0");
    }

    /// <summary>The buffers, in the optimizer's order; to load a state, write into them.</summary>
    public IReadOnlyList<StateTensor> Tensors { get; }

    internal IParameter Parameter { get; }

    internal Span<float> this[int index] => index < Tensors.Count ? Tensors[index].Data : default;
}

/// <summary>One buffer of an optimizer's state, e.g. <c>exp_avg</c> of <c>lm_head.weight</c>.</summary>
public sealed class StateTensor
{
    private readonly Memory<float> _data;

    internal StateTensor(string parameter, string name, int length)
    {
        Name = name;
        FullName = $"{parameter}.{name}";
        _data = AlignedArray.Zeros(length);
    }

    /// <summary>PyTorch's name of the buffer: <c>exp_avg</c>, <c>momentum_buffer</c>, ...</summary>
    public string Name { get; }

    /// <summary>The parameter's name, a dot, and <see cref="Name"/>.</summary>
    public string FullName { get; }

    /// <summary>The elements, in the parameter's order and shape.</summary>
    public Span<float> Data => _data.Span;

    /// <summary>The elements for files and digests, which read them later.</summary>
    public ReadOnlyMemory<float> Memory => _data;
}
