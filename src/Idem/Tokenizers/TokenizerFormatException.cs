// The one failure of reading a tokenizer: the file, the place in its JSON, what is wrong there and what to do.

namespace Idem.Tokenizers;

/// <summary>A tokenizer file is malformed, or asks for something this version does not implement.</summary>
public sealed class TokenizerFormatException : Exception
{
    /// <summary>Creates the exception; the message joins all four parts.</summary>
    public TokenizerFormatException(string file, string jsonPath, string problem, string remedy, Exception? inner = null)
        : base($"{file}: at {jsonPath}: {problem} {remedy}", inner)
    {
        File = file;
        JsonPath = jsonPath;
        Problem = problem;
        Remedy = remedy;
    }

    /// <summary>The file, as it was named by the caller.</summary>
    public string File { get; }

    /// <summary>Where in the JSON, such as <c>$.model.merges[12]</c>.</summary>
    public string JsonPath { get; }

    /// <summary>What is wrong, one sentence.</summary>
    public string Problem { get; }

    /// <summary>What to do about it, one sentence.</summary>
    public string Remedy { get; }
}
