namespace Idem.Numerics.Kernels;

/// <summary>Cuts a piece of <see cref="Scratch"/> memory into smaller ones that begin on cache lines.</summary>
internal unsafe struct AttentionMemory(float* memory)
{
    private float* _next = memory;

    /// <summary>The next <paramref name="count"/> float32.</summary>
    public float* Take(long count)
    {
        float* piece = _next;
        _next += Scratch.Round(count);
        return piece;
    }
}
