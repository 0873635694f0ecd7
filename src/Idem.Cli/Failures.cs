// Every failure that a person can cause, as one line and an exit code. What is not listed is a defect and keeps its stack trace.

using System.CommandLine;
using Idem.Data;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Nn;
using Idem.Tokenizers;
using Idem.Training;

namespace Idem.Cli;

internal static class Failures
{
    public sealed record Failure(int ExitCode, string Message);

    /// <summary>The failure of a verb; null for a defect.</summary>
    public static Failure? Describe(Exception exception, Command? verb = null) => exception switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner, verb),
        UsageException or TrainConfigException or ConversionException or UnsuitableModelException => new(ExitCodes.Usage, exception.Message),
        DataException { IsAbsent: true } => new(ExitCodes.Failure, exception.Message),
        CorruptFileException or TokenizerFormatException or DataException => new(ExitCodes.Corrupt, exception.Message),
        ModelConfigException or StateDictException => new(ExitCodes.Corrupt, exception.Message),
        TokenizationException => new(ExitCodes.Usage, exception.Message),
        Attestation.SignatureUnavailableException => new(ExitCodes.Failure, exception.Message),
        TrainingException => new(ExitCodes.Failure, exception.Message),
        UnauthorizedAccessException => new(ExitCodes.Failure, exception.Message + " Name what you may read, and a place where you may write."),
        IOException io when IsDiskFull(io) => new(ExitCodes.Failure, $"{io.Message.TrimEnd('.')}. Free some space, then {(CanResume(verb) ? "continue with --resume" : "run it again")}."),
        FileNotFoundException { FileName: { } file } when IsOfSystem(exception) => new(ExitCodes.Failure, $"{file} does not exist: check the path"),
        DirectoryNotFoundException when IsOfSystem(exception) => new(ExitCodes.Failure, exception.Message + " Check the path."),
        IOException => new(ExitCodes.Failure, exception.Message),
        OutOfMemoryException => new(ExitCodes.Failure, "not enough memory: use a smaller model, batch or context"),
        _ => null,
    };

    // .NET's own words, which have no remedy.
    private static bool IsOfSystem(Exception exception) => exception.Message.StartsWith("Could not find", StringComparison.Ordinal);

    private static bool CanResume(Command? verb) => verb is not null && verb.Options.Any(option => option.Name == Verbs.TrainVerb.ResumeName);

    private static bool IsDiskFull(IOException exception)
    {
        const int LinuxNoSpace = 28, WindowsDiskFull = unchecked((int)0x80070070), WindowsHandleDiskFull = unchecked((int)0x80070027);
        return exception.HResult is LinuxNoSpace or WindowsDiskFull or WindowsHandleDiskFull
            || exception.Message.Contains("No space left", StringComparison.Ordinal);
    }
}
