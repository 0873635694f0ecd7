// The one failure of chat templates: what the template's author, or its input, did wrong, and on which line.

namespace Idem.ChatTemplates;

/// <summary>A chat template is malformed, uses something that is not supported, or refuses its input.</summary>
public sealed class ChatTemplateException : Exception
{
    /// <summary>Creates the exception; the message joins line and problem.</summary>
    public ChatTemplateException(int line, string problem, Exception? inner = null)
        : base($"chat template, line {line}: {problem}", inner)
    {
        Line = line;
        Problem = problem;
    }

    /// <summary>The line of the template, from 1.</summary>
    public int Line { get; }

    /// <summary>What is wrong; for <c>raise_exception</c>, the template's own words.</summary>
    public string Problem { get; }
}
