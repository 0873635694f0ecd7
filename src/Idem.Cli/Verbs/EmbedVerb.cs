// idem embed: hidden states of texts, and a pooled state of each.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Cli.Terminal;
using Idem.Formats;
using Idem.Inference;
using Idem.Tensors;

namespace Idem.Cli.Verbs;

internal static class EmbedVerb
{
    private static readonly Argument<string> Model = new("model") { Description = ModelPath.Description };

    private static readonly Argument<string[]> Texts = new("text") { Description = "Texts, each embedded by itself.", Arity = ArgumentArity.ZeroOrMore };

    private static readonly Option<string[]> Ids = new("--ids") { Description = "Token ids in place of a text, separated by commas; may be given again.", HelpName = "I,J,K" };

    private static readonly Option<string> Dtype = ModelPath.DtypeOption();

    public static Command Create()
    {
        Command command = new("embed", "Print the pooled and the last hidden states of texts.") { Model, Texts, Ids, Dtype };
        command.SetVerb(Run);
        return command;
    }

    private static int Run(VerbContext context)
    {
        string[] texts = context.Value(Texts) ?? [], ids = context.Value(Ids) ?? [];
        if (texts.Length + ids.Length == 0)
        {
            throw new UsageException("embed: give at least one TEXT, or --ids I,J,K");
        }

        ModelFolder model = ModelPath.Load("embed", context.Value(Model)!, context.Value(Dtype)!);
        List<Item> items =
        [
            .. texts.Select(text => Embed(model, text, TokenInput.Encode("embed", text, model))),
            .. ids.Select(list => Embed(model, null, TokenInput.Parse("embed", list, model))),
        ];
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["model"] = model.Path,
                ["model_digest"] = ModelFolder.Digests(model.Path, Numerics.Compute.Current.Threads).Root.ToString(),
                ["arithmetic"] = Numerics.ArithmeticVersion.Name,
                ["dtype"] = context.Value(Dtype)!,
                ["items"] = new JsonArray([.. items.Select(ToJson)]),
            });
            return ExitCodes.Success;
        }

        foreach (Item item in items)
        {
            string first = string.Join(' ', item.Pooled.Take(4).Select(value => Display.Number(value, "0.000000")));
            Console.Out.WriteLine($"{item.Digest}  {item.Ids.Length} tokens, {item.Pooling}: {first} ... ({item.Pooled.Length})  {item.Text}");
        }

        return ExitCodes.Success;
    }

    private static Item Embed(ModelFolder folder, string? text, int[] ids)
    {
        if (ids.Length > folder.Model.Config.ContextLength)
        {
            throw new UsageException($"embed: {ids.Length} tokens exceed the model's context of {folder.Model.Config.ContextLength}; shorten the text");
        }

        HiddenStates states = HiddenStates.Of(folder.Model, ids);
        return new Item(text, ids, states.Pooling, states.Pooled, states.Rows);
    }

    private static JsonObject ToJson(Item item) => new()
    {
        ["text"] = item.Text,
        ["ids"] = TokenInput.ToJson(item.Ids),
        ["pooling"] = item.Pooling,
        ["pooled"] = Numbers(item.Pooled),
        ["last_hidden_state"] = new JsonArray([.. item.Hidden.ToArray().Chunk(item.Hidden.Shape[1]).Select(Numbers)]),
        ["digest"] = item.Digest.ToString(),
    };

    private static JsonArray Numbers(IEnumerable<float> values) => new([.. values.Select(value => JsonValue.Create(value))]);

    /// <param name="Text">The text, or null for ids.</param>
    /// <param name="Ids">Its tokens.</param>
    /// <param name="Pooling">How the pooled state was made.</param>
    /// <param name="Pooled">[C].</param>
    /// <param name="Hidden">[T, C].</param>
    private sealed record Item(string? Text, int[] Ids, string Pooling, float[] Pooled, Tensor Hidden)
    {
        /// <summary>Of the tensors 'last_hidden_state' and 'pooled'.</summary>
        public Digest Digest { get; } = TensorDigest.ComputeAll(
            new KeyValuePair<string, Tensor>[] { new("last_hidden_state", Hidden), new("pooled", Tensor.From(Pooled)) }.ToNamedTensors(), 1).Root;
    }
}
