// Reads a text byte by byte against a grammar. A state is the list of places where a reading may be: a node and the rules to return to.
// States are made when a text first leads to them and found again afterwards; what they are depends on the bytes alone, not on what else
// was read before: so places stand in the order in which they are reached, and the bound on their number cuts the same ones always.

namespace Idem.Inference.Constraints;

/// <summary>Not for several threads at once.</summary>
internal sealed class GrammarAutomaton
{
    /// <summary>Readings of one text that are followed at once. What the others would allow is not offered; what is offered stays valid.</summary>
    public const int PlacesMax = 128;

    /// <summary>States that are kept; further ones are made anew each time.</summary>
    public const int StatesMax = 1 << 13;

    private readonly Grammar _grammar;
    private readonly Dictionary<(int Node, GrammarFrame? Parent), GrammarFrame> _frames = [];
    private readonly Dictionary<GrammarState, GrammarState> _states = new(GrammarState.SamePlaces);
    private readonly Stack<GrammarPlace> _open = [];
    private readonly HashSet<GrammarPlace> _seen = [];

    public GrammarAutomaton(Grammar grammar)
    {
        _grammar = grammar;
        Start = Close([new GrammarPlace(grammar.Root.Start, null)])!;
    }

    /// <summary>The state before the first byte.</summary>
    public GrammarState Start { get; }

    /// <summary>Whether as many states are kept as may.</summary>
    public bool IsFull => _states.Count >= StatesMax || _frames.Count >= StatesMax;

    /// <summary>The state after one more byte; null where no text goes on so.</summary>
    public GrammarState? Step(GrammarState state, byte value)
    {
        ref (bool IsKnown, GrammarState? State) next = ref state.Next(_grammar.ClassOf[value], _grammar.Classes);
        if (!next.IsKnown)
        {
            List<GrammarPlace> reached = [];
            foreach (GrammarPlace place in state.Places)
            {
                foreach (ByteEdge edge in _grammar.BytesOf(place.Node))
                {
                    if (value >= edge.First && value <= edge.Last)
                    {
                        reached.Add(new GrammarPlace(edge.To, place.Return));
                    }
                }
            }

            next = (true, reached.Count == 0 ? null : Close(reached));
        }

        return next.State;
    }

    // Follows edges that take nothing, from each place in turn, depth first in the order of the edges.
    private GrammarState? Close(List<GrammarPlace> reached)
    {
        List<GrammarPlace> places = [];
        bool isComplete = false, isAlive = false;
        _seen.Clear();
        foreach (GrammarPlace from in reached)
        {
            _open.Push(from);
            while (_open.TryPop(out GrammarPlace place))
            {
                if (places.Count == PlacesMax || !_grammar.CanEnd(place.Node) || !_seen.Add(place))
                {
                    continue;
                }

                if (_grammar.BytesOf(place.Node).Count > 0)
                {
                    places.Add(place);
                    isAlive |= _grammar.IsLive(place.Node);
                }

                isComplete |= _grammar.IsEnd(place.Node) && place.Return is null;
                Expand(place);
            }
        }

        if (places.Count == 0 && !isComplete)
        {
            return null;
        }

        GrammarState state = new([.. places], isComplete, isAlive || isComplete);
        if (_states.TryGetValue(state, out GrammarState? known))
        {
            return known;
        }

        if (!IsFull)
        {
            _states.Add(state, state);
        }

        return state;
    }

    private void Expand(GrammarPlace place)
    {
        if (_grammar.IsEnd(place.Node) && place.Return is { } back)
        {
            _open.Push(new GrammarPlace(back.Node, back.Parent));
        }

        IReadOnlyList<CallEdge> calls = _grammar.CallsOf(place.Node);
        for (int i = calls.Count - 1; i >= 0; i--)
        {
            // A reading that could not end after its return is none; a return to nothing but a return is left out.
            if (_grammar.IsLive(calls[i].To))
            {
                _open.Push(new GrammarPlace(calls[i].Rule.Start, _grammar.OnlyReturns(calls[i].To) ? place.Return : Frame(calls[i].To, place.Return)));
            }
        }

        IReadOnlyList<int> skips = _grammar.SkipsOf(place.Node);
        for (int i = skips.Count - 1; i >= 0; i--)
        {
            _open.Push(new GrammarPlace(skips[i], place.Return));
        }
    }

    private GrammarFrame Frame(int node, GrammarFrame? parent)
    {
        if (!_frames.TryGetValue((node, parent), out GrammarFrame? frame))
        {
            _frames[(node, parent)] = frame = new GrammarFrame(node, parent, _frames.Count + 1);
        }

        return frame;
    }
}

/// <summary>Where to go on when a rule has ended. Two are equal when they are the same object: an automaton makes each once.</summary>
internal sealed class GrammarFrame(int node, GrammarFrame? parent, int number)
{
    public int Node => node;

    public GrammarFrame? Parent => parent;

    /// <summary>Tells frames apart where they are hashed; decides nothing.</summary>
    public override int GetHashCode() => number;
}

/// <summary>A place in the grammar.</summary>
internal readonly record struct GrammarPlace(int Node, GrammarFrame? Return);

/// <summary>All places where the reading of a text may be.</summary>
/// <param name="places">Those that take another byte.</param>
/// <param name="isComplete">Whether the text may end here.</param>
/// <param name="isAlive">Whether the text can be ended from here with tokens of single bytes.</param>
internal sealed class GrammarState(GrammarPlace[] places, bool isComplete, bool isAlive)
{
    private (bool, GrammarState?)[]? _next;

    public static IEqualityComparer<GrammarState> SamePlaces { get; } = EqualityComparer<GrammarState>.Create(
        (a, b) => a!.IsComplete == b!.IsComplete && a.Places.AsSpan().SequenceEqual(b.Places), state => state.Hash());

    public GrammarPlace[] Places => places;

    public bool IsComplete => isComplete;

    public bool IsAlive => isAlive;

    /// <summary>The tokens that may follow, once they were found.</summary>
    public TokenMask? Mask { get; set; }

    /// <summary>What is known of the state after a byte of a class.</summary>
    public ref (bool IsKnown, GrammarState? State) Next(int byteClass, int classes) => ref (_next ??= new (bool, GrammarState?)[classes])[byteClass];

    private int Hash()
    {
        uint hash = isComplete ? 1u : 0u;
        foreach (GrammarPlace place in places)
        {
            hash = (((hash ^ (uint)place.Node) * 16777619u) ^ (uint)(place.Return?.GetHashCode() ?? 0)) * 16777619u;
        }

        return (int)hash;
    }
}
