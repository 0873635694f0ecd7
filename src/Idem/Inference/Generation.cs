// One sequence on its way through the engine: its ids, how it draws, what it has.

using Idem.Inference.Constraints;
using Idem.Numerics.Random;

namespace Idem.Inference;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It drew a stop id.</summary>
    Stop,

    /// <summary>It has as many tokens as were asked for.</summary>
    Length,

    /// <summary>It was cancelled.</summary>
    Cancelled,

    /// <summary>It met an error: <see cref="Generation.Error"/>.</summary>
    Failed,
}

/// <summary>A continuation that an <see cref="Engine"/> computes.</summary>
public sealed class Generation
{
    private readonly List<GeneratedToken> _tokens = [];
    private readonly List<PromptToken> _promptTokens = [];
    private TokenMask? _mask;
    private readonly Dictionary<int, int>? _generated; // looked up by id, never enumerated

    internal Generation(IReadOnlyList<int> prompt, SamplingSettings settings, int sample, int context)
    {
        Prompt = prompt;
        Settings = settings;
        Sample = sample;
        Ids = [.. prompt];
        Begin = Math.Max(0, prompt.Count - context);
        Draws = new RandomStream(settings.Seed, "sample", sample == 0 ? "" : sample.ToString(System.Globalization.CultureInfo.InvariantCulture));
        ConstraintState = settings.Constraint?.Begin();
        if (settings.Penalties != Numerics.Kernels.LogitPenalties.None)
        {
            _generated = [];
            foreach (int id in prompt)
            {
                if (_generated.TryAdd(id, 0))
                {
                    Distinct.Add(id);
                }
            }
        }
    }

    /// <summary>The ids that are continued.</summary>
    public IReadOnlyList<int> Prompt { get; }

    /// <summary>How it is drawn.</summary>
    public SamplingSettings Settings { get; }

    /// <summary>Which of the samples of its prompt it is, from 0.</summary>
    public int Sample { get; }

    /// <summary>What was generated so far.</summary>
    public IReadOnlyList<GeneratedToken> Tokens => _tokens;

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finished { get; internal set; }

    /// <summary>What it failed with; null unless <see cref="Finished"/> is <see cref="FinishReason.Failed"/>.</summary>
    public Exception? Error { get; private set; }

    /// <summary>Positions of the prompt whose keys and values were taken over when it began.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>The prompt's tokens, where their log-probabilities were asked for; complete with the first token or the end.</summary>
    public IReadOnlyList<PromptToken> PromptTokens => _promptTokens;

    /// <summary>Prompt and continuation.</summary>
    internal List<int> Ids { get; }

    /// <summary>Index into <see cref="Ids"/> of position 0: above 0 once the sequence outgrew the context.</summary>
    internal int Begin { get; private set; }

    internal RandomStream Draws { get; }

    /// <summary>The ids that penalties apply to, each once.</summary>
    internal List<int> Distinct { get; } = [];

    internal ITokenConstraintState? ConstraintState { get; }

    /// <summary>Memory for what a constraint allows.</summary>
    internal TokenMask Mask(int vocabulary) => _mask ??= new TokenMask(vocabulary);

    /// <summary>Occurrences of an id in the continuation.</summary>
    internal int CountOf(int id) => _generated is null ? 0 : _generated.GetValueOrDefault(id);

    internal void AddPromptToken(PromptToken token) => _promptTokens.Add(token);

    internal void Fail(Exception error)
    {
        Error = error;
        Finished = FinishReason.Failed;
    }

    internal void Append(GeneratedToken token, int context)
    {
        _tokens.Add(token);
        Ids.Add(token.Id);
        ConstraintState?.Append(token.Id);
        if (_generated is not null)
        {
            if (!_generated.TryGetValue(token.Id, out int count))
            {
                Distinct.Add(token.Id);
            }

            _generated[token.Id] = count + 1;
        }

        if (Settings.StopIds.Contains(token.Id))
        {
            Finished = FinishReason.Stop;
        }
        else if (_tokens.Count >= Settings.MaxTokens)
        {
            Finished = FinishReason.Length;
        }
        else if (Ids.Count - Begin > context)
        {
            Begin = Ids.Count - context;
        }
    }
}
