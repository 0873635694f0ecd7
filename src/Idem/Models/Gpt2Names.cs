// The only place that knows which other names and tensors GPT-2 files in the wild have: the hub's gpt2 lacks the prefix
// "transformer." and stores attention masks; some files store the tied head. And what Transformers expects of a model without biases.

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
    public static IStateSource Canonical(IStateSource source, Gpt2Config config)
    {
        var renamed = new RenamedSource("Gpt2", source, Canonical);
        if (config.TieWordEmbeddings)
        {
            renamed.RemoveTied(Head, Table);
        }

        if (!config.Bias)
        {
            RemoveZeroBiases(renamed);
        }

        return renamed;
    }

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

    private static void RemoveZeroBiases(RenamedSource source)
    {
        foreach (string weight in source.Names.ToArray())
        {
            if (Biased().IsMatch(weight) && source.TryGetShape(BiasOf(weight), out _))
            {
                if (source.Read(BiasOf(weight)).AsSpan().ContainsAnyExcept(0f))
                {
                    throw new StateDictException($"Gpt2: bias is false, but '{BiasOf(weight)}' is stored and not zero; set bias to true in config.json.");
                }

                source.Remove(BiasOf(weight));
            }
        }
    }
}
