// Dropout: elements dropped at random and the others scaled by 1/(1-p). Which elements: a function of an address
// (ForwardContext), recomputed in backward; or PyTorch's stream, for those who bring a PyTorch seed.

using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>torch.nn.Dropout. The identity in evaluation and for p = 0.</summary>
public sealed class Dropout : Layer
{
    private readonly TorchRandom? _random;
    private readonly SiteStream _stream = new();

    /// <param name="p">Probability to drop an element, at least 0 and below 1.</param>
    /// <param name="random">If given, masks are drawn from it as PyTorch draws them; else the context's address decides.</param>
    public Dropout(double p = 0.5, TorchRandom? random = null)
    {
        if (!(p >= 0 && p < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "The probability to drop must be at least 0 and below 1.");
        }

        Probability = p;
        _random = random;
    }

    /// <summary>Probability to drop an element.</summary>
    public double Probability { get; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">In training, without a context and without a PyTorch stream.</exception>
    public override Tensor Forward(Tensor input, ForwardContext? context = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!Training || Probability == 0)
        {
            return input;
        }

        using ModuleScope scope = Enter();
        if (_random is not null)
        {
            Tensor mask = Tensor.Zeros(input.Shape);
            _random.DropoutMask(mask.Data, Probability);
            return input * mask; // as PyTorch: a product, also where the mask is 0
        }

        ForwardContext address = ForwardContext.Require(context, this);
        return Ops.Dropout(input, address.SiteOf(this, _stream, Probability), address.Sequences);
    }
}
