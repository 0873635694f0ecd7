// Gradient clipping over all parameters: the order of the tensors' sums is the ordinal order of names, whatever the order given.

using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Optimizers;

/// <summary>Clips gradients as torch.nn.utils.clip_grad_norm_ and clip_grad_value_: <c>arithmetic.md#gradient-clipping</c>.</summary>
public sealed class GradientClipper
{
    private readonly IParameter[] _parameters;
    private readonly double[] _sums;
    private readonly Compute _compute;
    private readonly int[] _longestFirst;
    private readonly Action<int> _sumOf;
    private int _lengthForOne;

    /// <param name="parameters">The parameters; their order does not matter.</param>
    /// <param name="compute">Where to run; <see cref="Compute.Current"/> if null.</param>
    public GradientClipper(IEnumerable<IParameter> parameters, Compute? compute = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _parameters = [.. parameters.OrderBy(parameter => parameter.Name, StringComparer.Ordinal)];
        _sums = new double[_parameters.Length];
        _compute = compute ?? Compute.Current;
        _longestFirst = [.. Enumerable.Range(0, _parameters.Length).OrderByDescending(i => _parameters[i].Data.Length)];
        _sumOf = index =>
        {
            if (_parameters[_longestFirst[index]].Gradient is { Length: > 0 } gradient && gradient.Length <= _lengthForOne)
            {
                _sums[_longestFirst[index]] = Reduce.SumOfSquares(_compute, gradient);
            }
        };
    }

    /// <summary>The L2 norm of all gradients together. Parameters without a gradient take no part.</summary>
    /// <exception cref="NonFiniteGradientException">A gradient has an infinite or NaN element.</exception>
    public double Norm()
    {
        long all = 0;
        foreach (IParameter parameter in _parameters)
        {
            all += parameter.Gradient.Length;
        }

        // A tensor goes to one thread, as two threads with half of the lanes each read all of its memory; a very long one has both.
        _lengthForOne = (int)Math.Min(all / _compute.Threads, int.MaxValue);
        for (int i = 0; i < _parameters.Length; i++)
        {
            Span<float> gradient = _parameters[i].Gradient;
            _sums[i] = gradient.Length > _lengthForOne ? Reduce.SumOfSquares(_compute, gradient) : 0;
        }

        _compute.For(_parameters.Length, _sumOf);
        int count = 0;
        for (int i = 0; i < _parameters.Length; i++)
        {
            if (!double.IsFinite(_sums[i]))
            {
                throw new NonFiniteGradientException(_parameters[i].Name);
            }

            if (!_parameters[i].Gradient.IsEmpty)
            {
                _sums[count++] = _sums[i];
            }
        }

        return GradientClip.TotalNorm(_sums.AsSpan(0, count));
    }

    /// <summary>Scales all gradients so that their norm is at most <paramref name="maxNorm"/>; returns the norm before.</summary>
    /// <exception cref="NonFiniteGradientException">A gradient has an infinite or NaN element; nothing was changed.</exception>
    public double ClipNorm(double maxNorm)
    {
        Argument.AtLeastZero(nameof(maxNorm), maxNorm);
        double norm = Norm();
        double coefficient = GradientClip.Coefficient(norm, maxNorm);
        foreach (IParameter parameter in _parameters)
        {
            GradientClip.Scale(_compute, parameter.Gradient, coefficient);
        }

        return norm;
    }

    /// <summary>Limits every element of every gradient to [-limit, limit].</summary>
    public void ClipValue(double limit)
    {
        Argument.AtLeastZero(nameof(limit), limit);
        foreach (IParameter parameter in _parameters)
        {
            GradientClip.Clamp(_compute, parameter.Gradient, limit);
        }
    }
}

/// <summary>A gradient has an infinite or NaN element: the step must not be taken.</summary>
/// <param name="parameterName">Whose gradient.</param>
public sealed class NonFiniteGradientException(string parameterName)
    : ArithmeticException($"the gradient of '{parameterName}' is not finite; lower the learning rate, lengthen the warm-up, or look at the batch")
{
    /// <summary>Whose gradient.</summary>
    public string ParameterName { get; } = parameterName;
}
