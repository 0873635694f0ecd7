// Where a model's values come from: a file, another model, a test. Implemented beside each kind of file.

namespace Idem.Tensors;

/// <summary>Named tensors that can be copied out.</summary>
public interface IStateSource
{
    /// <summary>All names, in any order.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>The shape of a tensor; false if there is none of that name.</summary>
    bool TryGetShape(string name, out Shape shape);

    /// <summary>Copies elements of a tensor, row-major from <paramref name="start"/> on, converted to float32 exactly; several threads may call it at once.</summary>
    void CopyTo(string name, int start, Span<float> destination);

    /// <summary>Whether a tensor is stored as blocks of the q8 profile, which <see cref="CopyTo"/> makes numbers of.</summary>
    bool IsQ8(string name) => false;

    /// <summary>Copies codes of such a tensor, row-major from <paramref name="start"/> on.</summary>
    void CopyCodes(string name, int start, Span<sbyte> destination) => throw new NotSupportedException();

    /// <summary>Copies encodings of its binary16 scales: [rows, blocks of a row], or [blocks of a column, columns].</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="alongRows">Which of the two is wanted.</param>
    /// <param name="start">Index of the first scale.</param>
    /// <param name="destination">To be filled.</param>
    /// <exception cref="InvalidOperationException">The blocks lie the other way.</exception>
    void CopyScales(string name, bool alongRows, int start, Span<ushort> destination) => throw new NotSupportedException();
}

/// <summary>Values held as tensors.</summary>
/// <param name="tensors">The tensors, names unique.</param>
public sealed class TensorStateSource(IEnumerable<KeyValuePair<string, Tensor>> tensors) : IStateSource
{
    private readonly Dictionary<string, Tensor> _tensors = new(tensors, StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <inheritdoc/>
    public bool TryGetShape(string name, out Shape shape)
    {
        bool found = _tensors.TryGetValue(name, out Tensor? tensor);
        shape = found ? tensor!.Shape : default;
        return found;
    }

    /// <inheritdoc/>
    public void CopyTo(string name, int start, Span<float> destination) => _tensors[name].Data.Slice(start, destination.Length).CopyTo(destination);
}
