// Seeded requests at a server with little memory, 1 to 64 at once: each answer's receipt must be that of the request alone.

using System.Diagnostics;
using System.Globalization;
using Idem.Inference;
using Idem.Numerics.Kernels;
using Idem.Server;
using Idem.Server.Tests.Load;
using Idem.Server.Tests.Support;
using Idem.Tests.Support;

namespace Idem.Conformance;

internal static class ServeSweep
{
    public const string Usage = "serve [requests] [seed]";

    private const int Part = 250, TokensMax = 40;

    private static readonly int[] AtOnce = [1, 2, 4, 8, 16, 32, 64];

    public static int Run(string[] args)
    {
        int requests = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000;
        ulong seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        return RunAsync(requests, seed).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(int requests, ulong seed)
    {
        using TemporaryFolder folder = new();
        ServedModel model = new(ModelFolder.Load(SmallModel.Write(folder, SmallModel.Create(ends: true)), PackedDtype.Float32), new ServedModelSettings { Name = "tiny" });
        EngineSettings narrow = new() { MaxSequences = 12, MaxBatchedTokens = 40, PageLength = 16, KvPositions = SmallModel.Context };
        await using IdemServer server = await IdemServer.StartAsync(model, narrow, new ServerSettings { Port = 0, Report = Console.Error.WriteLine });
        using HttpClient http = new() { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(5) };
        ServeCampaign campaign = new(model, http, seed, TokensMax);
        long begin = Stopwatch.GetTimestamp();
        for (int from = 0; from < requests; from += Part)
        {
            int atOnce = AtOnce[from / Part % AtOnce.Length];
            await campaign.RunAsync(Enumerable.Range(from, Math.Min(Part, requests - from)), atOnce);
            Console.WriteLine(FormattableString.Invariant(
                $"{Math.Min(from + Part, requests)} requests ({atOnce} at once): {campaign.Compared} equal, {campaign.Left} left early, {campaign.Differences.Count} differ; {server.Statistics!.Preemptions} preemptions, {server.Statistics.CachedTokens} cached; {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s"));
        }

        foreach (string difference in campaign.Differences.Take(20))
        {
            Console.WriteLine("DIFFERS " + difference);
        }

        bool isComplete = campaign.Compared + campaign.Left == requests && server.Statistics!.Preemptions > 0;
        Console.WriteLine(campaign.Differences.Count == 0 && isComplete ? $"{requests} requests, none differs" : "FAILED");
        return campaign.Differences.Count == 0 && isComplete ? 0 : 3;
    }
}
