// Working memory of kernels: one growing buffer a thread, 64-byte aligned, reused from call to call (worker threads live as long as
// the process). Its content is whatever was left there: a kernel must write before it reads.

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

internal static unsafe class Scratch
{
    [ThreadStatic] private static Block? t_block;
    [ThreadStatic] private static Block? t_shared;

    /// <summary>
    /// At least <paramref name="count"/> float32. Valid until the next call on this thread: a kernel rents once and carves.
    /// </summary>
    public static float* Rent(long count) => (t_block ??= new Block()).Reserve((nuint)count * sizeof(float));

    /// <summary>The same for what the tasks of one kernel share, each of which may rent its own; valid until this thread's next kernel.</summary>
    public static float* RentShared(long count) => (t_shared ??= new Block()).Reserve((nuint)count * sizeof(float));

    /// <summary>Rounds a count of float32 up to whole cache lines, so that carved pieces stay aligned.</summary>
    public static long Round(long count) => (count + 15) & ~15L;

    private sealed class Block
    {
        private float* _start;
        private nuint _size;

        ~Block() => NativeMemory.AlignedFree(_start);

        public float* Reserve(nuint size)
        {
            if (size <= _size)
            {
                return _start;
            }

            NativeMemory.AlignedFree(_start);
            _start = null;
            _size = 0;
            _start = (float*)NativeMemory.AlignedAlloc(size + (size / 2), 64);
            _size = size + (size / 2);
            return _start;
        }
    }
}
