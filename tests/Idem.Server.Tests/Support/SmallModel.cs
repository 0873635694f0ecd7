using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Support;
using Idem.Tokenizers;

namespace Idem.Server.Tests.Support;

/// <summary>A small model of characters, and its folder.</summary>
internal static class SmallModel
{
    public const int Context = 400;

    public const string Template = "{% for m in messages %}{{ m.role[0] ~ ' ' ~ m.content ~ ';' }}{% endfor %}{% if add_generation_prompt %}{{ 'a ' }}{% endif %}";

    /// <summary>All of printable ASCII, a line feed, and characters of two, three and four bytes.</summary>
    public static Tokenizer Tokenizer { get; } = CharacterTrainer.Train(["\n" + string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)) + "\u00E9\u20AC\U0001F600"]);

    /// <summary>Ids that the model has and the tokenizer has not; the last one may end a text.</summary>
    public const int Padding = 4;

    public static Llama Create(bool ends = false, ulong seed = 1)
    {
        int vocabulary = Tokenizer.VocabularySize + Padding;
        Llama model = new(new LlamaConfig
        {
            VocabSize = vocabulary, HiddenSize = 48, IntermediateSize = 70, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2,
            MaxPositionEmbeddings = Context, InitializerRange = 0.2, EosTokenIds = ends ? [vocabulary - 1] : [],
        });
        model.Initialize(seed);
        model.Eval();
        return model;
    }

    public static string Write(TemporaryFolder folder, LanguageModel model)
    {
        AtomicFolder.Write(DiskFileSystem.Instance, folder["model"], [.. ModelFolder.Files(model, Tokenizer.ToJson(), model.StateDict().ToNamedTensors())]);
        File.Delete(Path.Combine(folder["model"], "manifest.json")); // as downloaded
        File.WriteAllText(Path.Combine(folder["model"], "chat_template.jinja"), Template);
        return folder["model"];
    }
}
