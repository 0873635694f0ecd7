// Holds continuations to JSON schemas.

using System.Text.Json;
using Idem.Tokenizers;

namespace Idem.Inference.Constraints;

/// <summary>Makes constraints for a model. Safe to use from many threads.</summary>
public sealed class JsonSchemaConstraints
{
    /// <summary>The <see cref="ITokenConstraint.Kind"/> of these constraints.</summary>
    public const string Kind = "json_schema";

    private readonly ConstraintVocabulary _vocabulary;

    /// <summary>Reads a model's tokens once, for all schemas.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="vocabulary">Ids of the model, which may be more than the tokenizer's.</param>
    /// <param name="stopIds">The ids that end a text.</param>
    /// <exception cref="NotSupportedException">The tokenizer's texts are not made of its tokens' bytes.</exception>
    public JsonSchemaConstraints(Tokenizer tokenizer, int vocabulary, IReadOnlyList<int> stopIds) => _vocabulary = new ConstraintVocabulary(tokenizer, vocabulary, stopIds);

    /// <summary>The constraint of a schema.</summary>
    /// <param name="schema">The schema as JSON text; it is the constraint's definition.</param>
    /// <exception cref="JsonSchemaException">The schema is malformed, not supported, or nothing can follow it.</exception>
    public ITokenConstraint Create(string schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Length > JsonSchemaCompiler.CharactersMax)
        {
            throw new JsonSchemaException("", $"has {schema.Length} characters, more than {JsonSchemaCompiler.CharactersMax}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 2 * JsonSchemaCompiler.DepthMax, AllowDuplicateProperties = false });
            return new GrammarConstraint(Kind, schema, JsonSchemaCompiler.Compile(document.RootElement, _vocabulary.Later.Has), _vocabulary);
        }
        catch (JsonException exception)
        {
            throw new JsonSchemaException("", $"is not JSON: {exception.Message}");
        }
    }
}
