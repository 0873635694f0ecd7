// What of a window of ids is asked for in masked language modelling, and what stands in its place (docs/arithmetic.md#masked-tokens): the
// choices of Transformers' DataCollatorForLanguageModeling, each drawn at an address of its own. Integers only.
// What may never change: which word of which block decides what, and the three thresholds.

using Idem.Numerics.Random;
using Idem.Tokenizers;

namespace Idem.Data;

/// <summary>Chooses targets among ids, and hides them.</summary>
internal sealed class TokenMasker
{
    /// <summary>The label of a position that is no target.</summary>
    public const int NoTarget = -100;

    private const uint TargetBelow = 644245094;      // 0.15 * 2^32, rounded to nearest
    private const uint MaskBelow = 3435973837;       // 0.8 * 2^32, rounded to nearest
    private const uint RandomTokenBelow = 3865470566; // 0.9 * 2^32, rounded to nearest

    private static readonly string[] MaskTokens = ["[MASK]", "<mask>"];

    private readonly bool[] _isSpecial;
    private readonly int _maskId;

    /// <param name="tokenizer">Says which ids are special.</param>
    /// <param name="maskId">The id that stands for a hidden token.</param>
    public TokenMasker(Tokenizer tokenizer, int maskId)
    {
        _isSpecial = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.IsSpecial)];
        _maskId = maskId;
    }

    /// <summary>A tokenizer's special token [MASK], else &lt;mask&gt;, else null.</summary>
    public static int? MaskIdOf(Tokenizer tokenizer) =>
        MaskTokens.Select(token => tokenizer.AddedTokens.FirstOrDefault(added => added.Special && added.Content == token)?.Id).FirstOrDefault(id => id is not null);

    /// <summary>Whether an id may be a target: it is no special token.</summary>
    public bool MayBeTarget(int id) => !_isSpecial[id];

    /// <summary>
    /// Hides tokens of one window. At position t, the block at (t, a, b) of the stream has words W0 to W3: t is a target if W0 is below 0.15 * 2^32
    /// (where none is, the one with the least W0, of equal ones the first); a target becomes the mask if W1 is below 0.8 * 2^32, else the token
    /// floor((W3 * 2^32 + W2) * V / 2^64) if W1 is below 0.9 * 2^32, else it stays. Special tokens are never targets.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="a">The third word of the counter: which window.</param>
    /// <param name="b">The fourth word of the counter: which step.</param>
    /// <param name="ids">The window; targets are replaced.</param>
    /// <param name="labels">Receives each target's id, and <see cref="NoTarget"/> elsewhere.</param>
    public void Hide(RandomStream stream, uint a, uint b, Span<int> ids, Span<int> labels)
    {
        int nearest = -1;
        uint least = 0;
        bool hasTarget = false;
        for (int t = 0; t < ids.Length; t++)
        {
            labels[t] = NoTarget;
            if (_isSpecial[ids[t]])
            {
                continue;
            }

            PhiloxBlock block = stream.Block((ulong)t, a, b);
            if (block.W0 < TargetBelow)
            {
                hasTarget = true;
                Hide(block, ref ids[t], out labels[t]);
            }
            else if (nearest < 0 || block.W0 < least)
            {
                (nearest, least) = (t, block.W0);
            }
        }

        if (!hasTarget && nearest >= 0)
        {
            Hide(stream.Block((ulong)nearest, a, b), ref ids[nearest], out labels[nearest]);
        }
    }

    private void Hide(PhiloxBlock block, ref int id, out int label)
    {
        label = id;
        if (block.W1 < MaskBelow)
        {
            id = _maskId;
        }
        else if (block.W1 < RandomTokenBelow)
        {
            id = (int)Math.BigMul(((ulong)block.W3 << 32) | block.W2, (ulong)_isSpecial.Length, out _);
        }
    }
}
