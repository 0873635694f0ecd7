// Memory of tensors and optimizer states: managed, so that a span keeps it alive and nothing needs a finalizer; pinned, so that it
// stays aligned.

namespace Idem.Numerics;

/// <summary>Float32 arrays whose elements begin on a cache line.</summary>
public static class AlignedArray
{
    private const int AlignmentFloats = 16;

    /// <summary>The most elements an array can hold.</summary>
    public static int LengthMax => Array.MaxLength - AlignmentFloats;

    /// <summary>A pinned array, contents undefined, of which <paramref name="length"/> elements may be used.</summary>
    /// <param name="length">Elements wanted.</param>
    /// <param name="start">The index of the first one, on a 64-byte boundary.</param>
    public static float[] Allocate(int length, out int start) =>
        Align(GC.AllocateUninitializedArray<float>(checked(length + AlignmentFloats), pinned: true), out start);

    /// <summary>As <see cref="Allocate"/>, filled with +0. Memory fresh from the system is zero and is not touched before its first use.</summary>
    /// <param name="length">Elements wanted.</param>
    /// <param name="start">The index of the first one, on a 64-byte boundary.</param>
    public static float[] AllocateZeros(int length, out int start) => Align(GC.AllocateArray<float>(checked(length + AlignmentFloats), pinned: true), out start);

    /// <summary>As <see cref="AllocateZeros"/>, as the memory of the elements.</summary>
    public static Memory<float> Zeros(int length)
    {
        float[] memory = AllocateZeros(length, out int start);
        return memory.AsMemory(start, length);
    }

    private static unsafe float[] Align(float[] memory, out int start)
    {
        fixed (float* first = memory)
        {
            HugePages.Advise(first, (nuint)memory.Length * sizeof(float));
            int misaligned = (int)((nuint)first / sizeof(float) % AlignmentFloats);
            start = (AlignmentFloats - misaligned) % AlignmentFloats;
            return memory;
        }
    }
}
