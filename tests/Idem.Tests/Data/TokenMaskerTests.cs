using Idem.Data;
using Idem.Numerics.Random;
using Idem.Tests.Training;
using Idem.Tokenizers;

namespace Idem.Tests.Data;

/// <summary>Which tokens are hidden, and how: the definition's addresses, Transformers' shares.</summary>
public class TokenMaskerTests
{
    private const int Letters = 5; // the first id that is not special

    private static readonly RandomStream Stream = new(1337, "mask", "train");

    private readonly TokenMasker _masker = new(Tokenizer.Parse(TinyBert.TokenizerJson, "tokenizer.json"), TinyBert.Mask);

    /// <summary>Computed by a program of its own, from the words of arithmetic.md.</summary>
    [Fact]
    public void Known_masks()
    {
        int[] window = [2, .. Enumerable.Range(0, 60).Select(i => Letters + (i % 56)), 3];
        Assert.Equal([(21, 25, 4), (27, 31, 4), (44, 48, 4), (45, 49, 54), (49, 53, 4), (59, 7, 4)], Hidden(window, Stream, 0, 1));
        Assert.Equal([(2, 6, 4), (6, 10, 4), (14, 18, 4), (15, 19, 4), (16, 20, 4), (18, 22, 4), (40, 44, 4), (48, 52, 4), (56, 60, 4)], Hidden(window, Stream, 3, 7));

        // Five ids, of which none is drawn: the one with the least word is the target.
        Assert.Equal([(2, 6, 60)], Hidden([.. window[..5], 3], new RandomStream(0, "mask", "validation"), 2, 0));
    }

    [Fact]
    public void Shares_are_those_of_Transformers_and_special_tokens_stay()
    {
        const int Length = 500, Windows = 2000;
        Random random = new(1);
        int[] drawn = new int[TinyBert.Vocabulary];
        long candidates = 0, targets = 0, masked = 0, changed = 0;
        int[] ids = new int[Length], labels = new int[Length];
        for (int w = 0; w < Windows; w++)
        {
            int[] window = [.. Enumerable.Range(0, Length).Select(_ => random.Next(TinyBert.Vocabulary))];
            window.CopyTo(ids, 0);
            _masker.Hide(Stream, (uint)w, 1, ids, labels);
            for (int t = 0; t < Length; t++)
            {
                if (labels[t] == TokenMasker.NoTarget)
                {
                    Assert.Equal(window[t], ids[t]);
                    candidates += window[t] >= Letters ? 1 : 0;
                    continue;
                }

                Assert.True(window[t] >= Letters);
                Assert.Equal(window[t], labels[t]);
                candidates++;
                targets++;
                masked += ids[t] == TinyBert.Mask ? 1 : 0;
                if (ids[t] != window[t] && ids[t] != TinyBert.Mask)
                {
                    changed++;
                    drawn[ids[t]]++;
                }
            }
        }

        // A random token is the mask or the token itself once in V each.
        const double V = TinyBert.Vocabulary;
        AssertShare(0.15, targets, candidates);
        AssertShare(0.8 + (0.1 / V), masked, targets);
        AssertShare(0.1 * (V - 2) / V, changed, targets);
        for (int id = 0; id < TinyBert.Vocabulary; id++)
        {
            AssertShare(id == TinyBert.Mask ? 0 : 1 / (V - 1), drawn[id], changed);
        }
    }

    [Fact]
    public void Every_window_has_a_target_unless_all_is_special()
    {
        for (uint w = 0; w < 200; w++)
        {
            int[] labels = new int[3];
            _masker.Hide(Stream, w, 1, [TinyBert.Cls, 9, TinyBert.Sep], labels);
            Assert.Equal([TokenMasker.NoTarget, 9, TokenMasker.NoTarget], labels);
            int[] ids = [0, 1, 2, 3, 4];
            _masker.Hide(Stream, w, 1, ids, labels = new int[5]);
            Assert.Equal([0, 1, 2, 3, 4], ids);
            Assert.Equal(5, labels.Count(label => label == TokenMasker.NoTarget));
        }
    }

    [Fact]
    public void The_mask_is_a_special_token_of_that_name()
    {
        Assert.Equal(TinyBert.Mask, TokenMasker.MaskIdOf(Tokenizer.Parse(TinyBert.TokenizerJson, "tokenizer.json")));
        Assert.Null(TokenMasker.MaskIdOf(Tokenizer.Parse(TinyBert.TokenizerWithoutMaskJson, "tokenizer.json"))); // a piece of the vocabulary is none
    }

    private (int Position, int Label, int Id)[] Hidden(int[] window, RandomStream stream, uint a, uint b)
    {
        int[] ids = [.. window], labels = new int[ids.Length];
        _masker.Hide(stream, a, b, ids, labels);
        return [.. Enumerable.Range(0, ids.Length).Where(t => labels[t] != TokenMasker.NoTarget).Select(t => (t, labels[t], ids[t]))];
    }

    // Within five standard deviations.
    private static void AssertShare(double expected, long count, long all) =>
        Assert.True(Math.Abs(count - (expected * all)) <= 5 * Math.Sqrt(all * expected * (1 - expected)), $"{count} of {all}, expected a share of {expected}");
}
