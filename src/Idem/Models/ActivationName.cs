// Hugging Face's names of activations.

using Idem.Numerics.Kernels;

namespace Idem.Models;

internal static class ActivationName
{
    /// <summary>The function of a name.</summary>
    /// <exception cref="ModelConfigException">It is not known; the message names the field.</exception>
    public static UnaryOp Parse(string field, string name) => name switch
    {
        "silu" or "swish" => UnaryOp.Silu,
        "gelu" => UnaryOp.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => UnaryOp.GeluTanh,
        "relu" => UnaryOp.Relu,
        "tanh" => UnaryOp.Tanh,
        _ => throw new ModelConfigException(
            $"config.json: {field} is '{name}'; known are silu, swish, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu, tanh."),
    };
}
