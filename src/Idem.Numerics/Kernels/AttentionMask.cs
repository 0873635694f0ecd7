// Dropout of attention's probabilities: the mask of a tile.

namespace Idem.Numerics.Kernels;

/// <summary>Which probabilities are kept under dropout, a key a row: all bits set, or none.</summary>
internal readonly unsafe struct AttentionMask(float* keep, int stride, float scale)
{
    /// <summary>The mask's rows, from the tile's first key; null without dropout.</summary>
    public readonly float* Keep = keep;

    /// <summary>Distance between rows.</summary>
    public readonly int Stride = stride;

    /// <summary>The factor of kept probabilities.</summary>
    public readonly float Scale = scale;

    /// <summary>Fills the rows of a tile, a query at a time.</summary>
    public void Fill(in AttentionShape shape, in AttentionTile tile, int sequence, int head, byte* bytes)
    {
        int count = tile.KeyEnd - tile.KeyFirst;
        for (int lane = tile.Low; lane < tile.High; lane++)
        {
            shape.Dropout.Fill(new Span<byte>(bytes, count), sequence, DropoutSite.AttentionElement(head, tile.Position + lane, tile.KeyFirst));
            for (int i = 0; i < count; i++)
            {
                Keep[((long)i * Stride) + lane] = BitConverter.Int32BitsToSingle(-bytes[i]);
            }
        }
    }

    /// <summary>The mask from another row and lane on.</summary>
    public AttentionMask From(long offset) => new(Keep + offset, Stride, Scale);

    /// <summary>Whether one probability is kept.</summary>
    public static bool IsKept(float keep) => BitConverter.SingleToInt32Bits(keep) != 0;
}
