// SGD on vectors; equals Sgd.Reference.cs by encoding.

using System.Runtime.CompilerServices;

namespace Idem.Numerics.Kernels;

internal readonly struct SgdRule(in SgdSettings settings, long step) : IUpdateRule
{
    private readonly float _step = (float)-settings.LearningRate;
    private readonly float _momentum = (float)settings.Momentum;
    private readonly float _take = (float)(1 - settings.Dampening);
    private readonly float _weightDecay = (float)settings.WeightDecay;
    private readonly bool _nesterov = settings.Nesterov;
    private readonly bool _maximize = settings.Maximize;
    private readonly bool _first = step == 1;
    private readonly bool _hasMomentum = settings.Momentum != 0;

    public int States => _hasMomentum ? 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Update<S, F, D>(ref F parameter, F gradient, ref F buffer, ref F unused1, ref F unused2)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F g = UpdateMath.Gradient<S, F, D>(gradient, parameter, _maximize, _weightDecay);
        if (_hasMomentum)
        {
            buffer = _first ? g : UpdateMath.Average<S, F, D>(_momentum, buffer, _take, g);
            g = _nesterov ? S.Fma(S.Create(_momentum), buffer, g) : buffer;
        }

        parameter = S.Fma(S.Create(_step), g, parameter);
    }
}
