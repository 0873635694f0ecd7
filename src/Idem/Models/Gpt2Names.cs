// The only place that knows which other names and tensors GPT-2 files in the wild have: the hub's gpt2 lacks the prefix
// "transformer." and stores attention masks; some files store the tied head. And what Transformers expects of a model without biases.

using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Models;

internal static partial class Gpt2Names
{
    private const string Prefix = "transformer.";
    private const string Head = "lm_head.weight";
    private const string Table = "transformer.wte.weight";

    /// <summary>The name Transformers gives a tensor today; null for mask buffers, which are no parameters.</summary>
    public static string? Canonical(string name)
    {
        if (MaskBuffer().IsMatch(name))
        {
            return null;
        }

        return name == Head || name.StartsWith(Prefix, StringComparison.Ordinal) ? name : Prefix + name;
    }

    /// <summary>The source under today's names, with what the model does not hold checked and left out.</summary>
    public static IStateSource Canonical(IStateSource source, Gpt2Config config) => new CanonicalSource(source, config);

    /// <summary>A state dict with the biases that a model without biases lacks, as zeros, where Transformers has them.</summary>
    public static IReadOnlyList<KeyValuePair<string, Tensor>> Complete(IReadOnlyList<KeyValuePair<string, Tensor>> state, Gpt2Config config)
    {
        if (config.Bias)
        {
            return state;
        }

        var complete = new List<KeyValuePair<string, Tensor>>();
        foreach ((string name, Tensor tensor) in state)
        {
            complete.Add(new(name, tensor));
            if (Biased().IsMatch(name))
            {
                complete.Add(new(BiasOf(name), Tensor.Zeros([tensor.Shape[-1]])));
            }
        }

        return complete;
    }

    private static string BiasOf(string weight) => weight[..^"weight".Length] + "bias";

    [GeneratedRegex(@"^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$")]
    private static partial Regex MaskBuffer();

    [GeneratedRegex(@"\.(ln_1|ln_2|ln_f|c_attn|c_proj|c_fc)\.weight$")]
    private static partial Regex Biased();

    private sealed class CanonicalSource : IStateSource
    {
        private readonly IStateSource _source;
        private readonly SortedDictionary<string, string> _stored = new(StringComparer.Ordinal); // today's name -> the file's

        public CanonicalSource(IStateSource source, Gpt2Config config)
        {
            _source = source;
            foreach (string stored in source.Names)
            {
                if (Canonical(stored) is { } name && !_stored.TryAdd(name, stored))
                {
                    throw new StateDictException($"Gpt2: '{_stored[name]}' and '{stored}' both stand for '{name}'; the file must hold one of them.");
                }
            }

            if (config.TieWordEmbeddings && _stored.ContainsKey(Head))
            {
                RequireEqualBits(Head, Table);
                _stored.Remove(Head);
            }

            if (!config.Bias)
            {
                RemoveZeroBiases();
            }
        }

        public IEnumerable<string> Names => _stored.Keys;

        public bool TryGetShape(string name, out Shape shape)
        {
            shape = default;
            return _stored.TryGetValue(name, out string? stored) && _source.TryGetShape(stored, out shape);
        }

        public void CopyTo(string name, Span<float> destination) => _source.CopyTo(_stored[name], destination);

        private float[] Read(string name)
        {
            float[] values = TryGetShape(name, out Shape shape) ? new float[shape.Length] : [];
            CopyTo(name, values);
            return values;
        }

        private void RequireEqualBits(string name, string other)
        {
            bool equal = _stored.ContainsKey(other)
                && MemoryMarshal.AsBytes(Read(name).AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(Read(other).AsSpan()));
            if (!equal)
            {
                throw new StateDictException($"Gpt2: tie_word_embeddings is true, but '{name}' is stored and differs from '{other}'; set it to false to use both.");
            }
        }

        private void RemoveZeroBiases()
        {
            foreach (string weight in _stored.Keys.ToArray())
            {
                if (Biased().IsMatch(weight) && _stored.ContainsKey(BiasOf(weight)))
                {
                    if (Read(BiasOf(weight)).AsSpan().ContainsAnyExcept(0f))
                    {
                        throw new StateDictException($"Gpt2: bias is false, but '{BiasOf(weight)}' is stored and not zero; set bias to true in config.json.");
                    }

                    _stored.Remove(BiasOf(weight));
                }
            }
        }
    }
}
