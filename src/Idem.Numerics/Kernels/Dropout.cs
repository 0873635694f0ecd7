// Dropout of an activation. Masks are addressed, not drawn: the backward pass recomputes them, and no worker, shard or order of
// work can change one. Order: arithmetic.md, "Elementwise operations and their derivatives".

namespace Idem.Numerics.Kernels;

/// <summary>Zeroes elements at random and scales the others, or does the same to a gradient.</summary>
public static unsafe class Dropout
{
    /// <summary>Elements whose mask is made at a time; a multiple of 4, so that no block of random words is made twice.</summary>
    private const int Chunk = 1024;

    /// <summary>
    /// y = x*scale where kept, +0 where dropped. x is [sequences, elements of a sequence]; y may be x.
    /// </summary>
    public static void Forward(Compute compute, in DropoutSite site, int sequences, ReadOnlySpan<float> x, Span<float> y) =>
        Run("Dropout.Forward", compute, site, sequences, x, y);

    /// <summary>y = x*keep*scale: dx = dy*scale where kept, +0 where dropped. dx may be dy.</summary>
    public static void Backward(Compute compute, in DropoutSite site, int sequences, ReadOnlySpan<float> dy, Span<float> dx) =>
        Run("Dropout.Backward", compute, site, sequences, dy, dx);

    private static void Run(string operation, Compute compute, in DropoutSite site, int sequences, ReadOnlySpan<float> x, Span<float> y)
    {
        Check.Dimension(operation, nameof(sequences), sequences, 1);
        Check.Length(operation, nameof(y), y.Length, $"[{x.Length}]", x.Length);
        Check.That(x.Length % sequences == 0, operation, $"{x.Length} elements are not {sequences} sequences of one length");
        int size = x.Length / sequences, chunks = (size + Chunk - 1) / Chunk;
        fixed (float* px = x, py = y)
        {
            KernelLoop.Run(compute, sequences * chunks, 4 * Chunk, new Kernel { Site = site, Size = size, Chunks = chunks, X = px, Y = py });
        }
    }

    private struct Kernel : IKernel
    {
        public DropoutSite Site;
        public int Size, Chunks;
        public float* X, Y;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            float scale = Site.KeptScale;
            byte* keep = stackalloc byte[Chunk];
            for (int item = start; item < end; item++)
            {
                int sequence = item / Chunks, first = item % Chunks * Chunk, count = Math.Min(Chunk, Size - first);
                long at = ((long)sequence * Size) + first;
                if (Site.IsActive)
                {
                    Site.Fill(new Span<byte>(keep, count), sequence, (ulong)first);
                }
                else
                {
                    new Span<byte>(keep, count).Fill(1);
                }

                for (int i = 0; i < count; i++)
                {
                    float scaled = X[at + i] * scale;
                    Y[at + i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(scaled) & -keep[i]);
                }
            }
        }
    }
}
