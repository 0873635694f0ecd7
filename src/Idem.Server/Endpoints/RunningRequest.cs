// A request while it is computed: its prompts handed to the engine, its choices read back as text. What comes of a choice depends on the
// request alone; in which order parts of different choices come does not.

using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Server.Http;

namespace Idem.Server.Endpoints;

/// <summary>A piece of a choice.</summary>
/// <param name="Choice">Its number within the request.</param>
/// <param name="Text">The text that is now certain.</param>
/// <param name="Tokens">The tokens that it was made from.</param>
/// <param name="Finished">Why the choice ended, with its last piece; null before.</param>
internal sealed record ChoicePart(int Choice, string Text, IReadOnlyList<GeneratedToken> Tokens, FinishReason? Finished);

internal sealed class RunningRequest : IDisposable
{
    private readonly List<GenerationStream> _streams = [];
    private readonly Choice[] _choices;
    private readonly int _samples;

    private RunningRequest(ServedModel model, IReadOnlyList<string> stops, GenerationRequest[] requests)
    {
        _samples = requests[0].Samples;
        _choices = [.. Enumerable.Range(0, requests.Length * _samples).Select(i => new Choice(i, new GeneratedText(model.Tokenizer, requests[i / _samples].Settings.StopIds, stops)))];
    }

    /// <summary>The generations of each prompt, complete once all parts are read.</summary>
    public IReadOnlyList<GenerationStream> Streams => _streams;

    /// <summary>Tokens of all choices that were read so far.</summary>
    public int CompletionTokens => _choices.Sum(choice => choice.Tokens);

    /// <summary>Positions of the prompts that were taken over.</summary>
    public int CachedTokens => _streams.Sum(stream => stream.Generations.Count > 0 ? stream.Generations[0].CachedTokens : 0);

    /// <summary>Hands in all prompts, or none.</summary>
    /// <param name="host">The engine.</param>
    /// <param name="model">The model that it runs.</param>
    /// <param name="stops">Strings that end a text.</param>
    /// <param name="all">At least one; all with as many samples.</param>
    /// <exception cref="ApiException">The engine does not take them.</exception>
    public static RunningRequest Submit(EngineHost host, ServedModel model, IReadOnlyList<string> stops, GenerationRequest[] all)
    {
        RunningRequest running = new(model, stops, all);
        try
        {
            foreach (GenerationRequest request in all)
            {
                running._streams.Add(host.Submit(request));
            }

            return running;
        }
        catch (Exception exception)
        {
            running.Dispose();
            throw Refusal(exception) ?? exception;
        }
    }

    /// <summary>The pieces of all choices as they come; each choice's last one says why it ended.</summary>
    /// <exception cref="ApiException">The engine stopped, or failed on a choice.</exception>
    public async IAsyncEnumerable<ChoicePart> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        Channel<(int Prompt, GenerationEvent Event)> events = Channel.CreateBounded<(int, GenerationEvent)>(256);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task pumps = Task.WhenAll(_streams.Select((stream, prompt) => Pump(stream, prompt, events.Writer, stop.Token)))
            .ContinueWith(done => events.Writer.TryComplete(done.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach ((int prompt, GenerationEvent next) in Guarded(events.Reader, cancellation))
            {
                if (next.Finished is FinishReason.Failed)
                {
                    throw new InvalidOperationException("the engine failed on this sample", _streams[prompt].Generations[next.Sample].Error); // no fault of the request
                }

                Choice choice = _choices[(prompt * _samples) + next.Sample];
                if (choice.Read(next) is { } part)
                {
                    yield return part;
                    if (choice.StoppedEarly)
                    {
                        _streams[prompt].Cancel(next.Sample);
                    }
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await pumps;
        }
    }

    /// <summary>Cancels what has not ended.</summary>
    public void Dispose()
    {
        foreach (GenerationStream stream in _streams)
        {
            stream.Dispose();
        }
    }

    private static async Task Pump(GenerationStream stream, int prompt, ChannelWriter<(int, GenerationEvent)> events, CancellationToken cancellation)
    {
        await foreach (GenerationEvent next in stream.Events.ReadAllAsync(cancellation))
        {
            await events.WriteAsync((prompt, next), cancellation);
        }
    }

    private static async IAsyncEnumerable<T> Guarded<T>(ChannelReader<T> reader, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            T item;
            try
            {
                item = await reader.ReadAsync(cancellation);
            }
            catch (ChannelClosedException closed) when (closed.InnerException is null)
            {
                yield break;
            }
            catch (ChannelClosedException closed)
            {
                throw Refusal(closed.InnerException!) ?? closed.InnerException!;
            }

            yield return item;
        }
    }

    /// <summary>What a client is told of an engine that does not take what it is asked for; null where that is no refusal.</summary>
    public static ApiException? Refusal(Exception exception) => exception switch
    {
        QueueFullException full => ApiException.Busy(full.Message, Math.Max(1, (int)full.RetryAfter.TotalSeconds)),
        EngineStoppedException { Failure: null } => ApiException.Draining(),
        SequenceLengthException length => new ApiException(400, length.Message, "invalid_request_error", "max_tokens", "context_length_exceeded"),
        ArgumentException argument => new ApiException(400, argument.Message, "invalid_request_error"),
        _ => null,
    };

    // One choice's text so far. Tokens whose text is held back wait for it.
    private sealed class Choice(int index, GeneratedText text)
    {
        private readonly List<GeneratedToken> _held = [];
        private bool _hasEnded;

        public int Tokens { get; private set; }

        /// <summary>Whether a stop string ended it, of which the engine knows nothing.</summary>
        public bool StoppedEarly => text.Stopped;

        public ChoicePart? Read(GenerationEvent next)
        {
            if (_hasEnded)
            {
                return null; // computed before the engine heard of the stop string
            }

            string part = "";
            if (next.Token is { } token)
            {
                part = text.Append(token.Id);
                _held.Add(token);
                Tokens++;
            }

            if (next.Finished is FinishReason.Cancelled && !text.Stopped)
            {
                throw ApiException.Draining(); // the server ends without waiting
            }

            _hasEnded = text.Stopped || next.Finished is not null;
            if (_hasEnded && !text.Stopped)
            {
                part += text.Finish();
            }

            if (part.Length == 0 && !_hasEnded)
            {
                return null;
            }

            GeneratedToken[] tokens = [.. _held];
            _held.Clear();
            return new ChoicePart(index, part, tokens, !_hasEnded ? null : text.Stopped ? FinishReason.Stop : next.Finished);
        }
    }
}
