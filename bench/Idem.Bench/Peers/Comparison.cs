// A peer and us, sample by sample in turn: A B, B A, A B, ... with the FMA peak probed around every round. A round during which
// the peak fell is thrown away. Reported are the medians of the kept rounds and the median of their ratios.

using System.Globalization;
using Idem.Benchmarks;
using Idem.Numerics;

namespace Idem.Bench.Peers;

internal static class Comparison
{
    private const int ThreadsSettleMilliseconds = 30; // OpenMP's workers spin a while after their work

    public static int Run(string[] args)
    {
        ComparisonOptions options = ComparisonOptions.Parse(args);
        PeakProbe probe = new(new Compute(SimdPaths.Widest, options.Threads));
        foreach (string group in options.Groups)
        {
            // A pair of processes for each group, so that a group's peak memory is its own.
            using Side idem = Side.Idem(options.Threads), peer = Side.Peer(options.Command, options.Threads);
            foreach (ComparedCase compared in ComparedCase.Group(group))
            {
                Console.WriteLine(Compare(options, probe, idem, peer, compared));
            }
        }

        return 0;
    }

    private static string Compare(ComparisonOptions options, PeakProbe probe, Side idem, Side peer, ComparedCase compared)
    {
        idem.Ask($"prepare {compared.Name}");
        peer.Ask($"prepare {compared.Name}");
        List<(double Idem, double Peer)> kept = [], all = [];
        double before = probe.Measure();
        while (kept.Count < options.Rounds && all.Count < 3 * options.Rounds)
        {
            bool first = all.Count % 2 == 0;
            double one = Sample(first ? idem : peer, options), other = Sample(first ? peer : idem, options);
            double after = probe.Measure();
            all.Add(first ? (one, other) : (other, one));
            if (!probe.IsDisturbed(before, after))
            {
                kept.Add(all[^1]);
            }

            before = after;
        }

        bool disturbed = kept.Count < Math.Min(3, options.Rounds);
        List<(double Idem, double Peer)> rounds = disturbed ? all : kept;
        double ours = compared.Value(Median(rounds.Select(round => round.Idem))), theirs = compared.Value(Median(rounds.Select(round => round.Peer)));
        double ratio = Median(rounds.Select(round => round.Peer / round.Idem));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {compared.Name,-30} | {options.Threads} | {ours,9:F1} | {theirs,9:F1} | {compared.Unit,-8} | {ratio,5:F2} | {idem.Ask("memory"),5} | {peer.Ask("memory"),5} | {probe.Best,4:F0} |{(disturbed ? " disturbed |" : "")}");
    }

    private static double Sample(Side side, ComparisonOptions options)
    {
        Thread.Sleep(ThreadsSettleMilliseconds);
        return side.Sample(options.Seconds);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}

/// <param name="Threads">Threads of both sides.</param>
/// <param name="Groups">Groups of cases.</param>
/// <param name="Rounds">Rounds to keep of each case.</param>
/// <param name="Seconds">Seconds of a sample, at least one call.</param>
/// <param name="Command">The peer's command.</param>
internal sealed record ComparisonOptions(int Threads, IReadOnlyList<string> Groups, int Rounds, double Seconds, IReadOnlyList<string> Command)
{
    public const string Usage = "Idem.Bench compare [--threads N] [--groups A,B] [--rounds N] [--seconds S] -- PEER COMMAND...";

    public static ComparisonOptions Parse(string[] args)
    {
        ComparisonOptions options = new(1, [.. ComparedCase.DefaultGroups], 7, 0.15, []);
        int separator = Array.IndexOf(args, "--");
        if (separator < 0 || separator == args.Length - 1)
        {
            throw new ArgumentException("usage: " + Usage);
        }

        for (int i = 1; i + 1 < separator; i += 2)
        {
            options = args[i] switch
            {
                "--threads" => options with { Threads = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--groups" => options with { Groups = args[i + 1].Split(',') },
                "--rounds" => options with { Rounds = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"unknown option {args[i]}; usage: {Usage}"),
            };
        }

        return options with { Command = args[(separator + 1)..] };
    }
}
