// What every optimizer step has in common: the checks of its buffers, and the first lines of its arithmetic. Each optimizer has
// three files: X.cs (settings, coefficients in double, the public call), X.Reference.cs (DEFINES the bits) and X.Simd.cs.
// What may never change: a coefficient is computed in double and rounded to the parameter's type once.

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

/// <summary>One step of one parameter for each optimizer, in place (<c>arithmetic.md#optimizers</c>).</summary>
public static partial class OptimizerKernels
{
    private static void CheckStep(string operation, long step, int parameter, int gradient)
    {
        if (step < 1)
        {
            throw new ArgumentException($"{operation}: step {step} is below 1; the first step is 1");
        }

        if (gradient != parameter)
        {
            throw new ArgumentException($"{operation}: the parameter has {parameter} elements and its gradient {gradient}; they must be equal");
        }
    }

    private static void CheckState(string operation, string state, int parameter, int length, bool used)
    {
        if (length != (used ? parameter : 0))
        {
            string remedy = used ? "pass a buffer of the parameter's length" : "pass an empty span: these settings do not use it";
            throw new ArgumentException($"{operation}: the parameter has {parameter} elements and its state {state} {length}; {remedy}");
        }
    }
}

/// <summary>The scalar definitions, for float32 and float64 alike. Only tests call them.</summary>
internal static partial class OptimizerReference
{
    /// <summary>A coefficient, rounded to T once.</summary>
    private static T Round<T>(double coefficient)
        where T : IFloatingPointIeee754<T> => T.CreateChecked(coefficient);

    /// <summary>a*b+c with one rounding.</summary>
    private static T Fma<T>(T a, T b, T c)
        where T : IFloatingPointIeee754<T> =>
        typeof(T) == typeof(float)
            ? (T)(object)Numerics.Fma.Single((float)(object)a, (float)(object)b, (float)(object)c)
            : (T)(object)Numerics.Fma.Double((double)(object)a, (double)(object)b, (double)(object)c);

    /// <summary>The gradient that an optimizer works on: negated to maximise, plus decay times the parameter.</summary>
    private static T Gradient<T>(T gradient, T parameter, bool maximize, double weightDecay)
        where T : IFloatingPointIeee754<T>
    {
        T g = maximize ? -gradient : gradient;
        T decay = Round<T>(weightDecay);
        return T.IsZero(decay) ? g : Fma(decay, parameter, g);
    }

    /// <summary>The moving average keep*average + take*value: one rounded product, one fused multiply-add.</summary>
    private static T Average<T>(double keep, T average, double take, T value)
        where T : IFloatingPointIeee754<T> => Fma(Round<T>(take), value, Round<T>(keep) * average);

    /// <summary>The moving average of squares: two rounded products, one fused multiply-add.</summary>
    private static T AverageOfSquares<T>(double keep, T average, double take, T value)
        where T : IFloatingPointIeee754<T> => Fma(Round<T>(take) * value, value, Round<T>(keep) * average);
}

/// <summary>The same first lines on vectors.</summary>
internal static class UpdateMath
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Gradient<S, F, D>(F gradient, F parameter, bool maximize, float weightDecay)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = maximize ? S.Xor(gradient, S.Create(-0f)) : gradient;
        return weightDecay == 0 ? g : S.Fma(S.Create(weightDecay), parameter, g);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F Average<S, F, D>(float keep, F average, float take, F value)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Fma(S.Create(take), value, S.Multiply(S.Create(keep), average));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F AverageOfSquares<S, F, D>(float keep, F average, float take, F value)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => S.Fma(S.Multiply(S.Create(take), value), value, S.Multiply(S.Create(keep), average));
}
