// What a plain loop reads per second from as many bytes: what a product with few rows, bound by memory, is measured against.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Idem.Numerics;

namespace Idem.Bench;

internal static unsafe class ReadSpeed
{
    private static volatile int s_sink;

    /// <summary>Time to read <paramref name="bytes"/> once, each thread its share, by 64-byte loads into four accumulators.</summary>
    public static Measurement Take(Compute compute, long bytes)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 2 << 20);
        Idem.Numerics.HugePages.Advise(memory, (nuint)bytes);
        NativeMemory.Fill(memory, (nuint)bytes, 1);
        long share = bytes / compute.Threads / 256 * 256;
        Measurement measured = Measurement.Take(compute, () => compute.For(compute.Threads, thread => s_sink = Read(memory + (thread * share), share)));
        NativeMemory.AlignedFree(memory);
        return measured;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Read(byte* memory, long bytes)
    {
        Vector512<int> a = default, b = default, c = default, d = default;
        for (byte* end = memory + bytes; memory < end; memory += 256)
        {
            a |= Vector512.Load((int*)memory);
            b |= Vector512.Load((int*)(memory + 64));
            c |= Vector512.Load((int*)(memory + 128));
            d |= Vector512.Load((int*)(memory + 192));
        }

        return (a | b | c | d).ToScalar();
    }
}
