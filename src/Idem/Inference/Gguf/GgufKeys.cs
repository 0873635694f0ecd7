// The metadata of a model's architecture. What is asked for is known; any other key of the architecture is refused by name, for it
// could say that the model is another one than is built here.

using Idem.Formats;

namespace Idem.Inference;

/// <summary>The keys under the name of an architecture.</summary>
internal sealed class GgufKeys(GgufFile file, string architecture)
{
    public const string Remedy = "Use the model's safetensors folder, or another conversion of it";

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public string Architecture => architecture;

    public GgufException Bad(string key, string what) => new(file.Path, Full(key), what, Remedy);

    /// <summary>A number from 1 on that must be there.</summary>
    public int Count(string key) => CountOrNull(key) ?? throw Bad(key, "is missing");

    /// <summary>A number from 1 on; of a list for each layer, the one that all have.</summary>
    public int? CountOrNull(string key)
    {
        if (file.Metadata.TypeOf(Know(key)) == GgufValueType.Array)
        {
            long[] each = file.Metadata.Integers(Full(key))!;
            return each.Length > 0 && each.AsSpan().IndexOfAnyExcept(each[0]) < 0 ? InRange(key, each[0]) : throw Bad(key, "differs between layers, which is not supported");
        }

        return file.Metadata.Integer(Full(key)) is { } value ? InRange(key, value) : null;
    }

    public float? Number(string key) => file.Metadata.Number(Know(key));

    public bool? Flag(string key) => file.Metadata.Flag(Know(key));

    public string? Text(string key) => file.Metadata.Text(Know(key));

    /// <summary>Keys that reach no logit.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            Know(key);
        }
    }

    /// <summary>Throws unless a key is absent or has this value.</summary>
    public void Expect<T>(string key, T? value, T expected)
        where T : struct, IEquatable<T>
    {
        if (value is { } given && !given.Equals(expected))
        {
            throw Bad(key, $"is {given}; {architecture} models are supported with {expected}");
        }
    }

    /// <summary>Throws on the first key of the architecture that was not asked for, unless it says 0 or false.</summary>
    public void CheckAll()
    {
        foreach (string key in file.Metadata.Keys.Where(key => key.StartsWith(architecture + ".", StringComparison.Ordinal) && !_known.Contains(key)))
        {
            bool says = file.Metadata.TypeOf(key) switch
            {
                GgufValueType.Bool => file.Metadata.Flag(key)!.Value,
                GgufValueType.Float32 => file.Metadata.Number(key) != 0,
                GgufValueType.Text or GgufValueType.Array or GgufValueType.Float64 => true,
                _ => file.Metadata.Integer(key) != 0,
            };
            if (says)
            {
                throw new GgufException(file.Path, key, "is not a key that this implementation knows how to honour", Remedy);
            }
        }
    }

    private string Know(string key)
    {
        _known.Add(Full(key));
        return Full(key);
    }

    private string Full(string key) => $"{architecture}.{key}";

    private int InRange(string key, long value) => value is > 0 and <= int.MaxValue ? (int)value : throw Bad(key, $"is {value}");
}
