// Adam and AdamW on vectors; equals Adam.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct AdamRule(in AdamSettings settings, long step) : IUpdateRule
{
    private readonly float _beta1 = (float)settings.Beta1;
    private readonly float _take1 = (float)(1 - settings.Beta1);
    private readonly float _beta2 = (float)settings.Beta2;
    private readonly float _take2 = (float)(1 - settings.Beta2);
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _gradientDecay = (float)settings.GradientDecay;
    private readonly float _parameterDecay = (float)settings.ParameterDecay;
    private readonly float _stepSize = (float)settings.StepSize(step);
    private readonly float _correctionRoot = (float)settings.CorrectionRoot(step);
    private readonly bool _amsGrad = settings.AmsGrad;
    private readonly bool _maximize = settings.Maximize;

    public int States => _amsGrad ? 3 : 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F m, ref F v, ref F maximum)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _gradientDecay);
        if (_parameterDecay != 0)
        {
            parameter = S.Fma(S.Create(_parameterDecay), parameter, parameter);
        }

        m = UpdateMath.Average<S, F, D>(_beta1, m, _take1, g);
        v = UpdateMath.AverageOfSquares<S, F, D>(_beta2, v, _take2, g);
        F second = v;
        if (_amsGrad)
        {
            maximum = S.Max(maximum, v);
            second = maximum;
        }

        F denominator = S.Add(S.Divide(S.Sqrt(second), S.Create(_correctionRoot)), S.Create(_epsilon));
        parameter = S.Fma(S.Create(_stepSize), S.Divide(m, denominator), parameter);
    }
}
