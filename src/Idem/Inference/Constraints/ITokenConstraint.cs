// What a continuation may consist of, token by token: constrained decoding. A constraint is a description, the same for everyone who
// asks; what it has seen of one continuation is its state. It decides from ids alone, so that it gives the same answers wherever and
// whenever they are asked: no clocks, no randomness, nothing of other continuations.

namespace Idem.Inference.Constraints;

/// <summary>Restricts the tokens of a continuation. Immutable: one object may serve any number of continuations at once.</summary>
public interface ITokenConstraint
{
    /// <summary>What sort of constraint it is, such as <c>json_schema</c>; with <see cref="Definition"/> it says everything that decides what is allowed.</summary>
    string Kind { get; }

    /// <summary>The text that it was made from, such as the schema. It is part of what decides a result.</summary>
    string Definition { get; }

    /// <summary>The state of a continuation without tokens.</summary>
    ITokenConstraintState Begin();
}

/// <summary>How far one continuation has come. Asked by one thread at a time.</summary>
public interface ITokenConstraintState
{
    /// <summary>Allows the tokens that may come next; the mask comes with none allowed.</summary>
    /// <param name="mask">Over the model's vocabulary, which may be larger than the tokenizer's. The ids that end the continuation
    /// (<see cref="SamplingSettings.StopIds"/>) are tokens like others: allow them where the text may end.</param>
    /// <returns>False where the text is complete and nothing can follow: the continuation then ends as if a stop id had been drawn.</returns>
    bool Allow(TokenMask mask);

    /// <summary>Takes the token that was drawn, one that it allowed.</summary>
    void Append(int id);
}
