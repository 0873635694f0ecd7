// How a kernel meets the machine: its independent outputs are cut into ranges, each range runs on some thread at the chosen
// width. Neither the cut nor the width can reach a result, so both follow speed alone.

namespace Idem.Numerics.Kernels;

/// <summary>Work over independent outputs, written once for all widths.</summary>
internal interface IKernel
{
    /// <summary>Computes outputs <paramref name="start"/> to <paramref name="end"/>, exclusive.</summary>
    void Run<S, F, D>(int start, int end)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

internal static unsafe class KernelLoop
{
    /// <summary>The least work a range is worth handing to a thread for, in elements touched: some 10 microseconds.</summary>
    private const long Grain = 16384;

    /// <summary>Ranges a thread, so that uneven ones even out.</summary>
    private const int RangesPerThread = 4;

    /// <summary>
    /// Runs the kernel over <paramref name="count"/> outputs of about <paramref name="cost"/> elements touched each. Ranges
    /// start at multiples of <paramref name="alignment"/>.
    /// </summary>
    public static void Run<TKernel>(Compute compute, int count, long cost, TKernel kernel, int alignment = 1)
        where TKernel : unmanaged, IKernel
    {
        if (count == 0)
        {
            return;
        }

        long units = (count + (long)alignment - 1) / alignment;
        long ranges = Math.Min(Math.Min(units, (long)compute.Threads * RangesPerThread), Math.Max(1, count * cost / Grain));
        long unitsPerRange = (units + ranges - 1) / ranges;
        State<TKernel> state = new() { Kernel = kernel, Count = count, Range = (int)Math.Min(unitsPerRange * alignment, count), Rules = compute.Deviation?.Rules ?? 0 };
        int calls = (int)((units + unitsPerRange - 1) / unitsPerRange);
        if (compute.Threads == 1 || calls == 1)
        {
            state.Range = count;
            calls = 1;
        }

        delegate*<void*, int, void> body = compute.Path switch
        {
            SimdPath.Scalar => &Call<TKernel, SimdScalar, float, double>,
            SimdPath.Vector128 => &Call<TKernel, Simd128, System.Runtime.Intrinsics.Vector128<float>, System.Runtime.Intrinsics.Vector128<double>>,
            SimdPath.Vector256 => &Call<TKernel, Simd256, System.Runtime.Intrinsics.Vector256<float>, System.Runtime.Intrinsics.Vector256<double>>,
            SimdPath.Vector512 => &Call<TKernel, Simd512, System.Runtime.Intrinsics.Vector512<float>, System.Runtime.Intrinsics.Vector512<double>>,
            SimdPaths.Deviant => &CallDeviant<TKernel>,
            _ => throw new ArgumentOutOfRangeException(nameof(compute), compute.Path, "unknown SIMD path"),
        };
        if (calls == 1)
        {
            body(&state, 0);
            return;
        }

        compute.For(calls, &state, body);
    }

    private static void Call<TKernel, S, F, D>(void* state, int index)
        where TKernel : unmanaged, IKernel
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct
    {
        ref State<TKernel> range = ref *(State<TKernel>*)state;
        int start = index * range.Range;
        range.Kernel.Run<S, F, D>(start, (int)Math.Min((long)start + range.Range, range.Count));
    }

    private static void CallDeviant<TKernel>(void* state, int index)
        where TKernel : unmanaged, IKernel
    {
        SimdDeviant.Follow(((State<TKernel>*)state)->Rules);
        Call<TKernel, SimdDeviant, DeviantSingle, double>(state, index);
    }

    private struct State<TKernel>
        where TKernel : unmanaged, IKernel
    {
        public TKernel Kernel;
        public int Count;
        public int Range;
        public DeviantRules Rules;
    }
}
