// Working memory of one thread: aligned, kept between calls, so that a call allocates nothing once it has seen its shapes.

using System.Runtime.InteropServices;

namespace Idem.Numerics.Kernels;

/// <summary>A thread's own buffers, freed when the thread is gone.</summary>
internal sealed unsafe class MatMulScratch
{
    private const int AlignmentBytes = 64;
    [ThreadStatic] private static MatMulScratch? t_task;
    [ThreadStatic] private static MatMulScratch? t_shared;

    private float* _memory;
    private nuint _length;

    private MatMulScratch()
    {
    }

    ~MatMulScratch() => NativeMemory.AlignedFree(_memory);

    /// <summary>At least <paramref name="length"/> floats for one task, content undefined, valid until the thread's next task.</summary>
    public static float* OfTask(nuint length) => (t_task ??= new MatMulScratch()).Get(length);

    /// <summary>The same for what a call's tasks share, valid until the thread's next call.</summary>
    public static float* OfCall(nuint length) => (t_shared ??= new MatMulScratch()).Get(length);

    private float* Get(nuint length)
    {
        if (_length < length)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
            _length = 0;
            _memory = (float*)NativeMemory.AlignedAlloc(length * sizeof(float), AlignmentBytes);
            _length = length;
        }

        return _memory;
    }
}
