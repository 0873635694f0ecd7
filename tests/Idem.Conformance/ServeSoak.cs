// A server process under everything at once for minutes: seeded requests whose answers are compared, clients that leave, clients that read
// slowly, bodies too large, malformed requests; while its health is asked for and its memory is watched. All on this machine's own address.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Idem.Inference;
using Idem.Numerics.Kernels;
using Idem.Server;
using Idem.Server.Tests.Load;
using Idem.Server.Tests.Support;
using Idem.Tests.Support;

namespace Idem.Conformance;

internal static class ServeSoak
{
    public const string Usage = "serve-soak [minutes] [seed] [malformed requests]";

    private const int AtOnce = 12, TokensMax = 40;

    public static int Run(string[] args)
    {
        double minutes = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10;
        int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        int malformed = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 100_000;
        return RunAsync(TimeSpan.FromMinutes(minutes), seed, malformed).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(TimeSpan duration, int seed, int malformed)
    {
        using TemporaryFolder folder = new();
        string path = SmallModel.Write(folder, SmallModel.Create(ends: true));
        ServedModel model = new(ModelFolder.Load(path, PackedDtype.Float32), new ServedModelSettings { Name = "tiny" });
        // A pool of pages that is full within the first fifth: until then memory grows, as it is meant to.
        using ServerProcess server = ServerProcess.Start(path, "--max-num-seqs", "16", "--max-num-batched-tokens", "64", "--kv-cache-mib", "32");
        Watch watch = new(server);
        ServeCampaign campaign = new(model, server.Http, (ulong)seed, TokensMax);
        Fuzz fuzz = new(server.Http, malformed);
        int requests = 0;
        using CancellationTokenSource end = new(duration);
        Task[] tasks =
        [
            campaign.RunAsync(Numbers(), AtOnce, _ => Interlocked.Increment(ref requests)),
            fuzz.RunAsync(seed, end.Token),
            fuzz.RunAsync(seed + 1, end.Token),
            ReadSlowlyAsync(server.Http.BaseAddress!, end.Token),
            SendTooMuchAsync(server.Http, end.Token),
            watch.HealthAsync(end.Token),
            watch.MemoryAsync(end.Token),
        ];
        await Task.WhenAll(tasks);

        bool isWhole = campaign.Compared + campaign.Left == requests && campaign.Differences.Count == 0;
        foreach (string problem in campaign.Differences.Concat(fuzz.Wrong).Take(20))
        {
            Console.WriteLine("WRONG " + problem);
        }

        double[] first = [.. campaign.FirstParts.Order()];
        Console.WriteLine(FormattableString.Invariant($"{requests} requests: {campaign.Compared} equal, {campaign.Left} left early, {campaign.Differences.Count} differ; first part after {Percentile(first, 50):F0} ms (median), {Percentile(first, 99):F0} ms (99%)"));
        Console.WriteLine($"{fuzz.Sent} malformed requests, {fuzz.Wrong.Count} answered wrongly; the server {(server.Process.HasExited ? "ENDED" : "lives")}");
        bool isCalm = watch.Report();
        bool holds = isWhole && fuzz.Wrong.Count == 0 && fuzz.Sent >= malformed && !server.Process.HasExited && isCalm;
        Console.WriteLine(holds ? "all held" : "FAILED");
        return holds ? 0 : 3;

        IEnumerable<int> Numbers()
        {
            for (int number = 0; !end.IsCancellationRequested; number++)
            {
                yield return number;
            }
        }
    }

    private static double Percentile(double[] sorted, int percent) => sorted.Length == 0 ? 0 : 1000 * sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)];

    // Takes a long answer a few bytes at a time, and leaves when it has had enough.
    private static async Task ReadSlowlyAsync(Uri address, CancellationToken end)
    {
        byte[] body = Encoding.ASCII.GetBytes("""{"prompt":"slow","n":4,"max_tokens":300,"stream":true}"""), some = new byte[64];
        while (!end.IsCancellationRequested)
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, address.Port, end);
                NetworkStream stream = client.GetStream();
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"), end);
                await stream.WriteAsync(body, end);
                for (int i = 0; i < 60 && await stream.ReadAsync(some, end) > 0; i++)
                {
                    await Task.Delay(100, end);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
            {
                // The time is up, or the server has given this client up.
            }
        }
    }

    private static async Task SendTooMuchAsync(HttpClient http, CancellationToken end)
    {
        byte[] body = new byte[5 << 20];
        while (!end.IsCancellationRequested)
        {
            try
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } } };
                using HttpResponseMessage response = await http.SendAsync(request, end);
                await Task.Delay(500, end);
            }
            catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException)
            {
                // Refused while it was still sending.
            }
        }
    }

    private sealed class Fuzz(HttpClient http, int count)
    {
        private int _sent;

        public int Sent => _sent;

        public List<string> Wrong { get; } = [];

        public async Task RunAsync(int seed, CancellationToken end)
        {
            RequestMutator mutator = new(seed);
            while (!end.IsCancellationRequested || _sent < count)
            {
                string? problem = await mutator.TryAsync(http);
                Interlocked.Increment(ref _sent);
                if (problem is not null)
                {
                    lock (Wrong)
                    {
                        Wrong.Add(problem);
                    }
                }
            }
        }
    }

    private sealed class Watch(ServerProcess server)
    {
        private readonly List<double> _health = [], _megabytes = [];

        public async Task HealthAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                long begin = Stopwatch.GetTimestamp();
                using HttpResponseMessage response = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), CancellationToken.None);
                response.EnsureSuccessStatusCode();
                _health.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
                await Task.Delay(20, CancellationToken.None);
            }
        }

        public async Task MemoryAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                server.Process.Refresh();
                _megabytes.Add(server.Process.WorkingSet64 / 1048576.0);
                await Task.Delay(1000, CancellationToken.None);
            }
        }

        /// <summary>Whether health came in time, and memory after the first fifth stayed.</summary>
        public bool Report()
        {
            double[] sorted = [.. _health.Order()];
            int fifth = _megabytes.Count / 5;
            double early = _megabytes.Skip(fifth).Take(fifth).DefaultIfEmpty().Average(), late = _megabytes.TakeLast(fifth).DefaultIfEmpty().Average();
            Console.WriteLine(FormattableString.Invariant($"health {sorted.Length} times: median {Percentile(sorted, 50):F1} ms, 99% {Percentile(sorted, 99):F1} ms; memory {early:F1} MB in the second fifth, {late:F1} MB in the last ({100 * (late / early - 1):+0.0;-0.0}%)"));
            return Percentile(sorted, 99) < 100 && late <= early * 1.02;
        }
    }
}
