// RAdam on vectors; equals RAdam.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct RAdamRule(in RAdamSettings settings, long step) : IUpdateRule
{
    private readonly float _beta1 = (float)settings.Beta1;
    private readonly float _take1 = (float)(1 - settings.Beta1);
    private readonly float _beta2 = (float)settings.Beta2;
    private readonly float _take2 = (float)(1 - settings.Beta2);
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly float _stepSize = (float)settings.StepSize(step);
    private readonly bool _rectified = settings.IsRectified(step);
    private readonly bool _maximize = settings.Maximize;

    public int States => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F m, ref F v, ref F unused)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        m = UpdateMath.Average<S, F, D>(_beta1, m, _take1, g);
        v = UpdateMath.AverageOfSquares<S, F, D>(_beta2, v, _take2, g);
        F direction = _rectified ? S.Divide(m, S.Add(S.Sqrt(v), S.Create(_epsilon))) : m;
        parameter = S.Fma(S.Create(_stepSize), direction, parameter);
    }
}
