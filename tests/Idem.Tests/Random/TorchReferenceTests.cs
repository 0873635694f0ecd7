// Every case of the reference files: PyTorch 1.13 (AVX2), and PyTorch 2.10 where it differs. See ../shared/reference/README.md.

using System.Globalization;
using System.Text.Json;
using Idem.Numerics.Random;
using Idem.Tests.Support;
using Xunit;

namespace Idem.Tests.Randomness;

public class TorchReferenceTests
{
    // QR is LAPACK's: the newer files come from MKL's, which rounds otherwise (see TorchInit.Orthogonal).
    private const string OtherLapack = "orthogonal_";

    [Fact]
    public void EveryCase() => EachFile(file =>
    {
        List<string> failures = [];
        ulong seed = file.GetProperty("seed").GetUInt64();
        foreach (JsonProperty test in file.GetProperty("cases").EnumerateObject())
        {
            TorchRandom random = new(seed);
            Check(random, test.Value, test.Name, failures);
            float[] after = new float[2];
            random.Rand(after);
            string expected = test.Value.GetProperty("then_rand_2").GetString()!;
            Same(expected, Words(after), $"{test.Name}: then rand(2)", failures);
        }

        return failures;
    });

    [Fact]
    public void EverySequence() => EachFile(file =>
    {
        List<string> failures = [];
        foreach (JsonProperty sequence in file.GetProperty("sequences").EnumerateObject())
        {
            TorchRandom random = new(file.GetProperty("seed").GetUInt64());
            int index = 0;
            foreach (JsonElement step in sequence.Value.EnumerateArray())
            {
                Check(random, step, $"{sequence.Name}[{index++}]", failures);
            }
        }

        return failures;
    });

    [Fact]
    public void StateAndOwnGenerator() => EachFile(file =>
    {
        List<string> failures = [];
        TorchRandom random = new(file.GetProperty("seed").GetUInt64());
        JsonElement state = file.GetProperty("state");
        Same(state.GetProperty("initial_sha256").GetString()!, random.StateDigest(), "initial state", failures);
        random.RandN(new float[3]);
        random.Rand(new float[5]);
        Same(state.GetProperty("after_randn3_rand5_sha256").GetString()!, random.StateDigest(), "state after draws", failures);

        random.ManualSeed(file.GetProperty("seed").GetUInt64());
        string[] calls = ["torch.rand(4)", "torch.randn(4)", "torch.randn(16)", "torch.randperm(6)"];
        JsonElement results = file.GetProperty("own_generator").GetProperty("result");
        for (int i = 0; i < calls.Length; i++)
        {
            Compare(results[i], TorchCalls.Run(random, calls[i], calls[i]), $"own generator {calls[i]}", failures);
        }

        return failures;
    });

