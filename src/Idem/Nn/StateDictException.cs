// Loading reports every difference at once, as PyTorch does.

namespace Idem.Nn;

/// <summary>Values and a module that do not fit; the message lists every difference.</summary>
public sealed class StateDictException : Exception
{
    /// <summary>All differences between values and a module.</summary>
    public StateDictException(string module, IReadOnlyList<string> problems)
        : this($"{module}: the values do not fit: {string.Join("; ", problems)}. Load them into the model they were saved from, or correct its config.")
    {
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
}
