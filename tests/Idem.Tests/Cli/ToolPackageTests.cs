using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Idem.Tests.Support;

namespace Idem.Tests.Cli;

/// <summary>The command line as a .NET tool: packed from what the tests were built with, installed from that package alone, and run.</summary>
public sealed class ToolPackageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_package_installs_without_a_network_and_computes_the_published_bits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the paths of an installed tool are tried on Linux only");
        string configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)))!;
        Run("dotnet", "pack", Path.Combine(SharedData.ProjectRoot, "src", "Idem.Cli"), "--no-build", "-c", configuration, "-nodeReuse:false",
            "-o", _folder["packages"], $"-p:PublishDir={_folder["publish"]}/");
        Run("dotnet", "tool", "install", "Idem.Cli", "--tool-path", _folder["tools"], "--source", _folder["packages"]);
        string idem = Path.Combine(_folder["tools"], "idem");
        Assert.Equal(IdemProcess.Run("--version").Output, Run(idem, "--version"));
        JsonNode report = JsonNode.Parse(Run(idem, "doctor", "--json", "--threads", "1"))!;
        Assert.True((bool)report["passed"]!, report.ToJsonString());
        Assert.Equal((string)IdemProcess.Run("doctor", "--json").LastJson["conformance_digest"]!, (string)report["conformance_digest"]!);
    }

    private string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")); // where the tool's starter looks
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{output.Result}\n{error.Result}");
        return output.Result;
    }
}
