// Receipts of random generations: each verifies, and with one random change is rejected for the right reason.

using System.Diagnostics;
using System.Globalization;
using Idem.Tests.Models;
using Idem.Tests.Verification;

namespace Idem.Conformance;

internal static class ReceiptSweep
{
    public const string Usage = "receipts [cases] [seed]";

    public static int Run(string[] args)
    {
        int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        using ReceiptCampaign campaign = new();
        long begin = Stopwatch.GetTimestamp();
        int wrong = 0;
        for (int i = 0; i < cases; i++)
        {
            string name = TinyDecoders.Names[i % TinyDecoders.Names.Count];
            if (campaign.Run(name, new Random(unchecked((seed * 1_000_003) + (i * 7919)))) is { } difference)
            {
                wrong++;
                Console.WriteLine($"WRONG case {i} ({name}): {difference}");
            }

            if ((i + 1) % 500 == 0)
            {
                Console.WriteLine($"{i + 1} cases, {wrong} wrong, {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s");
            }
        }

        foreach ((string field, int count) in campaign.Named)
        {
            Console.WriteLine($"  {count,6} {field}");
        }

        Console.WriteLine($"{campaign.Accepted} receipts verified; changed ones: {campaign.Rejected} rejected, {campaign.StillTrue} still true and accepted");
        Console.WriteLine(wrong == 0 ? $"{cases} cases, none wrong" : $"FAILED: {wrong} of {cases} cases");
        return wrong == 0 ? 0 : 3;
    }
}
