// The one model that a server serves: its names and digests, and the ways from what clients send to token ids. It computes nothing.

using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.ChatTemplates;
using Idem.Inference;
using Idem.Inference.Constraints;
using Idem.Models;
using Idem.Nn;
using Idem.Server.Http;
using Idem.Server.Requests;
using Idem.Tokenizers;

namespace Idem.Server;

/// <summary>A loaded model with what a server says of it.</summary>
public sealed class ServedModel
{
    private const int ConstraintsMax = 8;

    private readonly ChatTemplate? _template;
    private readonly Lazy<JsonSchemaConstraints> _schemas;
    private readonly List<ITokenConstraint> _constraints = []; // the latest used last

    /// <summary>Takes a loaded model; reads its weights once more, to digest them.</summary>
    /// <param name="folder">A model with a tokenizer.</param>
    /// <param name="settings">How it is loaded and named.</param>
    /// <exception cref="InvalidDataException">The folder's chat template cannot be used.</exception>
    /// <exception cref="ModelConfigException">Its generation_config.json asks for what there is not.</exception>
    public ServedModel(ModelFolder folder, ServedModelSettings settings)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(settings);
        Folder = folder;
        Settings = settings;
        Name = settings.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Path));
        MaxLength = Math.Min(settings.MaxLength ?? int.MaxValue, folder.Model.Config.ContextLength);
        Tokenizer = folder.Tokenizer;
        StopIds = folder.StopIds;
        Defaults = settings.Defaults ?? (folder.Model is DecoderModel ? folder.GenerationDefaults : GenerationDefaults.None);
        _template = ChatTemplate.Load(folder.ReadFile, folder.Path);
        _schemas = new Lazy<JsonSchemaConstraints>(() => new JsonSchemaConstraints(Tokenizer, Vocabulary, StopIds));
        Identity = Receipts.Identify(folder, settings.CacheDtype);
        Fingerprint = Identity.Digest.ToString();
        Created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    }

    /// <summary>The model and its files.</summary>
    public ModelFolder Folder { get; }

    /// <summary>How it is loaded and named.</summary>
    public ServedModelSettings Settings { get; }

    /// <summary>The name that requests may give.</summary>
    public string Name { get; }

    /// <summary>Tokens that a prompt and its continuation may have together.</summary>
    public int MaxLength { get; }

    /// <summary>Ids of the model; its tokenizer may have fewer.</summary>
    public int Vocabulary => Folder.Model.Config.VocabSize;

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The ids that end a text.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>What the fields are that a request leaves out, before OpenAI's defaults.</summary>
    public GenerationDefaults Defaults { get; }

    /// <summary>What decides the bits of an answer beside its request (<see cref="Defaults"/> filled in): weights, configuration, tokenizer, template, arithmetic and dtypes.</summary>
    public ReceiptModel Identity { get; }

    /// <summary>The digest of <see cref="Identity"/>: equal fingerprints give equal answers to requests that leave nothing to defaults.</summary>
    public string Fingerprint { get; }

    /// <summary>When the server took it, in seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>Whether conversations can be turned into prompts.</summary>
    public bool HasChatTemplate => _template is not null;

    /// <summary>Tokens that the model generates at most after a prompt where the request does not say; null where the model does not either.</summary>
    internal int? DefaultMaxTokens(int promptTokens)
    {
        try
        {
            return Defaults.MaxTokens(promptTokens);
        }
        catch (ArgumentException exception)
        {
            throw new ApiException(400, exception.Message, "invalid_request_error", "max_tokens", "context_length_exceeded");
        }
    }

    /// <summary>A text as a prompt.</summary>
    internal Prompt Encode(string text, bool addSpecialTokens, string param) => Check(Encode(text, addSpecialTokens), text, param);

    /// <summary>The ids of a text, any number of them.</summary>
    internal int[] Encode(string text, bool addSpecialTokens)
    {
        try
        {
            return Tokenizer.Encode(text, addSpecialTokens);
        }
        catch (TokenizationException exception)
        {
            throw new ApiException(400, $"the text cannot be tokenized: {exception.Message}", "invalid_request_error", null, "invalid_value");
        }
    }

    /// <summary>Ids as a prompt, once they are known to be the model's and not too many.</summary>
    internal Prompt Check(int[] ids, string? text, string param)
    {
        if (ids.Length == 0)
        {
            throw ApiException.Invalid(param, "has no tokens; give at least one");
        }

        if (ids.Length > MaxLength)
        {
            throw new ApiException(400, $"the prompt has {ids.Length} tokens, more than the {MaxLength} that a sequence may have; shorten it", "invalid_request_error", param, "context_length_exceeded");
        }

        return Array.TrueForAll(ids, id => (uint)id < (uint)Vocabulary) ? new Prompt(ids, text) : throw ApiException.Invalid(param, $"holds an id that is not in the model's vocabulary of {Vocabulary}");
    }

    /// <summary>The text of ids; those that the tokenizer does not have spell nothing.</summary>
    internal string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) =>
        Tokenizer.Decode([.. ids.Where(id => (uint)id < (uint)Tokenizer.VocabularySize)], skipSpecialTokens);

    /// <summary>A conversation as a prompt.</summary>
    internal Prompt Render(JsonArray turns)
    {
        if (_template is null)
        {
            throw ApiException.Unsupported("messages", $"cannot be used: the model '{Name}' has no chat template; send a prompt to /v1/completions");
        }

        try
        {
            string text = _template.Render(new ChatInput { Messages = turns, AddGenerationPrompt = true });
            return Encode(text, addSpecialTokens: false, "messages"); // the template wrote them
        }
        catch (ChatTemplateException exception)
        {
            throw ApiException.Invalid("messages", $"do not fit the model's chat template: {exception.Message}");
        }
    }

    /// <summary>What holds a continuation to a schema. The latest ones are kept: many requests ask for the same.</summary>
    internal ITokenConstraint Constrain(JsonElement schema)
    {
        string text = schema.GetRawText();
        lock (_constraints)
        {
            int known = _constraints.FindIndex(constraint => constraint.Definition == text);
            if (known >= 0)
            {
                ITokenConstraint found = _constraints[known];
                _constraints.RemoveAt(known);
                _constraints.Add(found);
                return found;
            }
        }

        ITokenConstraint made = Create(text);
        lock (_constraints)
        {
            _constraints.RemoveRange(0, Math.Max(0, _constraints.Count + 1 - ConstraintsMax));
            _constraints.Add(made);
        }

        return made;
    }

    private ITokenConstraint Create(string schema)
    {
        const string Param = "response_format.json_schema.schema";
        try
        {
            return _schemas.Value.Create(schema);
        }
        catch (JsonSchemaException exception)
        {
            throw new ApiException(400, exception.Message, "invalid_request_error", Param, "invalid_json_schema");
        }
        catch (NotSupportedException exception)
        {
            throw ApiException.Unsupported("response_format", $"cannot be json_schema: {exception.Message}");
        }
    }
}

/// <summary>How a model was loaded, and how it is named.</summary>
public sealed record ServedModelSettings
{
    /// <summary>The name that requests give; null: the folder's.</summary>
    public string? Name { get; init; }

    /// <summary>Tokens that a prompt and its continuation may have together; null: the model's context.</summary>
    public int? MaxLength { get; init; }

    /// <summary>How keys and values are held.</summary>
    public CacheDtype CacheDtype { get; init; }

    /// <summary>What the fields are that requests leave out; null: what the model's generation_config.json says.</summary>
    public GenerationDefaults? Defaults { get; init; }
}
