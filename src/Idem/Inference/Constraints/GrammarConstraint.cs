// Holds a continuation to a grammar: the tokens that may come next are those whose bytes a text of the grammar may go on with, and after
// which it can still be ended. So whoever is not cut off by a limit writes a text of the grammar. All continuations share one automaton,
// which grows as they go; when it has grown large it is replaced, and a continuation then reads its bytes again.

namespace Idem.Inference.Constraints;

internal sealed class GrammarConstraint(string kind, string definition, Grammar grammar, ConstraintVocabulary vocabulary) : ITokenConstraint
{
    // Masks are large: of a vocabulary of 150,000 tokens these are 5 MB.
    private const int MasksMax = 256;

    private readonly Lock _gate = new();
    private readonly ConstraintVocabulary _vocabulary = vocabulary;
    private readonly List<GrammarState> _masked = [];
    private GrammarAutomaton _automaton = new(grammar);

    public string Kind => kind;

    public string Definition => definition;

    public ITokenConstraintState Begin() => new Progress(this);

    private GrammarAutomaton CurrentAutomaton()
    {
        if (_automaton.IsFull)
        {
            _automaton = new GrammarAutomaton(grammar);
            _masked.Clear();
        }

        return _automaton;
    }

    private TokenMask MaskOf(GrammarState state, TokenTree tokens)
    {
        if (tokens != _vocabulary.Later)
        {
            return Walk(state, tokens); // once in a text
        }

        if (state.Mask is null)
        {
            if (_masked.Count == MasksMax)
            {
                _masked.ForEach(old => old.Mask = null);
                _masked.Clear();
            }

            state.Mask = Walk(state, tokens);
            _masked.Add(state);
        }

        return state.Mask;
    }

    private TokenMask Walk(GrammarState state, TokenTree tokens)
    {
        TokenMask mask = new(_vocabulary.Size);
        GrammarState[] at = new GrammarState[tokens.DepthMax + 1];
        at[0] = state;
        for (int i = 0; i < tokens.Count;)
        {
            ref readonly TokenTree.Node node = ref tokens[i];
            if (_automaton.Step(at[node.Depth - 1], node.Value) is not { } next)
            {
                i = node.End;
                continue;
            }

            at[node.Depth] = next;
            if (next.IsAlive)
            {
                foreach (int id in tokens.IdsAt(i))
                {
                    mask.Allow(id);
                }
            }

            i++;
        }

        if (state.IsComplete)
        {
            foreach (int id in _vocabulary.StopIds)
            {
                mask.Allow(id);
            }
        }

        return mask;
    }

    private sealed class Progress(GrammarConstraint constraint) : ITokenConstraintState
    {
        private readonly List<byte> _bytes = [];
        private GrammarAutomaton? _automaton;
        private GrammarState? _state;
        private bool _hasBegun;

        private TokenTree Tokens => _hasBegun ? constraint._vocabulary.Later : constraint._vocabulary.First;

        public bool Allow(TokenMask mask)
        {
            lock (constraint._gate)
            {
                GrammarState state = CurrentState();
                if (state.Places.Length == 0)
                {
                    return false; // whole, and nothing can follow
                }

                mask.Add(constraint.MaskOf(state, Tokens));
                return mask.Count > 0; // nothing: whole, no id ends a text, and the vocabulary lacks what could follow
            }
        }

        public void Append(int id)
        {
            lock (constraint._gate)
            {
                GrammarState state = CurrentState();
                byte[] bytes = id < Tokens.BytesOf.Count ? Tokens.BytesOf[id] : [];
                _state = Read(state, bytes);
                _bytes.AddRange(bytes);
                _hasBegun = true;
            }
        }

        private GrammarState CurrentState()
        {
            GrammarAutomaton automaton = constraint.CurrentAutomaton();
            if (_automaton != automaton || _state is null)
            {
                _automaton = automaton;
                _state = Read(automaton.Start, _bytes);
            }

            return _state;
        }

        private GrammarState Read(GrammarState state, IEnumerable<byte> bytes)
        {
            foreach (byte value in bytes)
            {
                state = _automaton!.Step(state, value) ?? throw new InvalidOperationException($"the token that was drawn is not one that the {constraint.Kind} allows");
            }

            return state;
        }
    }
}
