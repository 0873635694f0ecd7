using System.Diagnostics;

namespace Idem.Tests.Support;

/// <summary>The command line as its users run it: a process of its own.</summary>
internal static class IdemProcess
{
    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        /// <summary>The last line of standard output, as JSON.</summary>
        public System.Text.Json.Nodes.JsonNode LastJson =>
            System.Text.Json.Nodes.JsonNode.Parse(Output.TrimEnd().Split('\n')[^1])!;

        public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
    }

    public static Outcome Run(params string[] arguments) => Run(null, arguments);

    public static Outcome Run(IReadOnlyDictionary<string, string>? environment, params string[] arguments) => Wait(Start(environment, arguments), arguments);

    /// <summary>Another copy of the command line.</summary>
    public static Outcome RunFrom(string folder, params string[] arguments) => Wait(StartFrom(folder, null, arguments), arguments);

    private static Outcome Wait(Process started, string[] arguments)
    {
        using Process process = started;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(9)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"idem {string.Join(' ', arguments)} did not end");
        }

        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

    public static Process Start(IReadOnlyDictionary<string, string>? environment, params string[] arguments) => StartFrom(AppContext.BaseDirectory, environment, arguments);

    private static Process StartFrom(string folder, IReadOnlyDictionary<string, string>? environment, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(folder, "Idem.Cli.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("IDEM_SIMD");
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
