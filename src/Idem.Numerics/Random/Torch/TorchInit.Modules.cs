// What the constructors of torch.nn's modules draw, parameter by parameter in PyTorch's order.

namespace Idem.Numerics.Random;

public static partial class TorchInit
{
    /// <summary>nn.Linear(in, out): weight (out, in) by kaiming_uniform_(a=sqrt(5)), bias U(-1/sqrt(in), 1/sqrt(in)).</summary>
    /// <param name="random">The generator.</param>
    /// <param name="weight">out * in elements.</param>
    /// <param name="bias">out elements, or empty for bias=False.</param>
    /// <param name="inFeatures">in.</param>
    /// <param name="outFeatures">out.</param>
    public static void Linear(TorchRandom random, Span<float> weight, Span<float> bias, int inFeatures, int outFeatures) =>
        Convolution(random, weight, bias, [outFeatures, inFeatures]);

    /// <summary>nn.Conv1d/2d/3d: weight (out, in/groups, kernel...) and bias as nn.Linear's, with the fan of the kernel.</summary>
    public static void Convolution(TorchRandom random, Span<float> weight, Span<float> bias, ReadOnlySpan<int> weightShape)
    {
        KaimingUniform(random, weight, weightShape, Math.Sqrt(5.0));
        long fanIn = Fans(weightShape).In;
        double bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
        random.Uniform(bias, -bound, bound);
    }

    /// <summary>nn.Embedding(num, dim, padding_idx): N(0, 1), then the padding row set to zero.</summary>
    public static void Embedding(TorchRandom random, Span<float> weight, int dim, int? paddingIndex = null)
    {
        random.Normal(weight);
        if (paddingIndex is int row)
        {
            weight.Slice(row * dim, dim).Clear();
        }
    }

    /// <summary>nn.LayerNorm, nn.GroupNorm, nn.BatchNorm: weight 1, bias 0, no draw.</summary>
    public static void Norm(Span<float> weight, Span<float> bias)
    {
        weight.Fill(1);
        bias.Clear();
    }

    /// <summary>
    /// One parameter of nn.LSTM, nn.GRU or nn.RNN: U(-1/sqrt(hidden), 1/sqrt(hidden)). Call in the order of registration:
    /// weight_ih, weight_hh, bias_ih, bias_hh of each layer (and direction).
    /// </summary>
    public static void Recurrent(TorchRandom random, Span<float> parameter, int hidden)
    {
        double bound = hidden > 0 ? 1.0 / Math.Sqrt(hidden) : 0;
        random.Uniform(parameter, -bound, bound);
    }

    /// <summary>
    /// nn.MultiheadAttention(dim, heads): out_proj first, as an nn.Linear whose bias is drawn and then set to zero; then
    /// in_proj_weight (3*dim, dim) by xavier_uniform_; in_proj_bias zero.
    /// </summary>
    public static void MultiheadAttention(
        TorchRandom random,
        Span<float> inProjWeight,
        Span<float> inProjBias,
        Span<float> outProjWeight,
        Span<float> outProjBias,
        int dim)
    {
        Linear(random, outProjWeight, outProjBias, dim, dim);
        XavierUniform(random, inProjWeight, [3 * dim, dim]);
        inProjBias.Clear();
        outProjBias.Clear();
    }
}
