// The elementwise functions by name, each applied to whole spans on a chosen path: what checks and conformance programs iterate.
// Kernels don't use this: they inline the functions into their own loops.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics.Functions;

/// <summary>A correctly rounded float32 function, by name.</summary>
internal sealed unsafe class NamedFunction(string name, delegate*<SimdPath, ReadOnlySpan<float>, Span<float>, void> map)
{
    private readonly delegate*<SimdPath, ReadOnlySpan<float>, Span<float>, void> _map = map;

    public string Name { get; } = name;

    /// <summary>y[i] = f(x[i]).</summary>
    public void Map(SimdPath path, ReadOnlySpan<float> x, Span<float> y) => _map(path, x, y);
}

internal static unsafe class FunctionTable
{
    public static IReadOnlyList<NamedFunction> All { get; } =
    [
        new("exp", &MapQuick<ExpFunction>),
        new("expm1", &Map<Expm1Function>),
        new("log", &Map<LogFunction>),
        new("log1p", &Map<Log1pFunction>),
        new("log2", &Map<Log2Function>),
        new("tanh", &Map<TanhFunction>),
        new("sigmoid", &MapQuick<SigmoidFunction>),
        new("erf", &MapQuick<ErfFunction>),
        new("sin", &Map<SinFunction>),
        new("cos", &Map<CosFunction>),
        new("rsqrt", &Map<RsqrtFunction>),
    ];

    /// <summary>Through the row loop that kernels use.</summary>
    private static void MapQuick<TFunction>(SimdPath path, ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IQuickFunction
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length);
        fixed (float* source = x, destination = y)
        {
            switch (path)
            {
                case SimdPath.Scalar: QuickRows.Map<SimdScalar, float, double, TFunction>(default, source, destination, x.Length); break;
                case SimdPath.Vector128: QuickRows.Map<Simd128, Vector128<float>, Vector128<double>, TFunction>(default, source, destination, x.Length); break;
                case SimdPath.Vector256: QuickRows.Map<Simd256, Vector256<float>, Vector256<double>, TFunction>(default, source, destination, x.Length); break;
                case SimdPath.Vector512: QuickRows.Map<Simd512, Vector512<float>, Vector512<double>, TFunction>(default, source, destination, x.Length); break;
                default: throw new ArgumentOutOfRangeException(nameof(path), path, "unknown SIMD path");
            }
        }
    }

    private static void Map<TFunction>(SimdPath path, ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IFloat32Function
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length);
        switch (path)
        {
            case SimdPath.Scalar: Map<TFunction, SimdScalar, float, double>(x, y); break;
            case SimdPath.Vector128: Map<TFunction, Simd128, Vector128<float>, Vector128<double>>(x, y); break;
            case SimdPath.Vector256: Map<TFunction, Simd256, Vector256<float>, Vector256<double>>(x, y); break;
            case SimdPath.Vector512: Map<TFunction, Simd512, Vector512<float>, Vector512<double>>(x, y); break;
            default: throw new ArgumentOutOfRangeException(nameof(path), path, "unknown SIMD path");
        }
    }

    [SkipLocalsInit]
    private static void Map<TFunction, S, F, D>(ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IFloat32Function
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        int i = 0;
        fixed (float* source = x, destination = y)
        {
            for (; i <= x.Length - S.Lanes; i += S.Lanes)
            {
                S.Store(destination + i, TFunction.Invoke<S, F, D>(S.Load(source + i)));
            }
        }

        if (i < x.Length)
        {
            float* lanes = stackalloc float[16];
            Span<float> buffer = new(lanes, 16);
            buffer.Clear();
            x[i..].CopyTo(buffer);
            S.Store(lanes, TFunction.Invoke<S, F, D>(S.Load(lanes)));
            buffer[..(x.Length - i)].CopyTo(y[i..]);
        }
    }
}
