using System.Globalization;
using Idem.Inference.Scheduling;

namespace Idem.Tests.Inference.Scheduling;

/// <summary>
/// Random schedules with a model that costs nothing: what it leaves at a position is a digest of the ids up to there, made from what it
/// finds in the page before it, and the ids it draws follow from that. So a page that was shared wrongly, taken too early or written
/// twice changes the ids of a sequence.
/// </summary>
internal static class SchedulerCampaign
{
    private const int Vocabulary = 7;

    /// <summary>One random case.</summary>
    /// <returns>What went wrong, or null.</returns>
    public static string? Run(Random random)
    {
        int pageLength = random.Next(1, 9), longest = random.Next(pageLength, 60), context = random.Next(4) == 0 ? random.Next(4, longest + 4) : int.MaxValue;
        int fewest = ((context == int.MaxValue ? longest : Math.Min(2 * longest, context)) + pageLength - 1) / pageLength, sequencesMax = random.Next(1, 9);
        PagePool pages = new(random.Next(fewest, (fewest * 4) + 2), pageLength, random.Next(3) == 0 ? 0 : random.Next(1, 40));
        Scheduler scheduler = new(pages, sequencesMax, random.Next(1, 25));
        FakeModel model = new(pages, context);
        FakeSequence[] sequences = Sequences(random, longest, context);
        int next = 0, pause = random.Next(1, 5);
        while (next < sequences.Length || scheduler.HasWork)
        {
            while (next < sequences.Length && random.Next(pause) == 0)
            {
                scheduler.Add(sequences[next++]);
            }

            if (random.Next(6) == 0 && next > 0)
            {
                FakeSequence victim = sequences[random.Next(next)];
                scheduler.Cancel(victim);
                victim.IsCancelled |= !victim.IsFinished;
            }

            if (Step(scheduler, model, sequencesMax, longest, sequences.All(sequence => sequence.Before is null)) is { } wrong)
            {
                return wrong;
            }
        }

        pages.Verify([]);
        return sequences.Select(Answer).FirstOrDefault(answer => answer is not null);
    }

    private static FakeSequence[] Sequences(Random random, int longest, int context)
    {
        int[] common = [.. Enumerable.Range(0, longest).Select(_ => random.Next(Vocabulary))];
        FakeSequence? first = null;
        bool depend = random.Next(2) == 0; // then a client may be passed over, and the bound of fairness does not hold
        return [.. Enumerable.Range(0, random.Next(1, 30)).Select(i =>
        {
            int length = random.Next(1, longest), shared = random.Next(length + 1);
            int[] prompt = [.. common.Take(shared), .. Enumerable.Range(0, length - shared).Select(_ => random.Next(Vocabulary))];
            int most = context == int.MaxValue ? longest - length : random.Next(1, longest);
            return first = new FakeSequence(prompt, random.Next(1, most + 1), $"client {random.Next(4)}", context)
            {
                Takes = random.Next(8) > 0, Most = random.Next(6) == 0 ? random.Next(1, 5) : int.MaxValue, Before = depend && random.Next(4) == 0 ? first : null,
            };
        })];
    }

