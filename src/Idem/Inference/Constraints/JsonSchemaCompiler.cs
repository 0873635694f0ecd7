// From a JSON schema to a grammar: each subschema becomes a rule, made when something first refers to it, from a queue, so that neither
// nesting nor recursion in the schema nests anything here. What a keyword would restrict and this does not is refused by its name: a text
// that the grammar takes is always valid against the schema. The other way round it need not be: objects have their properties in the
// order of the schema and no others, and white space, escapes and numbers are as JsonGrammar has them.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Idem.Inference.Constraints;

internal sealed class JsonSchemaCompiler
{
    /// <summary>Bounds of a schema.</summary>
    public const int NodesMax = 200_000, CharactersMax = 1 << 18, LiteralBytesMax = 1 << 18, CountMax = 4096, DepthMax = 64, PathMax = 1024;

    private const long IntegerMax = 999_999_999_999_999_999;

    // What says something about a value without restricting it.
    private static readonly string[] Annotations =
        ["title", "description", "default", "examples", "$comment", "$schema", "$id", "deprecated", "readOnly", "writeOnly", "$defs", "definitions"];

    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "anyOf", "$ref", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    ];

    private static readonly string[] Types = ["object", "array", "string", "integer", "number", "boolean", "null"];

    private readonly JsonElement _root;
    private readonly Grammar _grammar;
    private readonly JsonGrammar _json;
    private readonly Dictionary<string, GrammarRule> _rules = new(StringComparer.Ordinal); // by path
    private readonly Dictionary<string, List<string>> _aliases = new(StringComparer.Ordinal); // what a path may be instead of itself, with nothing before it
    private readonly Queue<(JsonElement Schema, string Path, GrammarRule Rule)> _pending = [];
    private int _literalBytes;

    private JsonSchemaCompiler(JsonElement root, SpellsBytes spells)
    {
        _root = root;
        _grammar = new Grammar(spells);
        _json = new JsonGrammar(_grammar);
    }

    /// <summary>Makes the grammar of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="spells">Whether bytes are a token of the vocabulary that will write texts.</param>
    /// <exception cref="JsonSchemaException">It is malformed, not supported, or nothing can follow it.</exception>
    public static Grammar Compile(JsonElement schema, SpellsBytes spells)
    {
        JsonSchemaCompiler compiler = new(schema, spells);
        Grammar grammar = compiler._grammar;
        grammar.Root = compiler.RuleAt(schema, "");
        while (compiler._pending.TryDequeue(out (JsonElement Schema, string Path, GrammarRule Rule) next))
        {
            compiler.Build(next.Schema, next.Path, next.Rule);
            compiler.CheckSize(next.Path);
        }

        compiler.RefuseEmptyCycles();
        grammar.Seal([.. compiler._rules.Values, .. compiler._json.Rules]);
        return grammar.IsLive(grammar.Root.Start) ? grammar : throw new JsonSchemaException("", grammar.CanEnd(grammar.Root.Start)
            ? "cannot be followed by this model: its vocabulary lacks tokens for characters that every such text has"
            : "has no value that ends: something that is required requires itself");
    }

    private GrammarRule RuleAt(JsonElement schema, string path)
    {
        if (!_rules.TryGetValue(path, out GrammarRule rule))
        {
            if (path.Length > PathMax || path.Count(c => c == '/') > DepthMax)
            {
                throw new JsonSchemaException(path, $"lies deeper than {DepthMax} steps in the schema, or the names on the way have more than {PathMax} characters");
            }

            CheckSize(path);
            rule = _rules[path] = _grammar.AddRule();
            _pending.Enqueue((schema, path, rule));
        }

        return rule;
    }

    private void CheckSize(string path)
    {
        if (_grammar.Count > NodesMax)
        {
            throw new JsonSchemaException(path, $"is too large: make it smaller, or its counts of items and characters (grammars have at most {NodesMax} nodes)");
        }
    }

    private void Build(JsonElement schema, string path, GrammarRule rule)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw new JsonSchemaException(path, "must be an object: a schema that takes anything, or nothing, is not supported");
        }

        SchemaObject fields = new(schema, path, Annotations, Keywords);
        if (fields.Get("$ref") is { } reference)
        {
            fields.RequireAlone("$ref");
            string target = JsonPointer.Of(reference, fields.At("$ref"));
            AddAlias(path, target);
            _grammar.AddCall(rule.Start, RuleAt(JsonPointer.Resolve(_root, target, fields.At("$ref")), target), rule.End);
        }
        else if (fields.Get("anyOf") is { } choices)
        {
            fields.RequireAlone("anyOf");
            int i = 0;
            foreach (JsonElement choice in SchemaObject.Items(choices, fields.At("anyOf")))
            {
                string place = $"{path}/anyOf/{i++}";
                AddAlias(path, place);
                _grammar.AddCall(rule.Start, RuleAt(choice, place), rule.End);
            }
        }
        else if (fields.Get("const") is { } value)
        {
            bool isAnOption = fields.Get("enum") is not { } options || SchemaObject.Items(options, fields.At("enum")).Any(option => JsonElement.DeepEquals(value, option));
            AddLiterals(rule, isAnOption ? [value] : [], fields);
        }
        else if (fields.Get("enum") is { } values)
        {
            AddLiterals(rule, SchemaObject.Items(values, fields.At("enum")), fields);
        }
        else
        {
            foreach (string type in TypesOf(fields) ?? throw new JsonSchemaException(path, "must have type, enum, const, anyOf or $ref"))
            {
                BuildType(type, fields, path, rule);
            }
        }
    }

    private void BuildType(string type, SchemaObject fields, string path, GrammarRule rule)
    {
        switch (type)
        {
            case "object":
                BuildObject(fields, path, rule);
                break;
            case "array":
                BuildArray(fields, path, rule);
                break;
            case "string":
                int min = fields.Count("minLength", CountMax) ?? 0;
                int? max = fields.Count("maxLength", CountMax);
                _json.AddString(rule.Start, min, max is null || max >= min ? max : throw new JsonSchemaException(path, "has a maxLength below its minLength"), rule.End);
                break;
            case "integer":
                (long low, long high) = fields.IntegerRange(IntegerMax);
                _json.AddInteger(rule.Start, low, high, rule.End);
                break;
            case "number":
                fields.Refuse("is supported for integers only", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");
                _json.AddNumber(rule.Start, rule.End);
                break;
            case "boolean":
                _json.AddTexts(rule.Start, ["true"u8.ToArray(), "false"u8.ToArray()], rule.End);
                break;
            default:
                _grammar.AddText(rule.Start, "null"u8, rule.End);
                break;
        }
    }

    // before: nothing was written yet, after: something was. Properties come in order; optional ones may be passed over.
    private void BuildObject(SchemaObject fields, string path, GrammarRule rule)
    {
        if (fields.Get("additionalProperties") is { ValueKind: not JsonValueKind.False })
        {
            throw new JsonSchemaException(fields.At("additionalProperties"), "must be false: objects have the properties that the schema names");
        }

        List<JsonProperty> properties = [.. fields.Members("properties")];
        HashSet<string> names = [.. properties.Select(property => property.Name)], required = [.. fields.Texts("required")];
        if (required.FirstOrDefault(name => !names.Contains(name)) is { } absent)
        {
            throw new JsonSchemaException(fields.At("required"), $"names '{absent}', which is not among the properties");
        }

        int before = _grammar.AddNode(), after = _grammar.AddNode();
        _grammar.AddBytes(rule.Start, (byte)'{', (byte)'{', before);
        foreach (JsonProperty property in properties)
        {
            int key = _grammar.AddNode(), colon = _grammar.AddNode(), value = _grammar.AddNode(), nextBefore = _grammar.AddNode(), nextAfter = _grammar.AddNode();
            _grammar.AddSkip(before, key);
            _json.AddSeparator(after, (byte)',', key);
            _grammar.AddText(key, Literal(property.Name, fields.At("properties")), colon);
            _json.AddSeparator(colon, (byte)':', value);
            _grammar.AddCall(value, RuleAt(property.Value, $"{path}/properties/{JsonPointer.Escape(property.Name)}"), nextAfter);
            if (!required.Contains(property.Name))
            {
                _grammar.AddSkip(before, nextBefore);
                _grammar.AddSkip(after, nextAfter);
            }

            (before, after) = (nextBefore, nextAfter);
        }

        _grammar.AddBytes(before, (byte)'}', (byte)'}', rule.End);
        _grammar.AddBytes(after, (byte)'}', (byte)'}', rule.End);
    }

    private void BuildArray(SchemaObject fields, string path, GrammarRule rule)
    {
        int min = fields.Count("minItems", CountMax) ?? 0;
        int? max = fields.Count("maxItems", CountMax);
        if (max < min)
        {
            throw new JsonSchemaException(path, "has a maxItems below its minItems");
        }

        GrammarRule item = RuleAt(fields.Get("items") ?? throw new JsonSchemaException(path, "is of an array and must say what its items are"), path + "/items");
        int node = _grammar.AddNode();
        _grammar.AddBytes(rule.Start, (byte)'[', (byte)'[', node);
        for (int count = 0; ; count++)
        {
            if (count >= min)
            {
                _grammar.AddBytes(node, (byte)']', (byte)']', rule.End);
            }

            if (count == max)
            {
                break;
            }

            int begin = node;
            if (count > 0)
            {
                begin = _grammar.AddNode();
                _json.AddSeparator(node, (byte)',', begin);
            }

            if (max is null && count > 0 && count >= min)
            {
                _grammar.AddCall(begin, item, node); // and so on
                break;
            }

            int end = _grammar.AddNode();
            _grammar.AddCall(begin, item, end);
            node = end;
        }
    }

    private void AddLiterals(GrammarRule rule, IEnumerable<JsonElement> values, SchemaObject fields)
    {
        fields.RequireAlone("const", "enum", "type");
        string[]? types = TypesOf(fields);
        JsonElement[] kept = [.. values.Where(value => types is null || types.Any(type => SchemaObject.IsOfType(value, type)))];
        if (kept.Length == 0)
        {
            throw new JsonSchemaException(fields.Path, "has no value: its enum, const and type exclude each other");
        }

        _json.AddTexts(rule.Start, kept.Select(value => Literal(value, fields.Path)), rule.End);
    }

    private static string[]? TypesOf(SchemaObject fields)
    {
        if (fields.Get("type") is not { } type)
        {
            return null;
        }

        string[] types = type.ValueKind == JsonValueKind.String ? [type.GetString()!] : [.. fields.Texts("type")];
        foreach (string name in types)
        {
            if (!Types.Contains(name))
            {
                throw new JsonSchemaException(fields.At("type"), $"is '{name}', which is no type: use {string.Join(", ", Types)}");
            }
        }

        // Every integer is a number: two ways to write it would be one too many.
        return [.. types.Where(name => name != "integer" || !types.Contains("number")).Distinct()];
    }

    private byte[] Literal(string text, string path) => Counted(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\""), path);

    private byte[] Literal(JsonElement value, string path)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 2 * DepthMax }))
        {
            value.WriteTo(writer);
        }

        return Counted(bytes.ToArray(), path);
    }

    private byte[] Counted(byte[] literal, string path)
    {
        _literalBytes += literal.Length;
        return _literalBytes <= LiteralBytesMax ? literal : throw new JsonSchemaException(path, $"is too large: names and values of a schema have at most {LiteralBytesMax} bytes together");
    }

    private void AddAlias(string path, string target)
    {
        if (!_aliases.TryGetValue(path, out List<string>? targets))
        {
            _aliases[path] = targets = [];
        }

        targets.Add(target);
    }

    // A schema that may be itself, with nothing before it, says nothing, and a reader of it would never move.
    private void RefuseEmptyCycles()
    {
        Dictionary<string, int> open = _aliases.Keys.ToDictionary(path => path, _ => 0, StringComparer.Ordinal); // references into a path
        foreach (string target in _aliases.Values.SelectMany(targets => targets).Where(open.ContainsKey))
        {
            open[target]++;
        }

        Queue<string> free = new(open.Where(entry => entry.Value == 0).Select(entry => entry.Key));
        int removed = 0;
        while (free.TryDequeue(out string? path))
        {
            removed++;
            foreach (string target in _aliases[path].Where(open.ContainsKey))
            {
                if (--open[target] == 0)
                {
                    free.Enqueue(target);
                }
            }
        }

        if (removed < open.Count)
        {
            throw new JsonSchemaException(open.Where(entry => entry.Value > 0).Select(entry => entry.Key).Order(StringComparer.Ordinal).First(), "refers to itself with nothing between");
        }
    }
}
