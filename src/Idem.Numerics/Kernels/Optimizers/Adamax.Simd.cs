// Adamax on vectors; equals Adamax.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct AdamaxRule(in AdamaxSettings settings, long step) : IUpdateRule
{
    private readonly float _beta1 = (float)settings.Beta1;
    private readonly float _take1 = (float)(1 - settings.Beta1);
    private readonly float _beta2 = (float)settings.Beta2;
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly float _stepSize = (float)settings.StepSize(step);
    private readonly bool _maximize = settings.Maximize;

    public int States => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F m, ref F n, ref F unused)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        F magnitude = S.AndNot(g, S.Create(-0f));
        m = UpdateMath.Average<S, F, D>(_beta1, m, _take1, g);
        n = S.Max(S.Multiply(S.Create(_beta2), n), S.Add(magnitude, S.Create(_epsilon)));
        parameter = S.Fma(S.Create(_stepSize), S.Divide(m, n), parameter);
    }
}
