// Compares a function's whole output, all 2^32 inputs, with the oracle, by encoding (NaN equals NaN).

using Idem.Numerics;
using Idem.Numerics.Functions;

namespace Idem.Conformance.Functions;

internal static class OracleCheck
{
    private const int ChunkBits = 20;
    private const int ReportedMax = 40;

    /// <summary>Counts the inputs on which function and oracle differ; lists the first of them, and the hard cases if asked.</summary>
    public static long Run(NamedFunction function, SimdPath path, bool listHard)
    {
        long wrong = 0, hard = 0;
        int next = -1;
        Lock report = new();
        Progress progress = new($"{function.Name} oracle {path.Name()}", 1 << (32 - ChunkBits));
        Thread[] threads = new Thread[Environment.ProcessorCount];
        for (int t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(Work);
            threads[t].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        progress.Finish($"{wrong} wrong, {hard} decided by MPFR");
        return wrong;

        void Work()
        {
            using Oracle oracle = new(function.Name);
            float[] x = new float[1 << ChunkBits], y = new float[1 << ChunkBits];
            int chunk;
            while ((chunk = Interlocked.Increment(ref next)) < 1 << (32 - ChunkBits))
            {
                Inputs.Fill(x, (uint)chunk << ChunkBits);
                function.Map(path, x, y);
                for (int i = 0; i < x.Length; i++)
                {
                    float expected = oracle.Value(x[i], out bool isHard);
                    bool same = float.IsNaN(expected) ? float.IsNaN(y[i]) : Bits(expected) == Bits(y[i]);
                    if (isHard)
                    {
                        Interlocked.Increment(ref hard);
                    }

                    if (!same || (isHard && listHard))
                    {
                        Report(x[i], expected, y[i], same);
                    }
                }

                progress.Advance();
            }
        }

        void Report(float x, float expected, float actual, bool same)
        {
            lock (report)
            {
                if (!same && ++wrong > ReportedMax)
                {
                    return;
                }

                Console.WriteLine($"{(same ? "hard" : "WRONG")} {function.Name} 0x{Bits(x):X8} ({x:R}): expected 0x{Bits(expected):X8}, got 0x{Bits(actual):X8}");
            }
        }
    }

    private static uint Bits(float x) => BitConverter.SingleToUInt32Bits(x);
}
