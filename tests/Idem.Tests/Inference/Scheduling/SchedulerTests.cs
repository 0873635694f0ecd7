using Idem.Inference.Scheduling;

namespace Idem.Tests.Inference.Scheduling;

/// <summary>Schedules: random ones in great number, and the rules one by one.</summary>
public class SchedulerTests
{
    [Fact]
    public void Whatever_the_schedule_everyone_gets_its_own_and_no_page_is_lost()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            Assert.Null(Record(seed));
        }

        static string? Record(int seed)
        {
            try
            {
                return SchedulerCampaign.Run(new Random(seed)) is { } wrong ? $"seed {seed}: {wrong}" : null;
            }
            catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or NullReferenceException)
            {
                return $"seed {seed}: {exception}";
            }
        }
    }

    [Fact]
    public void Full_pages_are_shared_and_a_partial_one_is_copied()
    {
        Bench bench = new(pages: 20, pageLength: 4);
        Plain first = bench.Add([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], tokens: 3);
        bench.Step();
        Plain second = bench.Add([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], tokens: 1);
        bench.Step();
        Assert.Equal((10, 1), (second.TakenOver, bench.Copies));
        Assert.Equal((3, 1), (bench.Scheduler.Pages.InUse, bench.Scheduler.Pages.Cached)); // the first one's, and the tail that the second left
        Assert.Equal(SequenceState.Ended, second.State);
        Assert.Equal(SequenceState.Running, first.State);
    }

    [Fact]
    public void Prompts_computed_side_by_side_end_in_the_same_pages()
    {
        Bench bench = new(pages: 20, pageLength: 4);
        Plain[] twins = [bench.Add([1, 2, 3, 4, 5, 6, 7, 8, 9], tokens: 9), bench.Add([1, 2, 3, 4, 5, 6, 7, 8, 9], tokens: 9)];
        bench.Step();
        Assert.Equal(0, twins[1].TakenOver); // nothing was there yet
        Assert.Equal(twins[0].Pages[..2], twins[1].Pages[..2]);
        Assert.Equal(4, bench.Scheduler.Pages.InUse);
    }

    [Fact]
    public void Pages_released_first_are_forgotten_first()
    {
        Bench bench = new(pages: 4, pageLength: 2);
        bench.Finish(bench.Add([1, 1, 1], tokens: 1));
        bench.Finish(bench.Add([2, 2, 2], tokens: 1));
        Assert.Equal(4, bench.Scheduler.Pages.Cached);
        bench.Finish(bench.Add([3, 3, 3], tokens: 1)); // takes the pages of the first
        Plain again = bench.Add([2, 2, 2, 2], tokens: 1);
        bench.Finish(again);
        Assert.Equal(3, again.TakenOver);
    }

    [Fact]
    public void Where_pages_run_out_the_last_to_begin_gives_up_its_own_and_is_the_first_to_begin_again()
    {
        Bench bench = new(pages: 5, pageLength: 2);
        Plain senior = bench.Add([1, 1], tokens: 7), junior = bench.Add([2, 2], tokens: 5), later = bench.Add([3], tokens: 1, "other");
        bench.Scheduler.Cancel(bench.Add([9], tokens: 1));
        while (junior.Preemptions == 0)
        {
            bench.Step();
        }

        Assert.Equal((0, SequenceState.Preempted), (senior.Preemptions, junior.State));
        bench.Finish(junior);
        Assert.Equal(SequenceState.Ended, senior.State);
        Assert.Equal([.. new Plain([2, 2], 5).Expected()], junior.Ids);
        bench.Finish(later);
    }

    [Fact]
    public void Clients_take_turns_however_many_requests_each_has()
    {
        Bench bench = new(pages: 40, pageLength: 4, sequencesMax: 1);
        List<Plain> greedy = [.. Enumerable.Range(0, 10).Select(i => bench.Add([1, 2, i], tokens: 4, "greedy"))];
        bench.Step();
        Plain modest = bench.Add([5], tokens: 2, "modest");
        bench.Finish(modest);
        Assert.Equal(1, greedy.Count(sequence => sequence.State == SequenceState.Ended)); // the one that ran when it came
    }

    private sealed class Bench(int pages, int pageLength, int sequencesMax = 8) : IPagedModel
    {
        public Scheduler Scheduler { get; } = new(new PagePool(pages, pageLength, pages), sequencesMax, 64);

        public int Copies { get; private set; }

        public Plain Add(int[] ids, int tokens, string client = "")
        {
            Plain sequence = new(ids, tokens, client);
            Scheduler.Add(sequence);
            return sequence;
        }

        public void Step()
        {
            Scheduler.Step(this);
            Scheduler.Verify();
        }

        public void Finish(Plain sequence)
        {
            for (int i = 0; i < 1000 && sequence.State != SequenceState.Ended; i++)
            {
                Step();
            }

            Assert.True(sequence.IsFinished);
        }

        public void Copy(int from, int to, int rows) => Copies++;

        public void Run(IReadOnlyList<BatchEntry> batch)
        {
            foreach (BatchEntry entry in batch.Where(entry => entry.Draws))
            {
                entry.Sequence.Ids.Add(entry.Sequence.Ids.Count);
            }
        }
    }

    /// <summary>Its ids after the prompt are their own indices.</summary>
    private sealed class Plain(int[] prompt, int tokens, string client = "") : Sequence
    {
        public override List<int> Ids { get; } = [.. prompt];

        public override int Begin => 0;

        public override bool IsFinished => Ids.Count == prompt.Length + tokens;

        public override string Client => client;

        public IEnumerable<int> Expected() => prompt.Concat(Enumerable.Range(prompt.Length, tokens));
    }
}
