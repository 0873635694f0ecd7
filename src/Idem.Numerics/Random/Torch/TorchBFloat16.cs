// bfloat16 as c10::BFloat16 rounds it: the upper half of a float32, to nearest even, NaN to 0x7FC0.

namespace Idem.Numerics.Random;

internal static class TorchBFloat16
{
    public static ushort Encode(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (ushort)0x7FC0 : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    public static float ToSingle(ushort encoding) => BitConverter.UInt32BitsToSingle((uint)encoding << 16);

    public static float Round(float x) => ToSingle(Encode(x));
}
