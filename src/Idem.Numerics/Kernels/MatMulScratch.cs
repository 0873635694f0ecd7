// Working memory of one thread: aligned, kept between calls, so that a call allocates nothing once it has seen its shapes.

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

/// <summary>A thread's own buffer, freed when the thread is gone.</summary>
internal sealed unsafe class MatMulScratch
{
    private const int AlignmentBytes = 64;
    [ThreadStatic] private static MatMulScratch? t_current;

    private float* _memory;
    private nuint _length;

    private MatMulScratch()
    {
    }

    ~MatMulScratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>At least <paramref name="length"/> floats, content undefined, valid until the thread's next call.</summary>
    public static float* Get(nuint length)
    {
        MatMulScratch scratch = t_current ??= new MatMulScratch();
        if (scratch._length < length)
        {
            NativeMemory.AlignedFree(scratch._memory);
            scratch._memory = null;
            scratch._length = 0;
            scratch._memory = (float*)NativeMemory.AlignedAlloc(length * sizeof(float), AlignmentBytes);
            scratch._length = length;
        }

        return scratch._memory;
    }
}
