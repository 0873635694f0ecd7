using Idem.Numerics.Kernels;

namespace Idem.Tests.Kernels;

/// <summary>The draw, step by step as arithmetic.md#sampling states it, against a second program written from that text.</summary>
public class SamplingTests
{
    private static readonly SamplingParameters All = new(1f, 0, 1f);

    [Fact]
    public void GreedyTakesTheLargestAndOfEqualsTheLowestId()
    {
        Assert.Equal(2, Sampling.ArgMax([1f, -5f, 3f, 3f]));
        Assert.Equal(0, Sampling.ArgMax([-0f, 0f]));
        Assert.Equal(1, Sampling.ArgMax([float.NegativeInfinity, -3f, float.NegativeInfinity]));
        Assert.Equal(2, Sampling.Draw([1f, -5f, 3f, 3f], SamplingParameters.Greedy, (1UL << 48) - 1));
    }

    [Fact]
    public void DrawsAsStated()
    {
        Random random = new(3);
        for (int round = 0; round < 3000; round++)
        {
            float[] logits = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(8) switch
            {
                0 => 0f,
                1 => -0f,
                2 => 1.5f,
                3 => float.NegativeInfinity,
                _ => (float)((random.NextDouble() * 20) - 10),
            })];
            logits[random.Next(logits.Length)] = 2f;
            SamplingParameters parameters = new(random.Next(3) switch { 0 => 1f, 1 => 0.7f, _ => 3f }, random.Next(4) * 5, random.Next(2) == 0 ? 1f : 0.1f + (0.8f * random.NextSingle()), random.Next(3) == 0 ? random.NextSingle() : 0f);
            ulong uniform = random.Next(5) switch { 0 => 0, 1 => (1UL << 48) - 1, _ => (ulong)random.NextInt64(1L << 48) };
            Assert.Equal(Stated(logits, parameters, uniform), Sampling.Draw(logits, parameters, uniform));
        }
    }

    [Fact]
    public void TruncationKeepsTheBestRanked()
    {
        float[] logits = [0f, 4f, 2f, 3f, 1f];
        const ulong Last = (1UL << 48) - 1;
        Assert.Equal(0, Sampling.Draw(logits, All, Last));
        Assert.Equal(1, Sampling.Draw(logits, All, 0));
        Assert.Equal(3, Sampling.Draw(logits, All with { TopK = 2 }, Last));
        Assert.Equal(1, Sampling.Draw(logits, All with { TopP = 0.5f }, Last)); // the best alone has more than half
        Assert.Equal(3, Sampling.Draw(logits, All with { TopP = 0.7f }, Last));
    }

    [Fact]
    public void WhatCannotBeDrawnFromIsRefused()
    {
        Assert.Contains("token 1 is NaN", Assert.Throws<ArgumentException>(() => Sampling.Draw([1f, float.NaN], All, 0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Sampling.ArgMax([]));
        foreach (SamplingParameters wrong in new[] { All with { Temperature = -1f }, All with { Temperature = float.NaN }, All with { TopK = -1 }, All with { TopP = 0f }, All with { TopP = 1.5f }, All with { MinP = -0.1f }, All with { MinP = float.NaN } })
        {
            Assert.Throws<ArgumentException>(() => Sampling.Draw([1f], wrong, 0));
        }
    }

    [Fact]
    public void LargeVocabulariesRankAlike()
    {
        Random random = new(4);
        float[] logits = [.. Enumerable.Range(0, 20_000).Select(i => i % 7 == 0 ? random.Next(-3, 3) : (float)((random.NextDouble() * 30) - 15))];
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id] + 0f).ThenBy(id => id)];
        foreach (int count in new[] { 1, 40, 2047, 2048, 5000, logits.Length })
        {
            int[] best = new int[count];
            Sampling.Best(logits, best);
            Assert.Equal(sorted[..count], best);
        }

        for (int round = 0; round < 20; round++)
        {
            SamplingParameters parameters = new(1.3f, round % 3 * 50, round % 2 == 0 ? 1f : 0.9f);
            ulong uniform = (ulong)random.NextInt64(1L << 48);
            Assert.Equal(Stated(logits, parameters, uniform), Sampling.Draw(logits, parameters, uniform));
        }
    }

    [Fact]
    public void TheFewThatCanMatterGiveTheDefinitionsDraw()
    {
        Random random = new(11);
        int undecided = 0;
        const int Cases = 6000;
        for (int i = 0; i < Cases; i++)
        {
            float[] logits = RandomLogits(random);
            SamplingParameters parameters = new(
                random.Next(4) switch { 0 => 1f, 1 => 0.3f, 2 => 5f, _ => 0.01f },
                random.Next(3) == 0 ? random.Next(1, 100) : 0,
                random.Next(3) == 0 ? random.NextSingle() + 1e-6f : 1f,
                random.Next(3) == 0 ? random.NextSingle() * random.NextSingle() : 0f);
            ulong uniform = random.Next(10) switch { 0 => 0, 1 => (1UL << Sampling.UniformBits) - 1, _ => (ulong)random.NextInt64(1L << Sampling.UniformBits) };
            int expected = Sampling.DrawFromAll(logits, parameters with { TopP = Math.Min(1f, parameters.TopP) }, uniform);
            int head = SamplingHead.Draw(logits, parameters with { TopP = Math.Min(1f, parameters.TopP) }, uniform);
            undecided += head == SamplingHead.Undecided ? 1 : 0;
            Assert.True(head == expected || head == SamplingHead.Undecided, $"case {i}: {head}, not {expected}, of {logits.Length} at {parameters} and {uniform}");
        }

        Assert.InRange(undecided, 1, Cases / 5); // infinite maxima, draws at an edge
    }

    // Of all sorts: spread, flat, equal in groups, with infinities, huge.
    private static float[] RandomLogits(Random random)
    {
        float spread = random.Next(5) switch { 0 => 0f, 1 => 0.1f, 2 => 3f, 3 => 30f, _ => 1e38f };
        int steps = random.Next(3) == 0 ? 5 : 0;
        float[] logits = [.. Enumerable.Range(0, random.Next(1, random.Next(20) == 0 ? 20_000 : 300)).Select(_ =>
        {
            float x = ((random.NextSingle() * 2) - 1) * spread;
            return steps == 0 ? x : MathF.Round(x * steps) / steps;
        })];
        if (random.Next(6) == 0)
        {
            logits[random.Next(logits.Length)] = random.Next(3) == 0 ? float.PositiveInfinity : float.NegativeInfinity;
        }

        return logits;
    }

    [Fact]
    public void PenaltiesLowerWhatOccurred()
    {
        LogitPenalties penalties = new(2f, 0.25f, 0.5f);
        Assert.Equal(1.5f, penalties.Apply(3f, 0));
        Assert.Equal(-6f, penalties.Apply(-3f, 0));
        Assert.Equal(1.5f - (3 * 0.25f) - 0.5f, penalties.Apply(3f, 3));
        Assert.Equal(3f, LogitPenalties.None.Apply(3f, 9));
        Assert.Throws<ArgumentException>(() => (penalties with { Repetition = -1f }).Validate());
    }

    private static int Stated(float[] z, SamplingParameters parameters, ulong uniform)
    {
        float[] y = [.. z.Select(logit => (logit / parameters.Temperature) + 0f)];
        int[] ranks = [.. Enumerable.Range(0, z.Length).OrderByDescending(id => y[id]).ThenBy(id => id)];
        ranks = parameters.TopK == 0 ? ranks : [.. ranks.Take(parameters.TopK)];
        double[] c = new double[ranks.Length];
        int probable = 0;
        for (int r = 0; r < ranks.Length; r++)
        {
            float w = y[ranks[r]] == y[ranks[0]] ? 1f : Idem.Numerics.Functions.Float32.Exp(y[ranks[r]] - y[ranks[0]]);
            c[r] = (r == 0 ? 0 : c[r - 1]) + w;
            probable = w >= parameters.MinP ? r : probable;
        }

        int last = parameters.TopP < 1f ? Array.FindIndex(c, sum => sum >= parameters.TopP * c[^1]) : c.Length - 1;
        last = Math.Min(last, probable);
        double u = uniform * Math.ScaleB(1, -48) * c[last];
        int drawn = Array.FindIndex(c, 0, last + 1, sum => sum > u);
        return ranks[drawn < 0 ? last : drawn];
    }
}
