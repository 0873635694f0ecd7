// The gated feed-forward part of Llama and its descendants (Shazeer 2020, "GLU variants").

using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>down_proj(act(gate_proj(x)) * up_proj(x)).</summary>
internal sealed class GatedMlp : Layer
{
    private readonly Linear _gate; // [inner, C]
    private readonly Linear _up; // [inner, C]
    private readonly Linear _down; // [C, inner]
    private readonly Activation _activation;

    public GatedMlp(int width, int inner, UnaryOp activation, bool bias, double std)
    {
        _gate = Add("gate_proj", new Linear(width, inner, bias, std: std));
        _up = Add("up_proj", new Linear(width, inner, bias, std: std));
        _down = Add("down_proj", new Linear(inner, width, bias, std: std));
        _activation = Add("act_fn", new Activation(activation));
    }

    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        using ModuleScope scope = Enter();
        Tensor gate = _activation.Forward(_gate.Forward(input));
        return _down.Forward(Ops.Binary(Op.Multiply, gate, _up.Forward(input)));
    }
}