    private static string? Step(Scheduler scheduler, FakeModel model, int sequencesMax, int longest, bool isFair)
    {
        bool hasWork = scheduler.HasWork;
        bool wasComputed = scheduler.Step(model);
        if (hasWork != wasComputed)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"nothing was computed of {scheduler.Running.Count} running, {scheduler.Preempted.Count} preempted and {scheduler.Queue.Count} waiting; {scheduler.Pages.Available} of {scheduler.Pages.Count} pages were available");
        }

        scheduler.Verify();
        if (wasComputed && scheduler.Running.Concat(scheduler.Preempted).Any(sequence => sequence.Seniority < scheduler.Batch.Min(entry => entry.Sequence.Seniority)))
        {
            return "the most senior sequence stood still";
        }

        // Nobody's count may run away from another's while both wait.
        long[] served = [.. scheduler.Queue.Waiting().Select(client => client.Served)];
        long most = longest + (sequencesMax * (long)longest);
        return served.Length > 1 && isFair && served.Max() - served.Min() > most
            ? string.Create(CultureInfo.InvariantCulture, $"clients that wait had {served.Min()} and {served.Max()} positions, more than {most} apart")
            : model.Wrong;
    }

    private static string? Answer(FakeSequence sequence, int index)
    {
        List<int> expected = sequence.Alone();
        IEnumerable<int> drawn = sequence.Ids.Skip(sequence.PromptLength);
        bool isRight = sequence.IsCancelled ? drawn.SequenceEqual(expected.Take(sequence.Drawn)) : drawn.SequenceEqual(expected);
        return isRight && sequence.State == SequenceState.Ended && sequence.Pages.Count == 0
            ? null
            : $"sequence {index} ({sequence.State}) drew {string.Join(' ', drawn)}, not {string.Join(' ', expected)}";
    }

    private static ulong Mix(ulong state, int id)
    {
        ulong x = unchecked((state ^ (ulong)(id + 1)) * 0x9E3779B97F4A7C15);
        return unchecked((x ^ (x >> 29)) * 0xBF58476D1CE4E5B9);
    }

    private sealed class FakeSequence(int[] prompt, int maxTokens, string client, int context) : Sequence
    {
        private int _begin = Math.Max(0, prompt.Length - context);

        public override List<int> Ids { get; } = [.. prompt];

        public override int Begin => _begin;

        public override bool IsFinished => Drawn == maxTokens || (Drawn > 0 && Ids[^1] == 0);

        public override string Client => client;

        public override bool TakesPrefixes => Takes;

        public override int PositionsMax => Most;

        public override bool IsReady => Before is null || Before.IsCancelled || Before.Drawn > 0;

        public bool Takes { get; init; }

        public int Most { get; init; }

        public FakeSequence? Before { get; init; }

        public int PromptLength => prompt.Length;

        public int Drawn => Ids.Count - prompt.Length;

        public bool IsCancelled { get; set; }

        public void Draw(ulong state)
        {
            Ids.Add((int)(state % Vocabulary));
            _begin = Math.Max(_begin, Ids.Count - context);
        }

        public List<int> Alone()
        {
            FakeSequence alone = new(prompt, maxTokens, client, context);
            while (!alone.IsFinished)
            {
                ulong state = 0;
                foreach (int id in alone.Ids[alone.Begin..])
                {
                    state = Mix(state, id);
                }

                alone.Draw(state);
            }

            return alone.Ids[prompt.Length..];
        }
    }

    private sealed class FakeModel(PagePool pages, int context) : IPagedModel
    {
        private readonly ulong[][] _memory = [.. Enumerable.Range(0, pages.Count).Select(_ => new ulong[pages.PageLength])];

        public string? Wrong { get; private set; }

        public void Copy(int from, int to, int rows) => _memory[from].AsSpan(0, rows).CopyTo(_memory[to]);

        public void Run(IReadOnlyList<BatchEntry> batch)
        {
            if (batch.Select(entry => entry.Sequence).Distinct().Count() != batch.Count)
            {
                Wrong = "a sequence is in the batch twice";
            }

            foreach (BatchEntry entry in batch)
            {
                FakeSequence sequence = (FakeSequence)entry.Sequence;
                if (sequence.IsFinished || sequence.IsCancelled || sequence.Ids.Count - sequence.Begin > context || entry.Count < 1 || entry.Count > sequence.PositionsMax)
                {
                    Wrong = "a sequence is computed that has ended, or too much of it";
                    continue;
                }

                ulong state = 0;
                for (int i = 0; i < entry.Count; i++)
                {
                    int position = sequence.Computed + i;
                    state = position == 0 ? 0 : At(sequence, position - 1);
                    state = Mix(state, sequence.Ids[sequence.Begin + position]);
                    if (pages.Holders(sequence.Pages[position / pages.PageLength]) != 1)
                    {
                        Wrong = "a page is written to that others hold";
                    }

                    At(sequence, position) = state;
                }

                if (entry.Draws)
                {
                    sequence.Draw(state);
                }
            }
        }

        private ref ulong At(Sequence sequence, int position) => ref _memory[sequence.Pages[position / pages.PageLength]][position % pages.PageLength];
    }
}
