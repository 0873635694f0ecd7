// Persistent threads that share the indices of one loop. Which thread takes which index is left to chance: the loop's bodies
// are independent, so it cannot matter. Workers spin briefly for the next loop (steps issue thousands of short ones), then park.
// A loop started inside a loop, or while another thread's loop runs, is executed by its caller alone.

using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Idem.Numerics;

internal sealed unsafe class WorkerPool
{
    private const int SpinsBeforePark = 2000;
    private static readonly ConcurrentDictionary<int, WorkerPool> Pools = new();
    [ThreadStatic] private static bool t_inLoop;

    private readonly Worker[] _workers;
    private readonly bool _oversubscribed;
    private int _busy;
    private int _epoch;
    private int _open;
    private int _active;
    private int _next;
    private int _count;
    private void* _state;
    private delegate*<void*, int, void> _body;
    private Action<int>? _action;
    private ExceptionDispatchInfo? _failure;

    private WorkerPool(int threads)
    {
        _oversubscribed = threads > Environment.ProcessorCount;
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker();
            int index = i;
            new Thread(() => Work(_workers[index])) { IsBackground = true, Name = $"idem-worker-{index + 1}" }.Start();
        }
    }

    /// <summary>The pool of this many threads; pools live as long as the process.</summary>
    public static WorkerPool Shared(int threads) => Pools.GetOrAdd(threads, static count => new WorkerPool(count));

    public void Run(int count, Action<int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (!TryEnter(count))
        {
            for (int i = 0; i < count; i++)
            {
                body(i);
            }

            return;
        }

        _action = body;
        Execute(count);
    }

    public void Run(int count, void* state, delegate*<void*, int, void> body)
    {
        if (!TryEnter(count))
        {
            for (int i = 0; i < count; i++)
            {
                body(state, i);
            }

            return;
        }

        _action = null;
        _state = state;
        _body = body;
        Execute(count);
    }

    private bool TryEnter(int count) =>
        count > 1 && _workers.Length > 0 && !t_inLoop && Interlocked.CompareExchange(ref _busy, 1, 0) == 0;

    private void Execute(int count)
    {
        _count = count;
        _next = 0;
        _failure = null;
        Volatile.Write(ref _open, 1);
        Interlocked.Increment(ref _epoch);
        int helpers = Math.Min(_workers.Length, count - 1);
        for (int i = 0; i < helpers; i++)
        {
            _workers[i].Wake();
        }

        Claim();
        Interlocked.Exchange(ref _open, 0);
        SpinWait wait = default;
        while (Volatile.Read(ref _active) != 0)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }

        ExceptionDispatchInfo? failure = _failure;
        _action = null;
        Volatile.Write(ref _busy, 0);
        failure?.Throw();
    }

    private void Claim()
    {
        t_inLoop = true;
        try
        {
            int index;
            while ((index = Interlocked.Increment(ref _next) - 1) < _count)
            {
                if (_action is { } action)
                {
                    action(index);
                }
                else
                {
                    _body(_state, index);
                }
            }
        }
        catch (Exception exception) when (Record(exception))
        {
            Volatile.Write(ref _next, _count);
        }
        finally
        {
            t_inLoop = false;
        }
    }

    private bool Record(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        return true;
    }

    private void Work(Worker worker)
    {
        int seen = 0;
        while (true)
        {
            seen = worker.WaitForChange(ref _epoch, seen, _oversubscribed ? 0 : SpinsBeforePark);
            Interlocked.Increment(ref _active);
            if (Volatile.Read(ref _open) == 1)
            {
                Claim();
            }

            Interlocked.Decrement(ref _active);
        }
    }

#pragma warning disable CA1001 // The gate lives as long as its thread: as long as the process.
    private sealed class Worker
#pragma warning restore CA1001
    {
        private readonly SemaphoreSlim _gate = new(0);
        private int _parked;

        public void Wake()
        {
            if (Volatile.Read(ref _parked) == 1 && Interlocked.Exchange(ref _parked, 0) == 1)
            {
                _gate.Release();
            }
        }

        public int WaitForChange(ref int epoch, int seen, int spins)
        {
            for (int i = 0; i < spins; i++)
            {
                if (Volatile.Read(ref epoch) != seen)
                {
                    return Volatile.Read(ref epoch);
                }

                Thread.SpinWait(8);
            }

            Interlocked.Exchange(ref _parked, 1);
            if (Volatile.Read(ref epoch) == seen || Interlocked.Exchange(ref _parked, 0) == 0)
            {
                _gate.Wait();
            }

            return Volatile.Read(ref epoch);
        }
    }
}
