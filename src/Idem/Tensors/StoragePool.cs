// Free storages by size class, shared by all threads. Eight classes an octave, so at most an eighth of a storage is unused.

using Idem.Numerics;

namespace Idem.Tensors;

internal static class StoragePool
{
    private const int AlignmentFloats = 16;
    private const int StepsPerOctave = 8;
    private static readonly Lock Gate = new();
    private static readonly Stack<Storage>?[] Free = new Stack<Storage>?[32 * StepsPerOctave];

    /// <summary>Bytes of all storages ever made for the pool, less those trimmed: flat in a training loop.</summary>
    public static long BytesMade { get; private set; }

    /// <summary>Fills every rented storage with this value; tests use it to show that nothing reads what it did not write.</summary>
    public static float? Poison { get; set; }

    /// <summary>A storage for at least <paramref name="length"/> elements, contents undefined.</summary>
    public static Storage Rent(int length)
    {
        int sizeClass = ClassOf(length, out int capacity);
        Storage? storage = null;
        lock (Gate)
        {
            if (Free[sizeClass] is { } stack && stack.TryPop(out storage))
            {
                storage.Revive();
            }
            else
            {
                BytesMade += capacity * (long)sizeof(float);
            }
        }

        storage ??= Allocate(capacity, sizeClass);
        if (Poison is { } poison)
        {
            storage.Span(0, storage.Capacity).Fill(poison);
        }

        return storage;
    }

    /// <summary>Memory outside the pool, of exactly this size and filled with +0: parameters, gradients, caches.</summary>
    public static Storage Own(int length)
    {
        float[] memory = AlignedArray.AllocateZeros(length, out int start);
        return new Storage(memory, start, length, -1);
    }

    public static void Return(Storage storage)
    {
        lock (Gate)
        {
            (Free[storage.SizeClass] ??= new Stack<Storage>()).Push(storage);
        }
    }

    /// <summary>Drops all free storages, for the garbage collector to take.</summary>
    public static void Trim()
    {
        lock (Gate)
        {
            foreach (Stack<Storage>? stack in Free)
            {
                while (stack is not null && stack.TryPop(out Storage? storage))
                {
                    BytesMade -= storage.Capacity * (long)sizeof(float);
                }
            }
        }
    }

    private static Storage Allocate(int capacity, int sizeClass)
    {
        float[] memory = AlignedArray.Allocate(capacity, out int start);
        return new Storage(memory, start, capacity, sizeClass);
    }

    // Capacities are AlignmentFloats * (8 + step) / 8 * 2^octave, rounded to whole cache lines.
    private static int ClassOf(int length, out int capacity)
    {
        int lines = Math.Max(1, (int)(((long)length + AlignmentFloats - 1) / AlignmentFloats));
        if (lines <= StepsPerOctave)
        {
            capacity = lines * AlignmentFloats;
            return lines - 1;
        }

        int octave = 31 - System.Numerics.BitOperations.LeadingZeroCount((uint)lines) - 3;
        int step = (lines + (1 << octave) - 1) >> octave; // 8..16
        long floats = ((long)step << octave) * AlignmentFloats;
        if (floats > AlignedArray.LengthMax)
        {
            floats = length; // the last class is not rounded up beyond what an array can hold
        }

        capacity = (int)floats;
        return (octave * StepsPerOctave) + step - 1;
    }
}
