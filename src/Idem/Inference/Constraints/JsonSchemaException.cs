namespace Idem.Inference.Constraints;

/// <summary>A JSON schema that texts cannot be held to: malformed, or with something that is not supported.</summary>
/// <param name="path">Where, as a JSON pointer within the schema; empty for the schema itself.</param>
/// <param name="problem">What is wrong and what to do.</param>
public sealed class JsonSchemaException(string path, string problem) : ArgumentException($"the schema{(path.Length == 0 ? "" : $" at {Clip(path)}")} {Clip(problem)}")
{
    private const int CharactersMax = 400;

    /// <summary>Where, as a JSON pointer within the schema.</summary>
    public string Path { get; } = Clip(path);

    // What a client sent may be long; the message need not be.
    private static string Clip(string text) => text.Length <= CharactersMax ? text : text[..CharactersMax] + "...";
}
