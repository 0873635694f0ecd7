// Every failure that a person can cause, as one line and an exit code. What is not listed is a defect and keeps its stack trace.

using Idem.Data;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Tokenizers;
using Idem.Training;

namespace Idem.Cli;

internal static class Failures
{
    public sealed record Failure(int ExitCode, string Message);

    public static Failure? Describe(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        UsageException or TrainConfigException or ConversionException => new(ExitCodes.Usage, exception.Message),
        DataException { IsAbsent: true } => new(ExitCodes.Failure, exception.Message),
        CorruptFileException or TokenizerFormatException or DataException => new(ExitCodes.Corrupt, exception.Message),
        ModelConfigException or StateDictException => new(ExitCodes.Corrupt, exception.Message),
        TokenizationException => new(ExitCodes.Usage, exception.Message),
        Attestation.SignatureUnavailableException => new(ExitCodes.Failure, exception.Message),
        TrainingException => new(ExitCodes.Failure, exception.Message),
        UnauthorizedAccessException => new(ExitCodes.Failure, exception.Message + " Choose a folder that you may write to."),
        IOException io when IsDiskFull(io) => new(ExitCodes.Failure, $"{io.Message} Free some space, then continue with --resume."),
        IOException => new(ExitCodes.Failure, exception.Message),
        OutOfMemoryException => new(ExitCodes.Failure, "not enough memory: use a smaller model, batch or context"),
        _ => null,
    };

    private static bool IsDiskFull(IOException exception)
    {
        const int LinuxNoSpace = 28, WindowsDiskFull = unchecked((int)0x80070070), WindowsHandleDiskFull = unchecked((int)0x80070027);
        return exception.HResult is LinuxNoSpace or WindowsDiskFull or WindowsHandleDiskFull
            || exception.Message.Contains("No space left", StringComparison.Ordinal);
    }
}
