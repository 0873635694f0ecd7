// torch.randint, Tensor.random_ and torch.randperm: a draw modulo the range. The modulo's bias is PyTorch's own.

using System.Numerics;

namespace Idem.Numerics.Random;

public sealed partial class TorchRandom
{
    /// <summary>torch.randint(high, size).</summary>
    public void RandInt<T>(Span<T> destination, long high)
        where T : struct, INumberBase<T> => RandInt(destination, 0, high);

    /// <summary>
    /// torch.randint(low, high, size), Tensor.random_(low, high): low + draw mod (high - low), converted to T.
    /// A draw has 64 bits where the range asks for it (see <see cref="TorchVersion"/>), else 32.
    /// </summary>
    public void RandInt<T>(Span<T> destination, long low, long high)
        where T : struct, INumberBase<T>
    {
        if (low >= high)
        {
            throw new ArgumentException($"TorchRandom.RandInt: low {low}, high {high}; low must be below high.");
        }

        (low, high) = Representable<T>(low, high);
        ulong range = unchecked((ulong)high - (ulong)low);
        bool wide = Version switch
        {
            TorchVersion.V113 => range >= 1UL << 32 && (typeof(T) == typeof(long) || IsFloat<T>()),
            _ => range >= 1UL << 28,
        };
        for (int i = 0; i < destination.Length; i++)
        {
            ulong draw = wide ? _engine.Next64() : _engine.Next();
            destination[i] = T.CreateTruncating(unchecked((long)(draw % range + (ulong)low)));
        }
    }

    /// <summary>
    /// Tensor.random_(): integers in [0, MaxValue], floats among the integers 0 .. 2^digits. int64 and float64 take 64-bit draws.
    /// </summary>
    public void Random<T>(Span<T> destination)
        where T : struct, INumberBase<T>
    {
        ulong range = default(T) switch
        {
            long => 1UL << 63,
            int => 1UL << 31,
            short => 1UL << 15,
            sbyte => 1UL << 7,
            byte => 1UL << 8,
            double => (1UL << 53) + 1,
            float => (1UL << 24) + 1,
            Half => (1UL << 11) + 1,
            _ => throw new NotSupportedException($"TorchRandom.Random: PyTorch has no dtype for {typeof(T).Name}."),
        };
        bool wide = typeof(T) == typeof(long) || typeof(T) == typeof(double);
        for (int i = 0; i < destination.Length; i++)
        {
            ulong draw = wide ? _engine.Next64() : _engine.Next();
            destination[i] = T.CreateTruncating(draw % range);
        }
    }

    /// <summary>torch.randperm(n), n = the span's length: Fisher-Yates from the front, one 32-bit draw per place but the last.</summary>
    public void RandPerm(Span<long> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = i;
        }

        for (int i = 0; i < destination.Length - 1; i++)
        {
            int other = i + (int)(_engine.Next() % (uint)(destination.Length - i));
            (destination[i], destination[other]) = (destination[other], destination[i]);
        }
    }

    private static bool IsFloat<T>() => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    // random_(from, to) on a float dtype moves bounds that the dtype cannot hold inwards.
    private static (long Low, long High) Representable<T>(long low, long high)
        where T : struct, INumberBase<T>
    {
        int digits = typeof(T) == typeof(double) ? 53 : typeof(T) == typeof(float) ? 24 : typeof(T) == typeof(Half) ? 11 : 64;
        if (digits == 64)
        {
            return (low, high);
        }

        long afterLow = long.CreateSaturating(T.CreateTruncating(low + 1));
        if (afterLow < low)
        {
            low = afterLow + (1L << (BitOperations.Log2((ulong)Math.Abs(low + 1)) - digits + 1));
        }

        long beforeHigh = long.CreateSaturating(T.CreateTruncating(high - 1));
        if (beforeHigh >= high)
        {
            high = beforeHigh - (1L << (BitOperations.Log2((ulong)Math.Abs(high - 1)) - digits + 1));
        }

        return (low, high);
    }
}
