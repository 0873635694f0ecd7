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
    public static unsafe float[] Allocate(int length, out int start)
    {
        float[] memory = GC.AllocateUninitializedArray<float>(checked(length + AlignmentFloats), pinned: true);
        fixed (float* first = memory)
        {
            HugePages.Advise(first, (nuint)memory.Length * sizeof(float));
            int misaligned = (int)((nuint)first / sizeof(float) % AlignmentFloats);
            start = (AlignmentFloats - misaligned) % AlignmentFloats;
            return memory;
        }
    }

    /// <summary>As <see cref="Allocate"/>, filled with +0.</summary>
    public static Memory<float> Zeros(int length)
    {
        float[] memory = Allocate(length, out int start);
        Memory<float> elements = memory.AsMemory(start, length);
        elements.Span.Clear();
        return elements;
    }
}
