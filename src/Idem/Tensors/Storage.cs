// The memory of tensors: 64-byte aligned float32 in pinned arrays, counted references, pooled by size.
// Pinned managed arrays rather than native memory: a span over one keeps it alive, so no kernel can outlive its operands and no
// finalizer is needed; a storage that nobody gives back (evaluation, user's tensors) is simply collected.
// What may never change: contents of a rented storage are undefined, so every operation writes all of its output.

namespace Idem.Tensors;

/// <summary>A run of float32 that one or more tensors share.</summary>
internal sealed class Storage
{
    private readonly float[] _memory;
    private readonly int _start;
    private int _references;

    /// <param name="memory">A pinned array.</param>
    /// <param name="start">Index of the first element.</param>
    /// <param name="capacity">Elements that may be used.</param>
    /// <param name="sizeClass">The pool's class, or -1 for memory the pool never sees.</param>
    public Storage(float[] memory, int start, int capacity, int sizeClass)
    {
        _memory = memory;
        _start = start;
        Capacity = capacity;
        SizeClass = sizeClass;
        _references = 1;
    }

    public int Capacity { get; }

    public int SizeClass { get; }

    /// <summary>True while exactly one owner holds it, who may then write to it.</summary>
    public bool IsExclusive => Volatile.Read(ref _references) == 1;

    public Span<float> Span(int offset, int length) => _memory.AsSpan(_start + offset, length);

    /// <summary>A part of this memory with its own count of references, for callers that keep the whole alive themselves.</summary>
    public Storage Part(int offset, int length) => new(_memory, _start + offset, length, -1);

    public Storage Retain()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Gives up one reference; the last one returns the memory to the pool.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0 && SizeClass >= 0)
        {
            StoragePool.Return(this);
        }
    }

    /// <summary>For the pool: the first reference of the next owner.</summary>
    public void Revive() => _references = 1;
}
