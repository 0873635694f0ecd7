// Adadelta on vectors; equals Adadelta.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct AdadeltaRule(in AdadeltaSettings settings) : IUpdateRule
{
    private readonly float _step = (float)-settings.LearningRate;
    private readonly float _rho = (float)settings.Rho;
    private readonly float _take = (float)(1 - settings.Rho);
    private readonly float _epsilon = (float)settings.Epsilon;
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly bool _maximize = settings.Maximize;

    public int States => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F squares, ref F deltas, ref F unused)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        F epsilon = S.Create(_epsilon);
        squares = UpdateMath.AverageOfSquares<S, F, D>(_rho, squares, _take, g);
        F ratio = S.Divide(S.Sqrt(S.Add(deltas, epsilon)), S.Sqrt(S.Add(squares, epsilon)));
        F delta = S.Multiply(ratio, g);
        deltas = UpdateMath.AverageOfSquares<S, F, D>(_rho, deltas, _take, delta);
        parameter = S.Fma(S.Create(_step), delta, parameter);
    }
}
