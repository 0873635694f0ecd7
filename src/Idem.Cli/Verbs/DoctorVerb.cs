// idem doctor: checks this machine in seconds.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Cli.Terminal;
using Idem.Training;
using Idem.Verification;

namespace Idem.Cli.Verbs;

internal static class DoctorVerb
{
    public static Command Create()
    {
        Command command = new("doctor", "Check that this machine computes the published arithmetic.");
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        Numerics.Compute compute = Numerics.Compute.Current;
        MachineReport report = MachineCheck.Run(compute);
        RunEnvironment environment = RunEnvironment.Of(compute);
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["passed"] = report.Passed,
                ["arithmetic"] = Numerics.ArithmeticVersion.Name,
                ["conformance_digest"] = report.Digest.ToString(),
                ["simd"] = environment.Simd,
                ["threads"] = environment.Threads,
                ["architecture"] = environment.Architecture,
                ["runtime"] = environment.Runtime,
                ["os"] = environment.Os,
                ["version"] = environment.Version,
                ["checks"] = new JsonArray([.. report.Results.Select(result =>
                    new JsonObject { ["name"] = result.Name, ["passed"] = result.Passed, ["detail"] = result.Detail })]),
            });
        }
        else
        {
            Display.Line($"Idem {Display.Escape(environment.Version)}, arithmetic {Numerics.ArithmeticVersion.Name}, {Display.Escape(environment.Runtime)}, {environment.Architecture}");
            Display.Line($"path in use: {environment.Simd}, {environment.Threads} threads (widest here: {Numerics.SimdPaths.Name(Numerics.SimdPaths.Widest)})");
            foreach (MachineCheckResult result in report.Results)
            {
                Display.Line($"{(result.Passed ? "[green]ok[/]  " : "[red]FAIL[/]")}  {Display.Escape(result.Name.PadRight(34))} [grey]{Display.Escape(result.Detail)}[/]");
            }

            Display.Line($"conformance digest  [bold]{report.Digest}[/]");
        }

        if (!report.Passed)
        {
            Console.Error.WriteLine($"idem: this machine failed {report.Results.Count(result => !result.Passed)} of {report.Results.Count} checks; its results cannot be trusted to be the published ones");
            return ExitCodes.Mismatch;
        }

        return ExitCodes.Success;
    }
}
