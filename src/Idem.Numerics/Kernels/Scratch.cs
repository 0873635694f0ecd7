// Working memory of kernels: one growing buffer a thread, 64-byte aligned, reused from call to call (worker threads live as long as
// the process). Its content is whatever was left there: a kernel must write before it reads.

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

internal static unsafe class Scratch
{
    [ThreadStatic] private static Block? t_block;

    /// <summary>
    /// At least <paramref name="count"/> float32. Valid until the next call on this thread: a kernel rents once and carves.
    /// </summary>
    public static float* Rent(long count)
    {
        Block block = t_block ??= new Block();
        block.Reserve((nuint)count * sizeof(float));
        return (float*)block.Start;
    }

    /// <summary>Rounds a count of float32 up to whole cache lines, so that carved pieces stay aligned.</summary>
    public static long Round(long count) => (count + 15) & ~15L;

    private sealed class Block
    {
        private nuint _size;

        ~Block() => NativeMemory.AlignedFree(Start);

        public void* Start { get; private set; }

        public void Reserve(nuint size)
        {
            if (size <= _size)
            {
                return;
            }

            NativeMemory.AlignedFree(Start);
            Start = null;
            _size = 0;
            Start = NativeMemory.AlignedAlloc(size + (size / 2), 64);
            _size = size + (size / 2);
        }
    }
}
