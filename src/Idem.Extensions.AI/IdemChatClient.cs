// A model folder as an IChatClient. The conversation becomes text by the folder's chat template, with a fixed clock; the same
// conversation, options and model give the same answer on every machine, whatever other requests run beside it.

using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.ChatTemplates;
using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Numerics.Kernels;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Idem.Extensions.AI;

/// <summary>
/// Answers chats. Requests from several threads share the model's steps. Options that are not given: what the model's
/// generation_config.json says, then temperature 0.8, seed 0, as many tokens as the context holds. An answer is held to a JSON schema token by token (<see cref="JsonSchemaConstraints"/>); a schema takes no
/// properties but its own, all of them. What cannot be honoured (tools, JSON without a schema, images, another model) is refused.
/// </summary>
public sealed class IdemChatClient : IChatClient
{
    /// <summary>The key of <see cref="AdditionalPropertiesDictionary"/> under which a whole answer carries the digest of its logits.</summary>
    public const string LogitsDigest = "logits_digest";

    private const float DefaultTemperature = 0.8f;

    private static readonly AIJsonSchemaTransformOptions s_closed = new() { DisallowAdditionalProperties = true, RequireAllProperties = true };

    private readonly ModelFolder _model;
    private readonly ChatTemplate _template;
    private readonly GenerationDefaults _defaults;
    private readonly Engine _engine;
    private readonly Lazy<JsonSchemaConstraints> _schemas;
    private readonly Lock _gate = new(); // whoever reads steps the engine, which advances everybody

    /// <summary>A client of a model.</summary>
    /// <param name="model">A decoder with a tokenizer.</param>
    /// <param name="template">How conversations become text; null for the folder's own.</param>
    /// <param name="defaults">What options are that requests leave out; null for what the folder's generation_config.json says.</param>
    /// <exception cref="ArgumentException">There is no template.</exception>
    /// <exception cref="Models.ModelConfigException">generation_config.json asks for what there is not.</exception>
    public IdemChatClient(ModelFolder model, ChatTemplate? template = null, GenerationDefaults? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _template = template ?? ChatTemplate.Load(model.ReadFile, model.Path)
            ?? throw new ArgumentException($"{model.Path} has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json): pass one", nameof(model));
        _defaults = defaults ?? model.GenerationDefaults;
        _engine = new Engine(model.Decoder);
        _schemas = new Lazy<JsonSchemaConstraints>(() => new JsonSchemaConstraints(model.Tokenizer, model.Decoder.Config.VocabSize, model.StopIds));
    }

    private ChatClientMetadata Metadata => new("idem", null, _model.Path);

    /// <summary>A client of the model in a folder.</summary>
    /// <param name="folder">A Hugging Face model folder.</param>
    public static IdemChatClient Load(string folder) => new(ModelFolder.Load(folder, PackedDtype.Float32));

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">An option cannot be honoured.</exception>
    /// <exception cref="JsonSchemaException">The schema of an answer is malformed or not supported: it names the place.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
        response.AdditionalProperties ??= response.Messages[^1].AdditionalProperties; // updates of a message leave theirs with the message
        return response;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Refuse(options);
        ChatMessage[] turns = [.. messages];
        if (options?.Instructions is { Length: > 0 } instructions)
        {
            turns = [new ChatMessage(ChatRole.System, instructions), .. turns];
        }

