// Adagrad on vectors; equals Adagrad.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct AdagradRule(in AdagradSettings settings, long step) : IUpdateRule
{
    private readonly float _stepSize = (float)settings.StepSize(step);
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly bool _maximize = settings.Maximize;

    public int States => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F sum, ref F unused1, ref F unused2)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        sum = S.Fma(g, g, sum);
        F denominator = S.Add(S.Sqrt(sum), S.Create(_epsilon));
        parameter = S.Fma(S.Create(_stepSize), S.Divide(g, denominator), parameter);
    }
}
