// Automatic differentiation as callers see it. The order of every sum: arithmetic.md#automatic-differentiation.

namespace Idem.Tensors;

/// <summary>Switches recording off and runs <c>Backward</c>.</summary>
public static class Autograd
{
    /// <summary>True if operations on this thread are recorded.</summary>
    public static bool IsRecording => Tape.Current.IsRecording;

    /// <summary>Until disposed, operations on this thread are not recorded: <c>using (Autograd.NoGrad()) { ... }</c>.</summary>
    public static NoGradScope NoGrad()
    {
        Tape tape = Tape.Current;
        tape.EnterNoGrad();
        return new NoGradScope(tape);
    }

    /// <summary>Runs without recording.</summary>
    public static void NoGrad(Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        using (NoGrad())
        {
            body();
        }
    }

    /// <summary>Runs without recording and returns what <paramref name="body"/> returns.</summary>
    public static T NoGrad<T>(Func<T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        using (NoGrad())
        {
            return body();
        }
    }

    /// <summary>Gradients of a scalar, added to the leaves' <see cref="Tensor.Grad"/>.</summary>
    /// <exception cref="InvalidOperationException">Not a scalar, no gradient is required, or it was done before.</exception>
    public static void Backward(Tensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (loss.Length != 1)
        {
            throw new InvalidOperationException(
                $"Backward: {loss.Describe()} is not a scalar; reduce it with Sum() or Mean(), or pass a seed for its elements.");
        }

        Tape.Current.Backpropagation.Run(loss, 1f, null);
    }

    /// <summary>
    /// Gradients of sum_i <paramref name="seed"/> * loss_i, added to the leaves' <see cref="Tensor.Grad"/>, or written to
    /// <paramref name="sink"/> if there is one. Several threads may do this at once for graphs of their own over the same parameters,
    /// each with its own sink.
    /// </summary>
    /// <param name="loss">Any shape.</param>
    /// <param name="seed">The gradient of each element of <paramref name="loss"/>.</param>
    /// <param name="sink">Receives this call's sums: overwritten, +0 for what the loss does not depend on.</param>
    /// <exception cref="InvalidOperationException">No gradient is required, it was done before, or a leaf is not in the sink.</exception>
    public static void Backward(Tensor loss, float seed, GradientBuffers? sink = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        Tape.Current.Backpropagation.Run(loss, seed, sink);
    }
}

/// <summary>While it lives, its thread records nothing.</summary>
public readonly ref struct NoGradScope
{
    private readonly Tape _tape;

    internal NoGradScope(Tape tape) => _tape = tape;

    /// <summary>Records again, unless an outer scope forbids it.</summary>
    public void Dispose() => _tape.ExitNoGrad();
}
