// What the asker of a request holds: its tokens as they come, and the ways to end it. A reader that is slow holds up nobody: what is
// not read yet waits here, at most as many tokens as the request may have.

using System.Threading.Channels;

namespace Idem.Inference.Serving;

/// <summary>A token of a sample, or its end, or both.</summary>
/// <param name="Sample">Which of the request's samples, from 0.</param>
/// <param name="Token">The token; null where a sample ended without one.</param>
/// <param name="Finished">Why the sample ended; null while it goes on. Each sample's last event says it, exactly once.</param>
public readonly record struct GenerationEvent(int Sample, GeneratedToken? Token, FinishReason? Finished);

/// <summary>A request on its way through an <see cref="EngineHost"/>.</summary>
public sealed class GenerationStream : IDisposable
{
    private readonly EngineHost _host;
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly bool[] _ended;
    private int _open;

    internal GenerationStream(EngineHost host, GenerationRequest request)
    {
        _host = host;
        Request = request;
        _open = request.Samples;
        _ended = new bool[request.Samples];
    }

    /// <summary>What was asked.</summary>
    public GenerationRequest Request { get; }

    /// <summary>
    /// The samples, each written by the engine until its last event: read one after that. Empty until the first event. The prompt's
    /// tokens (<see cref="Generation.PromptTokens"/>) and <see cref="Generation.CachedTokens"/> of sample 0 are there with its first event.
    /// </summary>
    public IReadOnlyList<Generation> Generations { get; private set; } = [];

    /// <summary>
    /// The events, for one reader. It completes when every sample has ended, and fails with <see cref="EngineStoppedException"/> when
    /// the host stops before, or with the error that a sample met.
    /// </summary>
    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>Ends all samples; events that were computed before may still come, then each sample's end.</summary>
    public void Cancel() => _host.Cancel(this, null);

    /// <summary>Ends one sample.</summary>
    public void Cancel(int sample)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)sample, (uint)Request.Samples, nameof(sample));
        _host.Cancel(this, sample);
    }

    /// <summary>Cancels what has not ended.</summary>
    public void Dispose() => Cancel();

    // What follows is the engine thread's.

    /// <summary>Whether all samples have ended.</summary>
    internal bool IsComplete => _open == 0;

    internal void Begin(IReadOnlyList<Generation> generations) => Generations = generations;

    /// <summary>Hands out what the samples have that was not handed out yet.</summary>
    internal void Publish(int[] given)
    {
        for (int sample = 0; sample < Generations.Count; sample++)
        {
            Generation generation = Generations[sample];
            IReadOnlyList<GeneratedToken> tokens = generation.Tokens;
            while (given[sample] < tokens.Count)
            {
                GeneratedToken token = tokens[given[sample]++];
                bool isLast = given[sample] == tokens.Count && generation.Finished is not null;
                Write(sample, token, isLast ? generation.Finished : null);
            }

            if (generation.Finished is { } reason && !_ended[sample])
            {
                Write(sample, null, reason);
            }
        }

        if (IsComplete)
        {
            _events.Writer.TryComplete(Generations.FirstOrDefault(generation => generation.Error is not null)?.Error);
        }
    }

    internal void Fail(Exception exception)
    {
        _open = 0;
        _events.Writer.TryComplete(exception);
    }

    private void Write(int sample, GeneratedToken? token, FinishReason? finished)
    {
        _events.Writer.TryWrite(new GenerationEvent(sample, token, finished));
        if (finished is not null)
        {
            _ended[sample] = true;
            _open--;
        }
    }
}
