// A file's tensors under the names that Transformers gives them today. Each model says how its older names read.

using System.Runtime.InteropServices;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Models;

/// <summary>A source whose tensors have other names, or are left out.</summary>
internal sealed class RenamedSource : IStateSource
{
    private readonly string _model;
    private readonly IStateSource _source;
    private readonly SortedDictionary<string, string> _stored = new(StringComparer.Ordinal); // today's name -> the file's

    /// <param name="model">What messages call the model.</param>
    /// <param name="source">The file.</param>
    /// <param name="rename">Today's name of a stored one; null for what is no parameter.</param>
    public RenamedSource(string model, IStateSource source, Func<string, string?> rename)
    {
        _model = model;
        _source = source;
        foreach (string stored in source.Names)
        {
            if (rename(stored) is { } name && !_stored.TryAdd(name, stored))
            {
                throw new StateDictException($"{model}: '{_stored[name]}' and '{stored}' both stand for '{name}'; the file must hold one of them.");
            }
        }
    }

    public IEnumerable<string> Names => _stored.Keys;

    public bool TryGetShape(string name, out Shape shape)
    {
        shape = default;
        return _stored.TryGetValue(name, out string? stored) && _source.TryGetShape(stored, out shape);
    }

    public void CopyTo(string name, int start, Span<float> destination) => _source.CopyTo(_stored[name], start, destination);

    public bool IsQ8(string name) => _source.IsQ8(_stored[name]);

    public void CopyCodes(string name, int start, Span<sbyte> destination) => _source.CopyCodes(_stored[name], start, destination);

    public void CopyScales(string name, bool alongRows, int start, Span<ushort> destination) => _source.CopyScales(_stored[name], alongRows, start, destination);

    /// <summary>The values of a tensor.</summary>
    public float[] Read(string name)
    {
        float[] values = TryGetShape(name, out Shape shape) ? new float[shape.Length] : [];
        CopyTo(name, 0, values);
        return values;
    }

    /// <summary>Leaves a tensor out.</summary>
    public void Remove(string name) => _stored.Remove(name);

    /// <summary>Leaves a tensor out that must be the copy of another, if it is stored.</summary>
    /// <exception cref="StateDictException">It is stored and differs.</exception>
    public void RemoveTied(string name, string other)
    {
        if (!_stored.ContainsKey(name))
        {
            return;
        }

        bool equal = _stored.ContainsKey(other)
            && MemoryMarshal.AsBytes(Read(name).AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(Read(other).AsSpan()));
        if (!equal)
        {
            throw new StateDictException(
                $"{_model}: '{name}' is stored and differs from '{other}', of which it must be a copy; if it has a life of its own, set tie_word_embeddings to false in config.json.");
        }

        _stored.Remove(name);
    }
}
