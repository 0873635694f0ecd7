// RMSprop on vectors; equals RmsProp.Reference.cs by encoding. Two rules, because a rule's states are the first it names.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct RmsPropRule(in RmsPropSettings settings) : IUpdateRule
{
    private readonly float _step = (float)-settings.LearningRate;
    private readonly float _alpha = (float)settings.Alpha;
    private readonly float _take = (float)(1 - settings.Alpha);
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly bool _centered = settings.Centered;
    private readonly bool _maximize = settings.Maximize;

    public int States => _centered ? 2 : 1;

    public float Step => _step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F squares, ref F average, ref F unused)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct =>
        parameter = S.Fma(S.Create(_step), Direction<S, F, D>(parameter, gradient, ref squares, ref average), parameter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public F Direction<S, F, D>(F parameter, F gradient, ref F squares, ref F average)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        squares = UpdateMath.AverageOfSquares<S, F, D>(_alpha, squares, _take, g);
        F second = squares;
        if (_centered)
        {
            average = UpdateMath.Average<S, F, D>(_alpha, average, _take, g);
            second = S.Fma(S.Xor(average, S.Create(-0f)), average, squares);
        }

        return S.Divide(g, S.Add(S.Sqrt(second), S.Create(_epsilon)));
    }
}

internal readonly struct RmsPropMomentumRule(in RmsPropSettings settings) : IUpdateRule
{
    private readonly RmsPropRule _plain = new(settings);
    private readonly float _momentum = (float)settings.Momentum;

    public int States => _plain.States + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F squares, ref F buffer, ref F average)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F direction = _plain.Direction<S, F, D>(parameter, gradient, ref squares, ref average);
        buffer = S.Fma(S.Create(_momentum), buffer, direction);
        parameter = S.Fma(S.Create(_plain.Step), buffer, parameter);
    }
}
