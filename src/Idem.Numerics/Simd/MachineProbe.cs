// Work whose only purpose is to be timed: as many fused multiply-adds, and as fast a reading of memory, as a width allows. What
// a kernel's speed is measured against. No clock here, and nothing that reaches a promised bit: the results are thrown away.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Idem.Numerics;

/// <summary>The limits of a machine, as loops to time.</summary>
public static unsafe class MachineProbe
{
    private const int Chains = 14;
    private static volatile float s_sink;

    /// <summary>Executes independent fused multiply-adds in registers, as many on every thread.</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="iterations">Rounds of the loop.</param>
    /// <returns>The floating-point operations executed, two a multiply-add.</returns>
    public static double MultiplyAdd(Compute compute, int iterations)
    {
        ArgumentNullException.ThrowIfNull(compute);
        compute.For(compute.Threads, _ => s_sink = compute.Path switch
        {
            SimdPath.Vector512 => MultiplyAdd<Simd512, Vector512<float>, Vector512<double>>(iterations)[0],
            SimdPath.Vector256 => MultiplyAdd<Simd256, Vector256<float>, Vector256<double>>(iterations)[0],
            SimdPath.Vector128 => MultiplyAdd<Simd128, Vector128<float>, Vector128<double>>(iterations)[0],
            _ => MultiplyAdd<SimdScalar, float, double>(iterations),
        });
        return 2.0 * Lanes(compute.Path) * Chains * iterations * compute.Threads;
    }

    /// <summary>Reads memory once from end to end, each thread a part of it.</summary>
    /// <param name="compute">Path and threads.</param>
    /// <param name="memory">What to read.</param>
    /// <returns>The bytes read; a remainder that fills no unrolled round on some thread is left out.</returns>
    public static long Read(Compute compute, ReadOnlySpan<float> memory)
    {
        ArgumentNullException.ThrowIfNull(compute);
        int round = 8 * Lanes(compute.Path), rounds = memory.Length / compute.Threads / round;
        fixed (float* start = memory)
        {
            nint address = (nint)start;
            compute.For(compute.Threads, thread =>
            {
                float* part = (float*)address + ((nint)thread * rounds * round);
                s_sink = compute.Path switch
                {
                    SimdPath.Vector512 => Read<Simd512, Vector512<float>, Vector512<double>>(part, rounds)[0],
                    SimdPath.Vector256 => Read<Simd256, Vector256<float>, Vector256<double>>(part, rounds)[0],
                    SimdPath.Vector128 => Read<Simd128, Vector128<float>, Vector128<double>>(part, rounds)[0],
                    _ => Read<SimdScalar, float, double>(part, rounds),
                };
            });
        }

        return (long)rounds * round * compute.Threads * sizeof(float);
    }

    private static int Lanes(SimdPath path) => Math.Max(1, (int)path / 32);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static F MultiplyAdd<S, F, D>(int iterations)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F x = S.Create(0.999f), y = S.Create(0.001f);
        F a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, n = x;
        for (int t = 0; t < iterations; t++)
        {
            a = S.Fma(a, x, y);
            b = S.Fma(b, x, y);
            c = S.Fma(c, x, y);
            d = S.Fma(d, x, y);
            e = S.Fma(e, x, y);
            f = S.Fma(f, x, y);
            g = S.Fma(g, x, y);
            h = S.Fma(h, x, y);
            i = S.Fma(i, x, y);
            j = S.Fma(j, x, y);
            k = S.Fma(k, x, y);
            l = S.Fma(l, x, y);
            m = S.Fma(m, x, y);
            n = S.Fma(n, x, y);
        }

        F sum = S.Add(S.Add(S.Add(a, b), S.Add(c, d)), S.Add(S.Add(e, f), S.Add(g, h)));
        return S.Add(sum, S.Add(S.Add(S.Add(i, j), S.Add(k, l)), S.Add(m, n)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static F Read<S, F, D>(float* source, int rounds)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        F a = S.Zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (int t = 0; t < rounds; t++, source += 8 * S.Lanes)
        {
            a = S.Or(a, S.Load(source));
            b = S.Or(b, S.Load(source + S.Lanes));
            c = S.Or(c, S.Load(source + (2 * S.Lanes)));
            d = S.Or(d, S.Load(source + (3 * S.Lanes)));
            e = S.Or(e, S.Load(source + (4 * S.Lanes)));
            f = S.Or(f, S.Load(source + (5 * S.Lanes)));
            g = S.Or(g, S.Load(source + (6 * S.Lanes)));
            h = S.Or(h, S.Load(source + (7 * S.Lanes)));
        }

        return S.Or(S.Or(S.Or(a, b), S.Or(c, d)), S.Or(S.Or(e, f), S.Or(g, h)));
    }
}
