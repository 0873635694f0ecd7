// The command line: verbs, how failures become one line and an exit code. Each verb is a file in Verbs.

using System.CommandLine;

namespace Idem.Cli;

internal static class CliApp
{
    public static int Run(string[] args)
    {
        Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        ParseResult arguments = CommandLine.Parse(CreateRoot(), args);
        if (CommandLine.Problem(arguments, args) is { } problem)
        {
            Console.Error.WriteLine($"idem: {problem}");
            return ExitCodes.Usage;
        }

        try
        {
            return arguments.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception exception) when (Failures.Describe(exception, arguments.CommandResult.Command) is { } failure)
        {
            Console.Error.WriteLine($"idem: {failure.Message}");
            return failure.ExitCode;
        }
    }

    /// <summary>Gives a command its action: common options read, interrupts caught.</summary>
    public static void SetVerb(this Command command, Func<VerbContext, int> verb) => command.SetAction(arguments =>
    {
        using Interrupt interrupt = new();
        VerbContext context = new(arguments, interrupt.Token);
        Numerics.Compute.Current = context.CreateCompute();
        try
        {
            return verb(context);
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine("idem: interrupted");
            return ExitCodes.Interrupted;
        }
    });

    internal static RootCommand CreateRoot()
    {
        RootCommand root = new("Bit-reproducible language models: the same bits on every machine, and the proof.")
        {
            Verbs.TrainVerb.Create(),
            Verbs.GenerateVerb.Create(),
            Verbs.ServeVerb.Create(),
            Verbs.LogitsVerb.Create(),
            Verbs.EmbedVerb.Create(),
            Verbs.EvalVerb.Create(),
            Verbs.ConvertVerb.Create(),
            Verbs.DigestVerb.Create(),
            Verbs.VerifyVerb.Create(),
            Verbs.DiffVerb.Create(),
            Verbs.AttestVerb.Create(),
            Verbs.ReportVerb.Create(),
            Verbs.DoctorVerb.Create(),
            Verbs.DemoVerb.Create(),
            Verbs.BenchVerb.Create(),
            Verbs.TokenizeVerb.Create(),
            Verbs.TokenizerVerb.Create(),
        };
        root.Options.Add(CommonOptions.Threads);
        root.Options.Add(CommonOptions.Simd);
        root.Options.Add(CommonOptions.Json);
        return root;
    }
}
