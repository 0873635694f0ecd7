// An engine for many askers at once: one thread owns it and steps it while there is work; submissions and cancellations reach that
// thread through a queue, tokens leave it through a channel for each request. It decides when things are computed, never what: each
// request gets what it gets alone. It knows no text and no network.

using System.Diagnostics;
using System.Threading.Channels;
using Idem.Models;

namespace Idem.Inference.Serving;

/// <summary>Runs an <see cref="Engine"/> on a thread of its own. Safe for any number of threads at once.</summary>
public sealed class EngineHost : IAsyncDisposable
{
    private readonly Engine _engine;
    private readonly Channel<Action> _commands = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _idleAfterDrain = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly Lock _gate = new(); // of the fields below it
    private readonly RecentRate _generated = new(), _positions = new();
    private EngineStatistics _statistics = new();
    private EngineStoppedException? _stopped;
    private int _submitted; // samples in the queue of commands
    private long _queuedPositions;

    // The engine thread's.
    private readonly List<Live> _live = [];

    /// <summary>Starts a host.</summary>
    /// <param name="model">In evaluation mode; the host's thread computes with it.</param>
    /// <param name="settings">How requests share the machine.</param>
    public EngineHost(DecoderModel model, EngineSettings? settings = null)
        : this(model, settings, null)
    {
    }

    /// <summary>The same with another computation of logits in the model's place.</summary>
    internal EngineHost(DecoderModel model, EngineSettings? settings, BatchForward? forward)
    {
        ArgumentNullException.ThrowIfNull(model);
        Settings = settings ?? new EngineSettings();
        Model = model;
        _engine = new Engine(model, Settings, forward);
        _statistics = _engine.Statistics;
        _thread = new Thread(Run) { IsBackground = true, Name = "idem-engine" };
        _thread.Start();
    }

    /// <summary>The model.</summary>
    public DecoderModel Model { get; }

    /// <summary>How requests share the machine.</summary>
    public EngineSettings Settings { get; }

