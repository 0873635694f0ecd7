using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.Tests.Support;

namespace Idem.Server.Tests.Support;

/// <summary><c>idem serve</c> as its users run it: a process of its own, on a free port of this machine.</summary>
internal sealed class ServerProcess : IDisposable
{
    private ServerProcess(Process process, JsonNode announcement)
    {
        Process = process;
        Announcement = announcement;
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { BaseAddress = new Uri((string)announcement["url"]!), Timeout = TimeSpan.FromMinutes(3) };
    }

    public Process Process { get; }

    /// <summary>What it said when it began to listen.</summary>
    public JsonNode Announcement { get; }

    public HttpClient Http { get; }

    public static ServerProcess Start(string model, params string[] options)
    {
        Process process = IdemProcess.Start(null, ["serve", model, "--json", "--served-model-name", "tiny", "--port", "0", .. options]);
        string line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(process.StandardError.ReadToEnd());
        return new ServerProcess(process, JsonNode.Parse(line)!);
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!Process.HasExited)
        {
            Process.Kill();
        }

        Process.Dispose();
    }
}
