using Idem.Inference.Constraints;
using Idem.Numerics.Random;
using Idem.Tokenizers;

namespace Idem.Server.Tests.Constraints;

/// <summary>Seeded choices.</summary>
internal sealed class RandomDraws(ulong seed)
{
    private readonly RandomStream _stream = new(seed, "test", "draws");
    private ulong _position;

    /// <summary>A number from 0 up to a limit.</summary>
    public int Below(int limit) => (int)(_stream.Bits64(_position++) % (ulong)limit);
}

/// <summary>Texts drawn under a constraint as a model without any preference would.</summary>
internal static class ConstraintWalk
{
    /// <summary>A text that ended; null where it did not within so many tokens, unless it may be cut.</summary>
    /// <param name="constraint">Over the tokenizer's vocabulary and <paramref name="padding"/> ids more.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="draws">The choices.</param>
    /// <param name="tokensMax">Tokens at most.</param>
    /// <param name="padding">Ids that the tokenizer has not; the first one ends a text.</param>
    /// <param name="cut">Whether a text that did not end is given as far as it came.</param>
    public static string? Draw(ITokenConstraint constraint, Tokenizer tokenizer, RandomDraws draws, int tokensMax, int padding, bool cut = false)
    {
        ITokenConstraintState state = constraint.Begin();
        List<int> ids = [];
        TokenMask mask = new(tokenizer.VocabularySize + padding);
        while (ids.Count < tokensMax)
        {
            mask.Clear();
            if (!state.Allow(mask))
            {
                return tokenizer.Decode(ids.ToArray());
            }

            int[] allowed = [.. Enumerable.Range(0, mask.Vocabulary).Where(mask.IsAllowed)];
            Assert.NotEmpty(allowed);

            // What closes is likelier than chance makes it, so that texts end.
            int[] closing = [.. allowed.Where(id => id >= tokenizer.VocabularySize || tokenizer.IdToToken(id) is "\"" or "]" or "}")];
            int drawn = closing.Length > 0 && draws.Below(3) == 0 ? closing[^1] : allowed[draws.Below(allowed.Length)];
            if (drawn >= tokenizer.VocabularySize)
            {
                return tokenizer.Decode(ids.ToArray());
            }

            state.Append(drawn);
            ids.Add(drawn);
        }

        return cut ? tokenizer.Decode(ids.ToArray()) : null;
    }
}
