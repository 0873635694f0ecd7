// What two models are made of beside their tensors, compared member by member. Tokenizers and chat templates are compared as they act,
// by the digests that receipts state: tokenizer_config.json has a say in both.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Tokenizers;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace Idem.Verification.Differences;

internal static class ModelIdentity
{
    /// <summary>What differs: configuration, tokenizer, chat template, how texts end.</summary>
    public static List<Difference> Differences(IModelFiles a, IModelFiles b)
    {
        List<Difference> found = [];
        AddMembers(found, "config", a.Read(IModelFiles.Config), b.Read(IModelFiles.Config), ["torch_dtype", "dtype", "transformers_version", "_name_or_path"]);
        Add(found, "tokenizer", Tokenizer(a), Tokenizer(b));
        Add(found, "chat template", Template(a), Template(b));
        Add(found, IModelFiles.Generation, DigestOf(a.Read(IModelFiles.Generation)), DigestOf(b.Read(IModelFiles.Generation)));
        return found;
    }

    /// <summary>Adds what differs between two JSON objects, member by member; where one is none, that their bytes do.</summary>
    /// <param name="found">Receives the differences.</param>
    /// <param name="what">What the file is called.</param>
    /// <param name="a">One file, or null.</param>
    /// <param name="b">The other.</param>
    /// <param name="undecided">Members that decide no bit.</param>
    public static void AddMembers(List<Difference> found, string what, byte[]? a, byte[]? b, string[] undecided)
    {
        try
        {
            JsonObject left = a is null ? [] : JsonNode.Parse(a)!.AsObject(), right = b is null ? [] : JsonNode.Parse(b)!.AsObject();
            foreach (string name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
            {
                if (!JsonNode.DeepEquals(left[name], right[name]))
                {
                    found.Add(new Difference($"{what} {name}", left[name]?.ToJsonString() ?? "absent", right[name]?.ToJsonString() ?? "absent", !undecided.Contains(name)));
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            Add(found, what, DigestOf(a), DigestOf(b));
        }
    }

    private static string Tokenizer(IModelFiles files)
    {
        try
        {
            return files.TokenizerProblem is null ? Digest.Of(files.LoadTokenizer().ToJson()).ToString() : "absent";
        }
        catch (TokenizerFormatException)
        {
            // Two files that no tokenizer can be made of may still be the same.
            return DigestOf(files.Read(IModelFiles.Tokenizer));
        }
    }

    private static string Template(IModelFiles files)
    {
        try
        {
            return DigestOf(Receipts.TemplateOf(files.Read, files.Path) is { } template ? Encoding.UTF8.GetBytes(template) : null);
        }
        catch (CorruptFileException)
        {
            return DigestOf(files.Read(IModelFiles.TokenizerConfig));
        }
    }

    private static string DigestOf(byte[]? file) => file is null ? "absent" : Digest.Of(file).ToString();

    private static void Add(List<Difference> found, string what, string a, string b)
    {
        if (a != b)
        {
            found.Add(new Difference(what, a, b));
        }
    }
}
