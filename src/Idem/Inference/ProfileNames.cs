// The names of what decides a model's bits beside its files: how weights and how keys and values are held. Options, JSON and receipts say them.

using Idem.Nn;
using Idem.Numerics.Kernels;

namespace Idem.Inference;

/// <summary>Names of weight profiles and of caches' types.</summary>
public static class ProfileNames
{
    /// <summary>Of <see cref="PackedDtype"/>, in its order.</summary>
    public static IReadOnlyList<string> Weights { get; } = ["f32", "bf16", "q8"];

    /// <summary>Of <see cref="CacheDtype"/>, in its order.</summary>
    public static IReadOnlyList<string> Caches { get; } = ["f32", "bf16"];

    /// <summary>The name of a weight profile.</summary>
    public static string Of(PackedDtype dtype) => Weights[(int)dtype];

    /// <summary>The name of a cache's type.</summary>
    public static string Of(CacheDtype dtype) => Caches[(int)dtype];

    /// <summary>The weight profile of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static PackedDtype ParseWeights(string name) => (PackedDtype)IndexOf(Weights, name);

    /// <summary>The cache's type of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static CacheDtype ParseCache(string name) => (CacheDtype)IndexOf(Caches, name);

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        int index = names.ToList().IndexOf(name);
        return index >= 0 ? index : throw new ArgumentException($"'{name}' is none of {string.Join(", ", names)}");
    }
}
