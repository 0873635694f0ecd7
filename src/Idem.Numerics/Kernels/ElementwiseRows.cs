// How functions go along a row and derivatives along some rows: one vector after the other, or, where there is a quick evaluation, by QuickRows.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;

namespace Idem.Numerics.Kernels;

/// <summary>y[i] = f(x[i]); y may be x.</summary>
internal unsafe interface IFunctionRows
{
    static abstract void Map<S, F, D>(float* x, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>dx[i] = f'(x[i])*dy[i], given y[i] = f(x[i]), in rows that are stride apart; dx may be x, y or dy.</summary>
internal unsafe interface IGradientRows
{
    static abstract void Map<S, F, D>(float* x, float* y, float* dy, float* dx, int rows, long stride, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

internal readonly unsafe struct PlainRows<TFunction> : IFunctionRows
    where TFunction : unmanaged, IFloat32Function
{
    public static void Map<S, F, D>(float* x, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        for (; i <= count - S.Lanes; i += S.Lanes)
        {
            S.Store(y + i, TFunction.Invoke<S, F, D>(S.Load(x + i)));
        }

        for (; i < count; i++)
        {
            y[i] = TFunction.Invoke<SimdScalar, float, double>(x[i]);
        }
    }
}

internal readonly unsafe struct QuickFunctionRows<TFunction> : IFunctionRows
    where TFunction : unmanaged, IQuickFunction
{
    public static void Map<S, F, D>(float* x, float* y, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct => QuickRows.Map<S, F, D, TFunction>(default, x, y, count);
}

internal readonly unsafe struct PlainGradientRows<TGradient> : IGradientRows
    where TGradient : unmanaged, IGradient
{
    public static void Map<S, F, D>(float* x, float* y, float* dy, float* dx, int rows, long stride, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        for (; rows > 0; rows--, x += stride, y += stride, dy += stride, dx += stride)
        {
            Map<S, F, D>(x, y, dy, dx, count);
        }
    }

    public static void Map<S, F, D>(float* x, float* y, float* dy, float* dx, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        for (; i <= count - S.Lanes; i += S.Lanes)
        {
            S.Store(dx + i, TGradient.Invoke<S, F, D>(S.Load(x + i), S.Load(y + i), S.Load(dy + i)));
        }

        for (; i < count; i++)
        {
            dx[i] = TGradient.Invoke<SimdScalar, float, double>(x[i], y[i], dy[i]);
        }
    }
}

/// <summary>A derivative that needs another function of x, which it gets in y's place.</summary>
internal readonly unsafe struct QuickGradientRows<TInner, TGradient> : IGradientRows
    where TInner : unmanaged, IQuickFunction
    where TGradient : unmanaged, IGradient
{
    /// <summary>Values of the other function at a time.</summary>
    private const int BufferLength = 1024;

    [SkipLocalsInit]
    public static void Map<S, F, D>(float* x, float* y, float* dy, float* dx, int rows, long stride, int count)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        float* inner = stackalloc float[BufferLength];
        if (rows > 1 && (long)rows * count <= BufferLength)
        {
            // Short rows together, so that the other function has vectors enough.
            for (int row = 0; row < rows; row++)
            {
                new Span<float>(x + (row * stride), count).CopyTo(new Span<float>(inner + (row * count), count));
            }

            QuickRows.Map<S, F, D, TInner>(default, inner, inner, rows * count);
            for (int row = 0; row < rows; row++)
            {
                PlainGradientRows<TGradient>.Map<S, F, D>(x + (row * stride), inner + (row * count), dy + (row * stride), dx + (row * stride), count);
            }

            return;
        }

        for (; rows > 0; rows--, x += stride, dy += stride, dx += stride)
        {
            for (long first = 0; first < count; first += BufferLength)
            {
                int length = (int)Math.Min(BufferLength, count - first);
                QuickRows.Map<S, F, D, TInner>(default, x + first, inner, length);
                PlainGradientRows<TGradient>.Map<S, F, D>(x + first, inner, dy + first, dx + first, length);
            }
        }
    }
}
