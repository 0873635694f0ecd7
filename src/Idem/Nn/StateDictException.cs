// Loading reports every difference at once, as PyTorch does.

namespace Idem.Nn;

/// <summary>Values and a module that do not fit; the message names the first differences, and how many more there are.</summary>
public sealed class StateDictException : Exception
{
    private const int Named = 3;

    /// <summary>All differences between values and a module.</summary>
    public StateDictException(string module, IReadOnlyList<string> problems)
        : this($"{module}: the values do not fit: {First(problems)}. Load them into the model they were saved from, or correct its config.")
    {
        Problems = problems;
    }

    /// <summary>An error with a whole message.</summary>
    public StateDictException(string message)
        : base(message)
    {
    }

    /// <summary>An error without details; prefer the others.</summary>
    public StateDictException()
    {
    }

    /// <summary>An error with its cause.</summary>
    public StateDictException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Every difference, a line each; empty where the message says all.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>The same, of values whose file or folder is known.</summary>
    internal StateDictException At(string path) => new($"{path}: {Message}", this) { Problems = Problems };

    private static string First(IReadOnlyList<string> problems) =>
        string.Join("; ", problems.Take(Named)) + (problems.Count > Named ? $"; and {problems.Count - Named} more" : "");
}
