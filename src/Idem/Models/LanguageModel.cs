// What every model offers to those that look inside: logits and hidden states of a sequence of token ids.

using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Models;

/// <summary>What all configurations say. Properties of the records map config.json; these are the common ground.</summary>
public interface IModelConfig
{
    /// <summary>Hugging Face's <c>model_type</c>.</summary>
    string ModelType { get; }

    /// <summary>Token ids, V.</summary>
    int VocabSize { get; }

    /// <summary>The longest sequence, in tokens.</summary>
    int ContextLength { get; }

    /// <summary>Width of the hidden states, C.</summary>
    int Width { get; }

    /// <summary>Blocks.</summary>
    int Layers { get; }

    /// <summary>The ids that end a text; may be empty.</summary>
    IReadOnlyList<int> EosTokenIds { get; }

    /// <summary>The bytes of config.json.</summary>
    byte[] ToJson();

    /// <summary>Elements that the weights have at least: the large matrices.</summary>
    internal UInt128 ElementsMin { get; }

    /// <summary>Elements of tables and of as many layers; nothing overflows.</summary>
    internal static UInt128 Elements(int tableRows, int width, int layers, UInt128 perLayer) =>
        ((UInt128)tableRows * (UInt128)width) + ((UInt128)layers * perLayer);
}

/// <summary>A transformer over token ids.</summary>
public abstract class LanguageModel : Module
{
    /// <summary>The configuration.</summary>
    public abstract IModelConfig Config { get; }

    /// <summary>Logits of each position of one sequence, [T, V].</summary>
    public abstract Tensor Logits(ReadOnlySpan<int> ids);

    /// <summary>What the last layer leaves of each position of one sequence, after the final norm: [T, C].</summary>
    public abstract Tensor HiddenStates(ReadOnlySpan<int> ids);

    /// <inheritdoc/>
    /// <remarks>Also reads the older names and the superfluous tensors that files of this kind of model have; what is a copy must be equal.</remarks>
    public sealed override void LoadStateDict(IStateSource source, PackedDtype? packed = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        base.LoadStateDict(Renamed(source), packed);
    }

    /// <summary>A file's tensors under the names of the parameters; those that are no parameters are checked and left out.</summary>
    /// <exception cref="StateDictException">Two tensors stand for one, or what must be a copy differs.</exception>
    internal virtual IStateSource Renamed(IStateSource source) => source;
}
