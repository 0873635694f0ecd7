// The classic first example: a seed, a small network, a hundred steps. Run it anywhere, with any number of threads: the last line
// is the same. PyTorch's losses differ in their last digits, since it rounds each product of so small layers before it adds it; with
// --unfused this program does likewise, and prints the losses of PyTorch to the bit. That is an explanation, not an arithmetic of Idem: it has no promise.

using Idem.Audit;
using Idem.Formats;
using Idem.Nn;
using Idem.Numerics;
using Idem.Numerics.Random;
using Idem.Optimizers;
using Idem.Tensors;

namespace HelloReproducibility;

/// <summary>Trains Linear(10, 10), ReLU, Linear(10, 1) to answer 1 to whatever PyTorch's generator draws.</summary>
public static class Program
{
    /// <summary>Prints the losses, an answer and the digest of the final weights.</summary>
    public static void Main(string[] args) => Run(Console.Out, isUnfused: args is ["--unfused"]);

    /// <summary>The whole program; returns the trained model.</summary>
    public static Sequential Run(TextWriter output, bool isUnfused = false)
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
        Compute idem = Compute.Current, products = isUnfused ? Compute.Deviating(new Deviation { Unfused = true }, idem.Threads) : idem;

        for (int step = 0; step < 100; step++)
        {
            random.RandN(x.Data);
            optimizer.ZeroGrad();
            Compute.Current = products;
            Tensor loss = lossFunction.Forward(model.Forward(x), target);
            loss.Backward();
            Compute.Current = idem;
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
