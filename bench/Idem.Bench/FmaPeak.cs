// The most fused multiply-adds per second that a width allows here and now: what a kernel's speed is measured against,
// and, probed before and after a series, the witness that the machine was undisturbed.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Idem.Numerics;

namespace Idem.Bench;

internal static unsafe class FmaPeak
{
    private const int Chains = 14;
    private const int Iterations = 200_000;
    private static volatile float s_sink;

    public static void Report(Options options)
    {
        foreach (SimdPath path in options.Paths)
        {
            Console.WriteLine($"FMA peak, {path.Name()}, {options.Threads} thread(s): {Measure(path, options.Threads):F1} GFLOP/s");
        }
    }

    /// <summary>GFLOP/s, the median of short runs on all threads.</summary>
    public static double Measure(SimdPath path, int threads)
    {
        Compute compute = new(path, threads);
        (double nanoseconds, _, _) = Measurement.Median(threads, () => Once(compute));
        return 2.0 * Lanes(path) * Chains * Iterations * threads / nanoseconds;
    }

    private static int Lanes(SimdPath path) => Math.Max(1, (int)path / 32);

    private static void Once(Compute compute) => compute.For(compute.Threads, _ => s_sink = compute.Path switch
    {
        SimdPath.Vector512 => Loop<Simd512, Vector512<float>, Vector512<double>>(Iterations)[0],
        SimdPath.Vector256 => Loop<Simd256, Vector256<float>, Vector256<double>>(Iterations)[0],
        SimdPath.Vector128 => Loop<Simd128, Vector128<float>, Vector128<double>>(Iterations)[0],
        _ => Loop<SimdScalar, float, double>(Iterations),
    });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static F Loop<S, F, D>(int iterations)
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
}
