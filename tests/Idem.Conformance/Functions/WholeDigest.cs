// SHA-256 of a function's whole output: 2^32 float32, little endian, in the order of the inputs' encodings, NaN as 0x7FC00000.

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Idem.Numerics;
using Idem.Numerics.Functions;

namespace Idem.Conformance.Functions;

internal static class WholeDigest
{
    private const int ChunkBits = 20;

    public static string Run(NamedFunction function, SimdPath path)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Progress progress = new($"{function.Name} digest {path.Name()}", 1 << (32 - ChunkBits));
        float[] x = new float[1 << ChunkBits];
        float[] ready = new float[x.Length], free = new float[x.Length];
        Task hashing = Task.CompletedTask;
        for (int chunk = 0; chunk < 1 << (32 - ChunkBits); chunk++)
        {
            Inputs.Fill(x, (uint)chunk << ChunkBits);
            function.Map(path, x, free);
            FunctionChecks.CanonicalizeNaN(free);
            hashing.Wait();
            (ready, free) = (free, ready);
            float[] output = ready;
            hashing = Task.Run(() => hash.AppendData(MemoryMarshal.AsBytes(output.AsSpan())));
            progress.Advance();
        }

        hashing.Wait();
        string digest = Convert.ToHexStringLower(hash.GetHashAndReset());
        progress.Finish(digest);
        return digest;
    }
}