    /// <summary>What the engine does now and has done.</summary>
    public EngineStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return _statistics with { Queued = _statistics.Queued + _submitted, TokensPerSecond = _generated.PerSecond };
            }
        }
    }

    /// <summary>Why no more requests are taken; null while they are.</summary>
    public EngineStoppedException? Stopped
    {
        get
        {
            lock (_gate)
            {
                return _stopped;
            }
        }
    }

    /// <summary>Hands in a request.</summary>
    /// <exception cref="ArgumentException">It cannot be generated; a <see cref="SequenceLengthException"/> where it is too long.</exception>
    /// <exception cref="QueueFullException">Too many wait.</exception>
    /// <exception cref="EngineStoppedException">The host drains or has stopped.</exception>
    public GenerationStream Submit(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _engine.Check(request);
        GenerationStream stream = new(this, request);
        lock (_gate)
        {
            if (_stopped is not null)
            {
                throw _stopped;
            }

            int queued = _statistics.Queued + _submitted;
            if (queued >= Settings.MaxQueued)
            {
                _statistics = _statistics with { Rejected = _statistics.Rejected + 1 };
                throw new QueueFullException(queued, RetryAfter());
            }

            _submitted += request.Samples;
            _commands.Writer.TryWrite(() => Begin(stream));
        }

        return stream;
    }

    /// <summary>Runs something between two steps, on the engine's thread: while it runs, nothing is generated.</summary>
    /// <exception cref="EngineStoppedException">The host has stopped.</exception>
    public Task<T> InvokeAsync<T>(Func<DecoderModel, T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isQueued = _commands.Writer.TryWrite(() =>
        {
            try
            {
                done.SetResult(work(Model));
            }
            catch (Exception exception) when (done.TrySetException(exception))
            {
                // The caller's, who awaits it.
            }
        });
        return isQueued ? done.Task : Task.FromException<T>(Stopped ?? new EngineStoppedException());
    }

    /// <summary>Refuses new requests from now on, and waits until those taken have ended.</summary>
    public Task DrainAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _stopped ??= new EngineStoppedException();
        }

        _commands.Writer.TryWrite(() => { }); // wakes the thread, which looks whether all is done
        return _idleAfterDrain.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Cancels what has not ended, and stops the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopped ??= new EngineStoppedException();
        }

        _commands.Writer.TryWrite(CancelAll);
        _commands.Writer.TryComplete();
        await Task.Run(_thread.Join).ConfigureAwait(false);
    }

    internal void Cancel(GenerationStream stream, int? sample) => _commands.Writer.TryWrite(() =>
    {
        foreach (Generation generation in stream.Generations)
        {
            if (sample is null || generation.Sample == sample)
            {
                _engine.Cancel(generation);
            }
        }

        Publish();
    });

    private void Run()
    {
        try
        {
            while (true)
            {
                while (_commands.Reader.TryRead(out Action? command))
                {
                    command();
                }

                if (_engine.HasWork)
                {
                    _engine.StepKeepingErrors();
                    Publish();
                    continue;
                }

                if (Stopped is not null)
                {
                    _idleAfterDrain.TrySetResult();
                }

                if (!_commands.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                {
                    break;
                }
            }
        }
#pragma warning disable CA1031 // Whatever it is: askers must hear of it, and the process lives on to say so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }

        _idleAfterDrain.TrySetResult();
    }

    private void Begin(GenerationStream stream)
    {
        lock (_gate)
        {
            _submitted -= stream.Request.Samples;
        }

        try
        {
            stream.Begin(_engine.Submit(stream.Request));
            _live.Add(new Live(stream, new int[stream.Request.Samples]));
        }
#pragma warning disable CA1031 // A constraint that cannot begin is that request's error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            stream.Fail(exception);
        }

        Publish();
    }

    private void Publish()
    {
        EngineStatistics now = _engine.Statistics;
        lock (_gate)
        {
            _generated.Add(now.GeneratedTokens);
            _positions.Add(now.GeneratedTokens + now.PromptTokens);
            _statistics = now with { Rejected = _statistics.Rejected };
            _queuedPositions = _engine.QueuedPositions;
        }

        for (int i = _live.Count - 1; i >= 0; i--)
        {
            _live[i].Stream.Publish(_live[i].Given);
            if (_live[i].Stream.IsComplete)
            {
                _live.RemoveAt(i);
            }
        }
    }

    private void CancelAll()
    {
        foreach (Live live in _live)
        {
            foreach (Generation generation in live.Stream.Generations)
            {
                _engine.Cancel(generation);
            }
        }

        Publish();
    }

    private void Fail(Exception exception)
    {
        EngineStoppedException stopped = new(exception);
        lock (_gate)
        {
            _stopped = stopped;
        }

        _commands.Writer.TryComplete();
        while (_commands.Reader.TryRead(out Action? command))
        {
            command();
        }

        foreach (Live live in _live)
        {
            live.Stream.Fail(stopped);
        }
    }

    // The work that waits at the speed of late, between a second and ten minutes.
    private TimeSpan RetryAfter()
    {
        double speed = _positions.PerSecond, seconds = speed > 0 ? _queuedPositions / speed : 1;
        return TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(seconds), 1, 600));
    }

    private sealed record Live(GenerationStream Stream, int[] Given);

    /// <summary>How fast a counter grew over the last ten seconds.</summary>
    private sealed class RecentRate
    {
        private const int Seconds = 10;
        private readonly long[] _at = new long[Seconds];
        private readonly long _begin = Stopwatch.GetTimestamp();
        private long _last, _second;

        public double PerSecond
        {
            get
            {
                Advance();
                double seconds = Math.Min(Seconds - 1, Math.Max(1, Stopwatch.GetElapsedTime(_begin).TotalSeconds));
                return (_last - _at[(_second + 1) % Seconds]) / seconds;
            }
        }

        /// <summary>What the counter shows now.</summary>
        public void Add(long value)
        {
            Advance();
            _last = value;
        }

        // _at[s % Seconds] is what the counter showed when second s began.
        private void Advance()
        {
            long now = (long)Stopwatch.GetElapsedTime(_begin).TotalSeconds;
            for (_second = Math.Max(_second, now - Seconds); _second < now; _second++)
            {
                _at[(_second + 1) % Seconds] = _last;
            }
        }
    }
}
