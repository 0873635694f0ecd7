// The exit codes that scripts rely on; the README and docs/contract.md list them.

namespace Idem.Cli;

internal static class ExitCodes
{
    /// <summary>Done; for checks: everything is equal.</summary>
    public const int Success = 0;

    /// <summary>Something failed: a missing file, a full disk, a folder that cannot be written, training that diverged.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A re-execution or comparison found a difference.</summary>
    public const int Mismatch = 3;

    /// <summary>An input is not what it should be: truncated, altered, not UTF-8, malformed.</summary>
    public const int Corrupt = 4;

    /// <summary>Stopped by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
