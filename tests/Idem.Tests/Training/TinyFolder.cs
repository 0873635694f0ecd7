using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tokenizers;

namespace Idem.Tests.Training;

/// <summary>A model folder of a small model with a character tokenizer, and a text for it.</summary>
internal static class TinyFolder
{
    public const string Text = "the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs. how vexingly quick daft zebras jump!\n"
        + "sphinx of black quartz, judge my vow. the five boxing wizards jump quickly; waltz, bad nymph, for quick jigs vex.\n";

    public static byte[] TokenizerJson { get; } = CharacterTrainer.Train([Text]).ToJson();

    public static string Write(TemporaryFolder folder, string type, string name = "base") => Write(folder, TinyDecoders.Create(type), name);

    public static string Write(TemporaryFolder folder, LanguageModel model, string name = "base")
    {
        AtomicFolder.Write(DiskFileSystem.Instance, folder[name], [.. ModelFolder.Files(model, TokenizerJson, model.StateDict().ToNamedTensors())]);
        File.Delete(Path.Combine(folder[name], "manifest.json")); // as downloaded
        return folder[name];
    }
}
