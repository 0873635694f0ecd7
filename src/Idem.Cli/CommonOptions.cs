// Options that every verb has.

using System.CommandLine;

namespace Idem.Cli;

internal static class CommonOptions
{
    public static readonly Option<int?> Threads = new("--threads")
    {
        Description = "Threads to use; changes speed, never a result. Default: all cores.",
        HelpName = "N",
        Recursive = true,
    };

    public static readonly Option<string?> Simd = new("--simd")
    {
        Description = "Vector width to compute with: scalar, 128, 256 or 512; changes speed, never a result. Default: the widest this machine has (or IDEM_SIMD).",
        HelpName = "PATH",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Write machine-readable JSON to standard output, and nothing else there.",
        Recursive = true,
    };
}

/// <summary>A command line that parses but makes no sense: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What a verb runs with.</summary>
internal sealed class VerbContext(ParseResult arguments, CancellationToken cancellation)
{
    public bool Json { get; } = arguments.GetValue(CommonOptions.Json);

    public CancellationToken Cancellation { get; } = cancellation;

    public T? Value<T>(Option<T> option) => arguments.GetValue(option);

    public T? Value<T>(Argument<T> argument) => arguments.GetValue(argument);

    public bool IsGiven(Option option) => arguments.GetResult(option) is { Implicit: false };

    /// <summary>Machine resources as the common options ask for.</summary>
    public Numerics.Compute CreateCompute()
    {
        int threads = Value(CommonOptions.Threads) ?? Environment.ProcessorCount;
        if (threads is < 1 or > 1024)
        {
            throw new UsageException($"--threads {threads}: use 1 to 1024");
        }

        string? name = Value(CommonOptions.Simd);
        Numerics.SimdPath path = Numerics.SimdPath.Scalar;
        if (name is not null && !Numerics.SimdPaths.TryParse(name, out path))
        {
            throw new UsageException($"--simd {name}: use scalar, 128, 256 or 512");
        }

        try
        {
            return new Numerics.Compute(name is null ? Numerics.SimdPaths.FromEnvironment() : path, threads);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }
    }
}
