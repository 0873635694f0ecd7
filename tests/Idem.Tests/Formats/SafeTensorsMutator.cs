// Makes malformed safetensors files that are almost sound: it knows the format's parts and breaks one to three of them.
// Seeded: mutation n of a seed is always the same file.

using System.Text;
using System.Text.RegularExpressions;
using Idem.Formats;

namespace Idem.Tests.Formats;

internal sealed partial class SafeTensorsMutator(int seed)
{
    private static readonly string[] Extremes =
    [
        "0", "1", "2", "3", "7", "8", "-1", "-0", "1.0", "1e3", "255", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
        "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999999", "null", "true", "\"4\"", "[]", "{}", "", "NaN",
    ];

    private static readonly string[] Words =
    [
        "\"F32\"", "\"F64\"", "\"BF16\"", "\"U8\"", "\"I64\"", "\"BOOL\"", "\"F8_E5M2\"", "\"f32\"", "\"\"", "\"dtype\"", "\"shape\"",
        "\"data_offsets\"", "\"__metadata__\"", "\"\\ud800\"", "\"\\u0000\"", "\"a\\u0062\"", "\"w\"", "\"b\"", "\"format\"",
    ];

    private static readonly string[] Fragments =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "//", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "\0", "\u00e9", "\"a\":1,", "\uFEFF"];

    private readonly Random _random = new(seed);

    /// <summary>Reads a file; false if it is refused with a typed error.</summary>
    public static bool Try(byte[] file)
    {
        try
        {
            using SafeTensorsFile read = SafeTensorsFile.Parse(file, "f");
            long covered = read.Tensors.Sum(tensor => (long)tensor.Data.Bytes(0, (int)tensor.Data.ByteCount).Length);
            return covered == file.Length - 8 - BitConverter.ToInt64(file) ? true : throw new InvalidOperationException($"{covered} bytes belong to tensors");
        }
        catch (SafeTensorsException e) when (e.Remedy.Length > 0)
        {
            return false;
        }
    }

    public byte[] Next()
    {
        (string header, byte[] data) = Sound();
        int count = _random.Next(4);
        for (int i = 0; i < count; i++)
        {
            header = MutateHeader(header);
        }

        byte[] text = Encoding.UTF8.GetBytes(header);
        long length = _random.Next(12) == 0 ? Length(text.Length) : text.Length;
        byte[] file = [.. BitConverter.GetBytes(length), .. text, .. data];
        return _random.Next(6) switch
        {
            0 when file.Length > 0 => file[.._random.Next(file.Length)],
            1 => [.. file, .. new byte[_random.Next(1, 20)]],
            2 => Flip(file),
            _ => file,
        };
    }

    private (string Header, byte[] Data) Sound()
    {
        var entries = new List<string>();
        int offset = 0;
        if (_random.Next(2) == 0)
        {
            entries.Add("\"__metadata__\":{\"format\":\"pt\",\"b\":\"\"}");
        }

        int tensors = _random.Next(5);
        for (int i = 0; i < tensors; i++)
        {
            (string dtype, int width) = Pick([("F32", 4), ("BF16", 2), ("I64", 8), ("BOOL", 1)]);
            int[] shape = [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(4))];
            int end = offset + shape.Aggregate(width, (product, d) => product * d);
            entries.Add($$"""
                "layer.{{i}}.weight":{"dtype":"{{dtype}}","shape":[{{string.Join(',', shape)}}],"data_offsets":[{{offset}},{{end}}]}
                """.Trim());
            offset = end;
        }

        string header = $"{{{string.Join(',', entries)}}}";
        return (header + new string(' ', -header.Length & 7), new byte[offset]);
    }

    private string MutateHeader(string header) => _random.Next(7) switch
    {
        0 => ReplaceOne(Number(), header, Pick(Extremes)),
        1 => ReplaceOne(Quoted(), header, Pick(Words)),
        2 => ReplaceOne(EntryText(), header, m => m + "," + m),
        3 => ReplaceOne(Quoted(), header, _ => OneOf(Quoted(), header)),
        4 => ReplaceOne(Number(), header, _ => OneOf(Number(), header)),
        5 => header.Insert(_random.Next(header.Length + 1), Pick(Fragments)),
        _ => RemoveSpan(header),
    };

    private string RemoveSpan(string header)
    {
        int start = _random.Next(header.Length);
        return header.Remove(start, Math.Min(_random.Next(1, 12), header.Length - start));
    }

    private string ReplaceOne(Regex what, string text, string with) => ReplaceOne(what, text, _ => with);

    private string ReplaceOne(Regex what, string text, Func<string, string> with)
    {
        MatchCollection found = what.Matches(text);
        if (found.Count == 0)
        {
            return text;
        }

        Match one = found[_random.Next(found.Count)];
        return string.Concat(text.AsSpan(0, one.Index), with(one.Value), text.AsSpan(one.Index + one.Length));
    }

    private string OneOf(Regex what, string text) => what.Matches(text) is { Count: > 0 } found ? found[_random.Next(found.Count)].Value : "";

    private byte[] Flip(byte[] file)
    {
        if (file.Length > 0)
        {
            file[_random.Next(file.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return file;
    }

    private long Length(int actual) => Pick([0, 1, actual - 1, actual + 1, actual + 8L, 100_000_000, 100_000_001, int.MaxValue, long.MaxValue, -1, long.MinValue]);

    private T Pick<T>(T[] choices) => choices[_random.Next(choices.Length)];

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("\"layer[^}]*}")]
    private static partial Regex EntryText();
}
