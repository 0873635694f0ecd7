// Where work runs: which SIMD path, how many threads. Neither can change a result; both are the caller's to choose.

namespace Idem.Numerics;

/// <summary>The machine resources that kernels use. Changes speed, never a bit.</summary>
public sealed class Compute
{
    private static volatile Compute? s_current;
    private readonly WorkerPool _pool;

    /// <param name="path">How wide kernels compute.</param>
    /// <param name="threads">Threads that share one kernel's independent outputs, the caller's included; at least 1.</param>
    public Compute(SimdPath path, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Path = path;
        Threads = threads;
        _pool = WorkerPool.Shared(threads);
    }

    private Compute(Deviation deviation, int threads)
        : this(SimdPaths.Deviant, threads) => Deviation = deviation;

    /// <summary>
    /// What computes as another system might, to explain a difference: see <see cref="Numerics.Deviation"/>. Slow; its results are
    /// not Idem's, and no verb but 'idem diff' asks for it.
    /// </summary>
    public static Compute Deviating(Deviation deviation, int threads)
    {
        ArgumentNullException.ThrowIfNull(deviation);
        return new Compute(deviation, threads);
    }

    /// <summary>What operations that are not told otherwise use: by default <c>IDEM_SIMD</c> or the widest path, on all cores.</summary>
    public static Compute Current
    {
        get => s_current ??= new Compute(SimdPaths.FromEnvironment(), Environment.ProcessorCount);
        set => s_current = value;
    }

    /// <summary>How wide kernels compute.</summary>
    public SimdPath Path { get; }

    /// <summary>Threads that share one kernel's independent outputs.</summary>
    public int Threads { get; }

    /// <summary>How this departs from Idem's arithmetic; null wherever results are promised.</summary>
    public Deviation? Deviation { get; }

    /// <summary>
    /// Calls <paramref name="body"/> once for each index below <paramref name="count"/>, in any order, on any thread. The calls
    /// must be independent. Inside a call, a nested loop runs on the calling thread alone.
    /// </summary>
    public void For(int count, Action<int> body) => _pool.Run(count, body);

    /// <summary>As <see cref="For(int, Action{int})"/>, without a delegate: nothing is allocated.</summary>
    public unsafe void For(int count, void* state, delegate*<void*, int, void> body) => _pool.Run(count, state, body);
}
