// The pass that every optimizer shares: over a parameter, its gradient and up to three state buffers at once. What it deliberately
// is not: a place where values of two elements meet. So neither the range, the thread nor the vector width can reach a result; the
// tail of a range runs the same rule one element at a time.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>One element's update, written once for all widths. Coefficients are float32 fields of the implementing struct.</summary>
internal interface IUpdateRule
{
    /// <summary>State buffers in use, 0 to 3. A buffer beyond is neither read nor written.</summary>
    int States { get; }

    /// <summary>Updates the parameter and its state from the gradient, in place.</summary>
    void Update<S, F, D>(ref F parameter, F gradient, ref F state0, ref F state1, ref F state2)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

internal readonly unsafe struct UpdateKernel<TRule> : IKernel
    where TRule : unmanaged, IUpdateRule
{
    private readonly TRule _rule;
    private readonly float* _parameter;
    private readonly float* _gradient;
    private readonly float* _state0;
    private readonly float* _state1;
    private readonly float* _state2;
    private readonly float _scale;

    private UpdateKernel(TRule rule, float* parameter, float* gradient, float* state0, float* state1, float* state2, float scale)
    {
        _rule = rule;
        _parameter = parameter;
        _gradient = gradient;
        _state0 = state0;
        _state1 = state1;
        _state2 = state2;
        _scale = scale;
    }

    /// <summary>
    /// Applies the rule to every element, with the gradient times <paramref name="scale"/>: one rounded product, and the bits of
    /// scaling the gradients before (1 changes none). State spans that the rule does not use are empty.
    /// </summary>
    public static void Run(
        Compute compute, TRule rule, Span<float> parameter, ReadOnlySpan<float> gradient, Span<float> state0, Span<float> state1, Span<float> state2, float scale = 1)
    {
        fixed (float* p = parameter, g = gradient, s0 = state0, s1 = state1, s2 = state2)
        {
            KernelLoop.Run(compute, parameter.Length, 1, new UpdateKernel<TRule>(rule, p, g, s0, s1, s2, scale), alignment: 16);
        }
    }

    public void Run<S, F, D>(int start, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int vectorsEnd = start + ((end - start) / S.Lanes * S.Lanes);
        Range<S, F, D>(start, vectorsEnd);
        Range<SimdScalar, float, double>(vectorsEnd, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Range<S, F, D>(int start, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        TRule rule = _rule;
        int states = rule.States;
        for (int i = start; i < end; i += S.Lanes)
        {
            F parameter = S.Load(_parameter + i);
            F gradient = S.Multiply(S.Load(_gradient + i), S.Create(_scale));
            F state0 = states > 0 ? S.Load(_state0 + i) : S.Zero;
            F state1 = states > 1 ? S.Load(_state1 + i) : S.Zero;
            F state2 = states > 2 ? S.Load(_state2 + i) : S.Zero;
            rule.Update<S, F, D>(ref parameter, gradient, ref state0, ref state1, ref state2);
            S.Store(_parameter + i, parameter);
            if (states > 0)
            {
                S.Store(_state0 + i, state0);
            }

            if (states > 1)
            {
                S.Store(_state1 + i, state1);
            }

            if (states > 2)
            {
                S.Store(_state2 + i, state2);
            }
        }
    }
}
