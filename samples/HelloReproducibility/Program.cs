// The classic first example: a seed, a small network, a hundred steps. Run it anywhere, with any number of threads: the last line
// is the same.

using Idem.Audit;
using Idem.Formats;
using Idem.Nn;
using Idem.Numerics.Random;
using Idem.Optimizers;
using Idem.Tensors;

namespace HelloReproducibility;

/// <summary>Trains Linear(10, 10), ReLU, Linear(10, 1) to answer 1 to whatever PyTorch's generator draws.</summary>
public static class Program
{
    /// <summary>Prints the losses, an answer and the digest of the final weights.</summary>
    public static void Main() => Run(Console.Out);

    /// <summary>The whole program; returns the trained model.</summary>
    public static Sequential Run(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var random = new TorchRandom(0); // torch.manual_seed(0)
        var model = new Sequential(
            new Linear(10, 10, random: random),
            new ReLU(),
            new Linear(10, 1, random: random));
        var optimizer = new Sgd(model.Parameters(), lr: 0.01);
        var lossFunction = new MseLoss();
        Tensor target = Tensor.From(1f);
        Tensor x = Tensor.Zeros([10]);

        for (int step = 0; step < 100; step++)
        {
            random.RandN(x.Data);
            optimizer.ZeroGrad();
            Tensor loss = lossFunction.Forward(model.Forward(x), target);
            loss.Backward();
            optimizer.Step();
            output.WriteLine(FormattableString.Invariant($"step {step,3}  loss {loss.Item():R}"));
        }

        random.RandN(x.Data);
        using (Autograd.NoGrad())
        {
            output.WriteLine(FormattableString.Invariant($"answer {model.Forward(x).Item():R}"));
        }

        output.WriteLine($"weights {TensorDigest.ComputeAll(model.StateDict().ToNamedTensors(), threads: 1).Root}");
        return model;
    }
}
