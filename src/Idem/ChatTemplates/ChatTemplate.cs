// Chat templates: the part of Jinja that the `chat_template`s of models use, with the settings of Transformers, giving the same
// text byte for byte. A template is parsed once; what is not supported is refused then, by name and line. It computes on its input
// alone: no files, no clock but the one it is given, nothing changed.
//
// It is deliberately not all of Jinja: no inheritance, includes, imports, recursive loops or HTML escaping.

using System.Text.Json.Nodes;

namespace Idem.ChatTemplates;

/// <summary>A parsed chat template. Immutable, and safe to use from many threads.</summary>
public sealed class ChatTemplate
{
    /// <summary>A longer template is refused.</summary>
    public const int CharactersMax = 1 << 20;

    private readonly Block _block;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;

    private ChatTemplate(Block block, IReadOnlyDictionary<string, string> specialTokens)
    {
        _block = block;
        _specialTokens = specialTokens;
    }

    /// <summary>Parses a template.</summary>
    /// <exception cref="ChatTemplateException">The template is malformed or uses something that is not supported.</exception>
    public static ChatTemplate Parse(string template) => Parse(template, new Dictionary<string, string>());

    /// <summary>
    /// Loads the template of a model folder: <c>chat_template.jinja</c>, else <c>chat_template</c> in <c>tokenizer_config.json</c>;
    /// null where it has none. The folder's special tokens (<c>bos_token</c> and so on) become variables.
    /// </summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="name">Which of several templates, such as <c>tool_use</c>.</param>
    /// <exception cref="ChatTemplateException">The template is malformed or uses something that is not supported.</exception>
    /// <exception cref="InvalidDataException">A file beside it is malformed, or has no template of that name.</exception>
    public static ChatTemplate? Load(string folder, string name = "default") => Load(
        file => File.Exists(Path.Combine(folder, file)) ? File.ReadAllBytes(Path.Combine(folder, file)) : null, folder, name);

    /// <summary>The same of files that are read elsewhere.</summary>
    /// <param name="read">The bytes of a file of the model, or null where there is none.</param>
    /// <param name="place">Where the files are, for messages.</param>
    /// <param name="name">Which of several templates, such as <c>tool_use</c>.</param>
    /// <exception cref="ChatTemplateException">The template is malformed or uses something that is not supported.</exception>
    /// <exception cref="InvalidDataException">A file beside it is malformed, or has no template of that name.</exception>
    public static ChatTemplate? Load(Func<string, byte[]?> read, string place, string name = "default")
    {
        ArgumentNullException.ThrowIfNull(read);
        var files = new ChatTemplateFiles(read, place);
        return files.FindTemplate(name) is { } template ? Parse(template, files.SpecialTokens()) : null;
    }

    /// <summary>The text of a model's template, not parsed; null where it has none of that name.</summary>
    /// <param name="read">The bytes of a file of the model, or null where there is none.</param>
    /// <param name="place">Where the files are, for messages.</param>
    /// <param name="name">Which of several templates.</param>
    /// <exception cref="InvalidDataException">A file is malformed.</exception>
    public static string? FindSource(Func<string, byte[]?> read, string place, string name = "default")
    {
        ArgumentNullException.ThrowIfNull(read);
        return new ChatTemplateFiles(read, place).FindTemplate(name, required: false);
    }

    /// <summary>The conversation as the text that the model reads.</summary>
    /// <param name="input">The turns and the rest of what the template reads.</param>
    /// <param name="limits">Bounds; null: the default ones.</param>
    /// <exception cref="ChatTemplateException">The template refuses the input, asks it for what it has not, or meets a limit.</exception>
    public string Render(ChatInput input, ChatTemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        var context = new RenderContext(limits ?? new ChatTemplateLimits(), input.Now);
        var globals = new Scope(null);
        foreach (Callable function in Functions.All)
        {
            globals.Set(function.Name, function);
        }

        foreach ((string name, string token) in _specialTokens)
        {
            globals.Set(name, token);
        }

        try
        {
            globals.Set("messages", JsonValues.Of(input.Messages));
            globals.Set("tools", JsonValues.Of(input.Tools));
            globals.Set("documents", JsonValues.Of(input.Documents));
            globals.Set("add_generation_prompt", input.AddGenerationPrompt);
            foreach ((string name, JsonNode? value) in input.Variables)
            {
                globals.Set(name, JsonValues.Of(value));
            }

            _block.Execute(new Scope(globals), context);
            return context.Output.ToString();
        }
        catch (InvalidOperationException e) when (e.InnerException is ChatTemplateException inner)
        {
            throw inner; // a comparison failed within a sort
        }
        catch (NestingException e)
        {
            throw new ChatTemplateException(context.Line, e.Message, e);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new ChatTemplateException(context.Line, "calls are nested too deep", e);
        }
    }

    private static ChatTemplate Parse(string template, IReadOnlyDictionary<string, string> specialTokens)
    {
        ArgumentNullException.ThrowIfNull(template);
        return template.Length <= CharactersMax
            ? new ChatTemplate(TemplateParser.Parse(template), specialTokens)
            : throw new ChatTemplateException(1, $"the template has {template.Length} characters, more than {CharactersMax}");
    }
}