    [Fact]
    public void NewerVersionOnEveryCase()
    {
        // The newer files name their cases only; the calls stand in the main files.
        string folder = SharedData.Require("reference/torch-random");
        using JsonDocument main = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "seed-0.json")));
        List<string> failures = [];
        foreach (string path in Directory.GetFiles(Path.Combine(folder, "libtorch-2.10"), "seed-*.json"))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonProperty test in document.RootElement.GetProperty("cases").EnumerateObject())
            {
                TorchRandom random = new(document.RootElement.GetProperty("seed").GetUInt64(), TorchVersion.V210);
                string name = $"{Path.GetFileName(path)}: {test.Name}";
                bool sequence = test.Name.StartsWith("seq_", StringComparison.Ordinal);
                string[] calls = sequence
                    ? [.. main.RootElement.GetProperty("sequences").GetProperty(test.Name[4..]).EnumerateArray().Select(Call)]
                    : [Call(main.RootElement.GetProperty("cases").GetProperty(test.Name))];
                JsonElement[] results = sequence ? [.. test.Value.EnumerateArray()] : [test.Value];
                for (int i = 0; i < calls.Length; i++)
                {
                    CompareWords(results[i], calls[i], TorchCalls.Run(random, calls[i], test.Name), name, failures);
                }

                if (!sequence)
                {
                    float[] after = new float[2];
                    random.Rand(after);
                    Same(test.Value.GetProperty("then_rand_2").GetString()!, Words(after), $"{name}: then rand(2)", failures);
                }
            }
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures.Take(60)));
    }

    [Fact]
    public void NewerVersionWhereItDiffers()
    {
        string folder = SharedData.Require("reference/torch-random/libtorch-2.10");
        string[] lines = File.ReadAllLines(Path.Combine(folder, "randint_bounds.txt"));
        int compared = 0;
        foreach (string[] columns in lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (columns.Length < 6 || !long.TryParse(columns[0], out long range))
            {
                continue;
            }

            foreach ((TorchVersion version, int column, int words) in new[] { (TorchVersion.V113, 1, 3), (TorchVersion.V210, 2, 5) })
            {
                TorchRandom random = new(0, version);
                long[] drawn = new long[2];
                random.RandInt(drawn, range);
                Assert.Equal(columns[column], string.Join(',', drawn));
                TorchRandom counted = new(0);
                for (int i = int.Parse(columns[words], CultureInfo.InvariantCulture); i > 0; i--)
                {
                    counted.NextUInt32();
                }

                Assert.Equal(counted.StateDigest(), random.StateDigest());
                compared++;
            }
        }

        Assert.Equal(14, compared);
    }

    private static string Call(JsonElement test) => test.GetProperty("call").GetString()!;

    private static string Words(float[] values) =>
        string.Join(' ', values.Select(x => BitConverter.SingleToUInt32Bits(x).ToString("x8", CultureInfo.InvariantCulture)));

    // A result of the newer files: blank-separated words, or an object of them by "hex" or parameter.
    private static void CompareWords(
        JsonElement result, string call, Dictionary<string, ulong[]> actual, string name, List<string> failures)
    {
        foreach ((string parameter, ulong[] values) in actual)
        {
            JsonElement words = result.ValueKind == JsonValueKind.String ? result : result.GetProperty(parameter.Length == 0 ? "hex" : parameter);
            bool integers = call.Contains("rand", StringComparison.Ordinal) && call.Contains("int", StringComparison.Ordinal)
                || call.Contains("perm", StringComparison.Ordinal) || call.Contains("multinomial", StringComparison.Ordinal);
            ulong[] expected = [.. words.GetString()!.Split(' ').Select(word =>
                integers ? (ulong)long.Parse(word, CultureInfo.InvariantCulture) : Convert.ToUInt64(word, 16))];
            if (call.Contains(OtherLapack, StringComparison.Ordinal))
            {
                CompareNearly(expected, values, name, failures);
            }
            else if (!expected.AsSpan().SequenceEqual(values))
            {
                failures.Add($"{name} {parameter}: differs");
            }
        }
    }

    private static void EachFile(Func<JsonElement, List<string>> test)
    {
        string[] files = Directory.GetFiles(SharedData.Require("reference/torch-random"), "seed-*.json");
        Assert.NotEmpty(files);
        List<string> failures = [];
        foreach (string path in files)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            failures.AddRange(test(document.RootElement).Select(failure => $"{Path.GetFileName(path)}: {failure}"));
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures.Take(60)));
    }

    private static void Check(TorchRandom random, JsonElement test, string name, List<string> failures)
    {
        string call = Call(test);
        try
        {
            Compare(test.GetProperty("result"), TorchCalls.Run(random, call, name), name, failures);
        }
        catch (NotSupportedException exception)
        {
            failures.Add($"{name}: {exception.Message}");
        }
    }

    private static void Compare(JsonElement result, Dictionary<string, ulong[]> actual, string name, List<string> failures)
    {
        if (result.TryGetProperty("dtype", out _))
        {
            CompareTensor(result, actual[""], name, failures);
            return;
        }

        int parameters = 0;
        foreach (JsonProperty parameter in result.EnumerateObject())
        {
            CompareTensor(parameter.Value, actual[parameter.Name], $"{name}.{parameter.Name}", failures);
            parameters++;
        }

        Same(parameters.ToString(CultureInfo.InvariantCulture), actual.Count.ToString(CultureInfo.InvariantCulture), $"{name} parameters", failures);
    }

    private static void CompareTensor(JsonElement tensor, ulong[] actual, string name, List<string> failures)
    {
        ulong[] expected = tensor.TryGetProperty("hex", out JsonElement hex)
            ? [.. hex.GetString()!.Split(' ').Select(word => Convert.ToUInt64(word, 16))]
            : [.. tensor.GetProperty("values").EnumerateArray().Select(value => (ulong)value.GetInt64())];
        int different = expected.Length == actual.Length ? expected.Zip(actual).Count(pair => pair.First != pair.Second) : -1;
        if (different != 0)
        {
            int first = Enumerable.Range(0, Math.Min(expected.Length, actual.Length)).FirstOrDefault(i => expected[i] != actual[i]);
            failures.Add($"{name}: {different} of {expected.Length} differ, first [{first}] {actual[first]:x8}, not {expected[first]:x8}");
        }
    }

    // The one foreign oracle with a tolerance: two LAPACKs differ from each other by as much.
    private static void CompareNearly(ulong[] expected, ulong[] actual, string name, List<string> failures)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double other = BitConverter.UInt32BitsToSingle((uint)expected[i]);
            double value = BitConverter.UInt32BitsToSingle((uint)actual[i]);
            if (!(Math.Abs(other - value) <= 5e-7))
            {
                failures.Add($"{name}[{i}]: {value}, not about {other}");
            }
        }
    }

    private static void Same(string expected, string actual, string name, List<string> failures)
    {
        if (expected != actual)
        {
            failures.Add($"{name}: {actual}, not {expected}");
        }
    }
}