        string prompt = _template.Render(new ChatInput { Messages = new JsonArray([.. turns.Select(Turn)]), AddGenerationPrompt = true });
        int[] ids = _model.Tokenizer.Encode(prompt, addSpecialTokens: false); // the template wrote them
        SamplingSettings settings = Settings(options, ids.Length);
        string id = "idem-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{prompt}\n{settings}")))[..24];
        TextGeneration answer;
        lock (_gate)
        {
            answer = new TextGeneration(_engine, _engine.Submit(ids, settings), _model.Tokenizer, [.. options?.StopSequences ?? []]);
        }

        try
        {
            bool isFinished = false;
            while (!isFinished)
            {
                (string part, isFinished) = await Task.Run(() => Next(answer), cancellationToken).ConfigureAwait(false);
                if (part.Length > 0)
                {
                    yield return Update(new TextContent(part));
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _engine.Cancel(answer.Generation); // where the caller has left
            }
        }

        GeneratedToken[] tokens = [.. answer.Tokens];
        ChatResponseUpdate last = Update(new UsageContent(new UsageDetails
        {
            InputTokenCount = ids.Length, OutputTokenCount = tokens.Length, TotalTokenCount = ids.Length + tokens.Length,
        }));
        last.FinishReason = answer.Finished == FinishReason.Stop ? ChatFinishReason.Stop : ChatFinishReason.Length;
        last.AdditionalProperties = new AdditionalPropertiesDictionary { [LogitsDigest] = GeneratedToken.DigestOf(tokens).ToString() };
        yield return last;

        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]) { ResponseId = id, MessageId = id, ModelId = _model.Path };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? Metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_model) ? _model
            : null;
    }

    /// <summary>Nothing to release: the model's memory is managed.</summary>
    public void Dispose()
    {
    }

    // The text that is ready, else a step.
    private (string Part, bool IsFinished) Next(TextGeneration answer)
    {
        lock (_gate)
        {
            string part = answer.Read();
            if (part.Length == 0 && !answer.IsFinished)
            {
                _engine.Step();
                part = answer.Read();
            }

            return (part, answer.IsFinished);
        }
    }

    private SamplingSettings Settings(ChatOptions? options, int promptTokens) => new()
    {
        MaxTokens = options?.MaxOutputTokens ?? Math.Max(1, Math.Min(_defaults.MaxTokens(promptTokens) ?? int.MaxValue, _model.Decoder.Config.ContextLength - promptTokens)),
        Temperature = options?.Temperature ?? _defaults.Temperature ?? DefaultTemperature,
        TopK = options?.TopK ?? _defaults.TopK ?? 0,
        TopP = options?.TopP ?? _defaults.TopP ?? 1f,
        MinP = _defaults.MinP ?? 0f,
        RepetitionPenalty = _defaults.RepetitionPenalty ?? 1f,
        FrequencyPenalty = options?.FrequencyPenalty ?? _defaults.FrequencyPenalty ?? 0f,
        PresencePenalty = options?.PresencePenalty ?? _defaults.PresencePenalty ?? 0f,
        Seed = unchecked((ulong)(options?.Seed ?? 0)),
        StopIds = _model.StopIds,
        Constraint = options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } ? _schemas.Value.Create(Closed(schema)) : null,
    };

    // Schemas made of types leave open what an object holds beside its properties; a text is written from the properties alone.
    private static string Closed(JsonElement schema) => AIJsonUtilities.TransformSchema(schema, s_closed).GetRawText();

    private void Refuse(ChatOptions? options)
    {
        if (options?.Tools is { Count: > 0 })
        {
            throw new NotSupportedException("ChatOptions.Tools: calls of tools are not read from the answer; leave the tools out");
        }

        if (options?.ResponseFormat is ChatResponseFormatJson { Schema: null })
        {
            throw new NotSupportedException("ChatOptions.ResponseFormat: JSON without a schema is not supported; give one (ChatResponseFormat.ForJsonSchema)");
        }

        if (options?.ModelId is { } model && model != _model.Path)
        {
            throw new NotSupportedException($"ChatOptions.ModelId: this client answers with {_model.Path}, not {model}");
        }

        if (options?.StopSequences?.Contains("") == true)
        {
            throw new ArgumentException("ChatOptions.StopSequences: an empty string ends every text", nameof(options));
        }
    }

    private static JsonObject Turn(ChatMessage message)
    {
        foreach (AIContent content in message.Contents)
        {
            if (content is not TextContent)
            {
                throw new NotSupportedException($"a message of {message.Role} holds {content.GetType().Name}: the model reads text only");
            }
        }

        return new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text };
    }
}
