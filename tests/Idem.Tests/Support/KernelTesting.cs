namespace Idem.Tests.Support;

/// <summary>What tests of kernels share: every path and thread count, awkward values, guarded buffers, equality of encodings.</summary>
internal static class KernelTesting
{
    /// <summary>Every path with every thread count.</summary>
    public static IReadOnlyList<Compute> Computes { get; } =
        [.. SimdPaths.All.SelectMany(path => new[] { 1, 2, 3, 7 }.Select(threads => new Compute(path, threads)))];

    /// <summary>Every path on one thread.</summary>
    public static IReadOnlyList<Compute> SingleThreaded { get; } = [.. Computes.Where(compute => compute.Threads == 1)];

    /// <summary>Every path; with every thread count where the work, in elements touched, is enough to be shared.</summary>
    public static IReadOnlyList<Compute> For(long work) => work >= 2 * 16384 ? Computes : SingleThreaded;

    public static string Name(this Compute compute) => $"path {compute.Path.Name()}, {compute.Threads} threads";

    /// <summary>Values of moderate size, with exact and signed zeros among them.</summary>
    public static float[] Moderate(int seed, int count, float scale = 1f)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(16) switch
            {
                0 => 0f,
                1 => -0f,
                2 => scale,
                _ => scale * ((4f * random.NextSingle()) - 2f),
            };
        }

        return values;
    }

    /// <summary>Moderate values with subnormals, tiny and huge ones, but none that is not finite.</summary>
    public static float[] Awkward(int seed, int count)
    {
        Random random = new(seed);
        float[] values = Moderate(seed + 1, count);
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(8) switch
            {
                0 => random.Next(-100, 100) * float.Epsilon,
                1 => MathF.ScaleB((2f * random.NextSingle()) - 1f, random.Next(-140, -60)),
                2 => MathF.ScaleB((2f * random.NextSingle()) - 1f, random.Next(20, 127)),
                _ => values[i],
            };
        }

        return values;
    }

    /// <summary>Any encodings: infinities and NaN included.</summary>
    public static float[] Anything(int seed, int count)
    {
        Random random = new(seed);
        float[] values = Awkward(seed + 1, count);
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(6) switch
            {
                0 => BitConverter.Int32BitsToSingle((int)random.NextInt64(int.MinValue, int.MaxValue)),
                1 => random.Next(3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity },
                _ => values[i],
            };
        }

        return values;
    }

    /// <summary>The encodings are the same; any NaN equals any other.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string where)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i])
                && !(float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
            {
                Assert.Fail($"{where}: element {i} of {expected.Length} is {actual[i]:R}, but the definition gives {expected[i]:R}");
            }
        }
    }
}

/// <summary>A buffer between two walls of NaN that nobody may read into a result or write.</summary>
internal sealed class Guarded
{
    private const int Wall = 67;
    private const int Poison = 0x7FC0DEAD;
    private readonly float[] _memory;

    public Guarded(int count)
    {
        _memory = new float[count + (2 * Wall)];
        Array.Fill(_memory, BitConverter.Int32BitsToSingle(Poison));
    }

    public Guarded(ReadOnlySpan<float> values)
        : this(values.Length) => values.CopyTo(Span);

    public Span<float> Span => _memory.AsSpan(Wall, _memory.Length - (2 * Wall));

    /// <summary>Fails if a wall was written.</summary>
    public void CheckWalls(string where)
    {
        for (int i = 0; i < Wall; i++)
        {
            Assert.True(BitConverter.SingleToInt32Bits(_memory[i]) == Poison, $"{where}: wrote before the buffer");
            Assert.True(BitConverter.SingleToInt32Bits(_memory[^(i + 1)]) == Poison, $"{where}: wrote behind the buffer");
        }
    }
}
