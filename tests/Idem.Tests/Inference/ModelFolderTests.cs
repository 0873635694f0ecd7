using Idem.Formats;
using Idem.Inference;
using Idem.Models;
using Idem.Tests.Models;
using Idem.Tests.Support;
using Idem.Tests.Training;

namespace Idem.Tests.Inference;

/// <summary>Folders as people have them: incomplete, pickled, in the hub's cache.</summary>
public class ModelFolderTests
{
    [Fact]
    public void Writing_what_was_read_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        string first = TinyFolder.Write(folder, "qwen3", "first");
        string second = TinyFolder.Write(folder, ModelFolder.Load(first).Model, "second");
        foreach (string file in Directory.EnumerateFiles(first))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(second, Path.GetFileName(file))));
        }
    }

    [Theory]
    [InlineData("pytorch_model.bin", "pickle")]
    [InlineData("consolidated.00.pth", "pickle")]
    [InlineData("model.pt", "safe_serialization")]
    [InlineData("tf_model.h5", "save_pretrained")]
    public void Pickles_are_refused_with_reason_and_remedy(string file, string names)
    {
        using TemporaryFolder folder = new();
        string path = TinyFolder.Write(folder, "llama");
        File.Delete(Path.Combine(path, "model.safetensors"));
        File.WriteAllBytes(Path.Combine(path, file), [0x80, 2]);
        SafeTensorsException error = Assert.Throws<SafeTensorsException>(() => ModelFolder.Load(path));
        Assert.Contains(names, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_or_malformed_is_named()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("config.json", Assert.Throws<FileNotFoundException>(() => ModelFolder.Load(folder.Path)).Message, StringComparison.Ordinal);
        string path = TinyFolder.Write(folder, "mistral");
        File.Delete(Path.Combine(path, "tokenizer.json"));
        ModelFolder model = ModelFolder.Load(path); // ids need no tokenizer
        Assert.False(model.HasTokenizer);
        Assert.Contains("tokenizer.json", Assert.Throws<FileNotFoundException>(() => model.Tokenizer).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(path, "generation_config.json"), """{ "eos_token_id": "two" }""");
        Assert.Contains("generation_config.json", Assert.Throws<CorruptFileException>(() => model.StopIds).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(path, "config.json"), File.ReadAllText(Path.Combine(path, "config.json")).Replace("\"mistral\"", "\"mixtral\"", StringComparison.Ordinal));
        string message = Assert.Throws<ModelConfigException>(() => ModelFolder.Load(path)).Message;
        Assert.Contains("'mixtral'", message, StringComparison.Ordinal);
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_do_not_fit_the_configuration_are_listed()
    {
        using TemporaryFolder folder = new();
        string path = TinyFolder.Write(folder, "llama");
        File.WriteAllText(Path.Combine(path, "config.json"), File.ReadAllText(Path.Combine(path, "config.json")).Replace("\"mlp_bias\": false", "\"mlp_bias\": true", StringComparison.Ordinal));
        Assert.Contains("model.layers.0.mlp.up_proj.bias", Assert.Throws<Idem.Nn.StateDictException>(() => ModelFolder.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engine_generates_as_the_reference_does_and_slides_past_the_context()
    {
        ReferenceModel reference = ReferenceModel.Open("mistral-a");
        Engine engine = new((DecoderModel)reference.Model);
        foreach (System.Text.Json.JsonElement greedy in reference.Expected.GetProperty("greedy").EnumerateArray())
        {
            IEnumerable<GeneratedToken> tokens = engine.Generate(ReferenceModel.Ids(greedy.GetProperty("prompt_ids")), new SamplingSettings { MaxTokens = 20, Temperature = 0 });
            Assert.Equal(ReferenceModel.Ids(greedy.GetProperty("new_tokens")), tokens.Select(token => token.Id));
        }

        Engine tiny = new(TinyDecoders.Create("qwen2"));
        Assert.Equal(10, tiny.Generate(TinyDecoders.Ids(75), new SamplingSettings { MaxTokens = 10 }).Count());
    }
}
