// An in-toto Statement, v1 (https://github.com/in-toto/attestation): what it is about, by digests, and what is said of it. Compared
// member by member, so that a difference is named.

using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Idem.Attestation;

/// <summary>Something that a statement is about.</summary>
/// <param name="Name">A file, or what of the thing is digested.</param>
/// <param name="Algorithm"><c>sha256</c> of a file's bytes, or a digest of content by its format's name, such as <c>idem-tensors-1</c>.</param>
/// <param name="Hex">The digest.</param>
public sealed record StatementSubject(string Name, string Algorithm, string Hex);

/// <summary>A difference between what is attested and what is on disk.</summary>
/// <param name="Member">A subject's name, or a member of the predicate, such as <c>predicate.ledger.hash</c>.</param>
/// <param name="Attested">What the statement says; null for nothing.</param>
/// <param name="Found">What is there; null for nothing.</param>
public sealed record StatementDifference(string Member, string? Attested, string? Found)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => Attested is null ? $"{Member} is not attested, and there is {Found}"
        : Found is null ? $"{Member} is attested as {Attested}, and there is none"
        : $"{Member} is attested as {Attested}, and there is {Found}";
}

/// <summary>A statement.</summary>
/// <param name="PredicateType">What kind of predicate it is.</param>
/// <param name="Subjects">What it is about.</param>
/// <param name="Predicate">What is said.</param>
public sealed record Statement(string PredicateType, IReadOnlyList<StatementSubject> Subjects, JsonObject Predicate)
{
    private const string Type = "https://in-toto.io/Statement/v1";

    internal static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The payload: compact JSON. The same thing has the same bytes.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["_type"] = Type,
        ["subject"] = new JsonArray([.. Subjects.Select(subject => new JsonObject
        {
            ["name"] = subject.Name, ["digest"] = new JsonObject { [subject.Algorithm] = subject.Hex },
        })]),
        ["predicateType"] = PredicateType,
        ["predicate"] = Predicate.DeepClone(),
    }.ToJsonString(Json));

    /// <summary>Reads a payload.</summary>
    /// <param name="bytes">The payload.</param>
    /// <param name="file">The envelope's file, for messages.</param>
    /// <exception cref="AttestationException">It is not a statement.</exception>
    public static Statement Parse(byte[] bytes, string file)
    {
        try
        {
            JsonObject root = JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false })!.AsObject();
            return Text(root["_type"]) == Type
                ? new Statement(Text(root["predicateType"]), [.. root["subject"]!.AsArray().SelectMany(SubjectsOf)], root["predicate"]!.AsObject())
                : throw new AttestationException(file, $"holds a statement of type {Text(root["_type"])}, not {Type}", Redo);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new AttestationException(file, "its payload is not an in-toto statement", Redo, exception);
        }
    }

    /// <summary>What differs, subjects first; nothing if it is the same.</summary>
    /// <param name="found">What is on disk.</param>
    public IReadOnlyList<StatementDifference> Compare(Statement found)
    {
        ArgumentNullException.ThrowIfNull(found);
        List<StatementDifference> differences = [];
        if (PredicateType != found.PredicateType)
        {
            return [new StatementDifference("predicateType", PredicateType, found.PredicateType)];
        }

        ILookup<string, StatementSubject> attested = Subjects.ToLookup(subject => subject.Name), there = found.Subjects.ToLookup(subject => subject.Name);
        foreach (string name in Subjects.Concat(found.Subjects).Select(subject => subject.Name).Distinct())
        {
            Add(differences, name, Join(attested[name]), Join(there[name]));
        }

        Compare(differences, "predicate", Predicate, found.Predicate);
        return differences;
    }

    private const string Redo = "Name a file that 'idem attest' wrote";

    private static void Compare(List<StatementDifference> differences, string member, JsonNode? attested, JsonNode? found)
    {
        switch (attested, found)
        {
            case (JsonObject a, JsonObject b):
                foreach (string name in a.Select(entry => entry.Key).Concat(b.Select(entry => entry.Key)).Distinct())
                {
                    Compare(differences, $"{member}.{name}", a[name], b[name]);
                }

                break;
            case (JsonArray a, JsonArray b):
                for (int i = 0; i < Math.Max(a.Count, b.Count); i++)
                {
                    Compare(differences, string.Create(CultureInfo.InvariantCulture, $"{member}[{i}]"), i < a.Count ? a[i] : null, i < b.Count ? b[i] : null);
                }

                break;
            default:
                Add(differences, member, attested?.ToJsonString(Json), found?.ToJsonString(Json));
                break;
        }
    }

    private static void Add(List<StatementDifference> differences, string member, string? attested, string? found)
    {
        if (attested != found)
        {
            differences.Add(new StatementDifference(member, attested, found));
        }
    }

    private static string? Join(IEnumerable<StatementSubject> subjects) =>
        subjects.Any() ? string.Join(", ", subjects.Select(subject => $"{subject.Algorithm}:{subject.Hex}").Order(StringComparer.Ordinal)) : null;

    private static IEnumerable<StatementSubject> SubjectsOf(JsonNode? node)
    {
        JsonObject subject = node!.AsObject();
        return subject["digest"]!.AsObject().Select(digest => new StatementSubject(Text(subject["name"]), digest.Key, Text(digest.Value)));
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
