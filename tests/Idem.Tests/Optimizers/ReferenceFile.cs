// One file of ../shared/reference/optimizers, read strictly: a field, optimizer or argument that is not understood fails the test.

using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Idem.Optimizers;
using Idem.Tests.Support;

namespace Idem.Tests.Optimizers;

internal sealed partial class ReferenceFile
{
    private ReferenceFile(JsonElement root)
    {
        foreach (JsonProperty property in root.EnumerateObject())
        {
            Assert.True(property.Name is "meta" or "name" or "optimizer" or "args" or "clip" or "schedule" or "steps" or "steps_float64",
                $"the field '{property.Name}' is not understood");
        }

        JsonElement meta = root.GetProperty("meta");
        Optimizer = root.GetProperty("optimizer").GetString()!;
        Args = root.GetProperty("args");
        Clip = root.TryGetProperty("clip", out JsonElement clip) ? clip.GetString() : null;
        Schedule = root.TryGetProperty("schedule", out JsonElement schedule) ? schedule.GetString() : null;
        X = Floats(meta.GetProperty(nameof(X)));
        Y = Floats(meta.GetProperty(nameof(Y)));
        Initial = Names.Select(name => Floats(meta.GetProperty("initial").GetProperty(name))).ToArray();
        Steps = [.. root.GetProperty("steps").EnumerateArray()];
        StepsFloat64 = [.. root.GetProperty("steps_float64").EnumerateArray()];
    }

    public static string[] Names { get; } = ["0.weight", "0.bias", "2.weight", "2.bias"];

    public string Optimizer { get; }

    public JsonElement Args { get; }

    public string? Clip { get; }

    public string? Schedule { get; }

    public float[] X { get; }

    public float[] Y { get; }

    public float[][] Initial { get; }

    public JsonElement[] Steps { get; }

    public JsonElement[] StepsFloat64 { get; }

    public static ReferenceFile Load(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"reference/optimizers/{name}")));
        return new ReferenceFile(document.RootElement.Clone());
    }

    /// <summary>The parameters after a step, as float32 bit patterns or as decimal doubles.</summary>
    public static double[] Params(JsonElement step, string name)
    {
        JsonElement value = step.GetProperty("params").GetProperty(name);
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(element => element.GetDouble())]
            : [.. Hex(value.GetString()!).Select(element => (double)element)];
    }

    /// <summary>The schedule of the file, from torch's constructor call.</summary>
    public Schedule ParseSchedule()
    {
        double lr = Args.GetProperty("lr").GetDouble();
        if (Schedule is null)
        {
            return new ConstantSchedule(lr);
        }

        Match match = ScheduleCall().Match(Schedule);
        Assert.True(match.Success, $"the schedule '{Schedule}' is not understood");
        Arguments arguments = new(match.Groups["args"].Value);
        Schedule schedule = match.Groups["name"].Value switch
        {
            "StepLR" => new StepSchedule(lr, (long)arguments.Number("step_size"), arguments.Number("gamma", 0.1)),
            "CosineAnnealingLR" => new CosineAnnealingSchedule(lr, (long)arguments.Number("T_max"), arguments.Number("eta_min", 0)),
            string other => throw new NotSupportedException($"schedule {other}"),
        };
        arguments.Finish();
        return schedule;
    }

    /// <summary>(whether by norm, limit), or null without clipping.</summary>
    public (bool ByNorm, double Limit)? ParseClip()
    {
        if (Clip is null)
        {
            return null;
        }

        Match match = ClipCall().Match(Clip);
        Assert.True(match.Success, $"the clipping '{Clip}' is not understood");
        return (match.Groups["kind"].Value == "norm", double.Parse(match.Groups["limit"].Value, CultureInfo.InvariantCulture));
    }

    private static float[] Floats(JsonElement tensor) => Hex(tensor.GetProperty("hex").GetString()!);

    private static float[] Hex(string text) =>
        [.. text.Split(' ').Select(word => BitConverter.UInt32BitsToSingle(uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];

    [GeneratedRegex(@"^(?<name>\w+)\((?<args>[^)]*)\), scheduler\.step\(\) after each optimizer\.step\(\)$")]
    private static partial Regex ScheduleCall();

    [GeneratedRegex(@"^torch\.nn\.utils\.clip_grad_(?<kind>norm|value)_\(params, (?<limit>[0-9.e+-]+)\) before each step$")]
    private static partial Regex ClipCall();
}

/// <summary>Python keyword arguments, each of which must be taken.</summary>
internal sealed class Arguments
{
    private readonly SortedDictionary<string, JsonElement> _values = new(StringComparer.Ordinal);

    public Arguments(JsonElement args)
    {
        foreach (JsonProperty property in args.EnumerateObject())
        {
            _values.Add(property.Name, property.Value);
        }
    }

    /// <param name="call">E.g. <c>step_size=7, gamma=0.5</c>.</param>
    public Arguments(string call)
        : this(JsonDocument.Parse("{" + Regex.Replace(call, @"(\w+)=", "\"$1\":") + "}").RootElement)
    {
    }

    public double Number(string name, double? absent = null) =>
        _values.Remove(name, out JsonElement value) ? value.GetDouble() : absent ?? throw new NotSupportedException($"{name} is missing");

    public bool Flag(string name) => _values.Remove(name, out JsonElement value) && value.GetBoolean();

    public (double First, double Second) Pair(string name, double first, double second) =>
        _values.Remove(name, out JsonElement value) ? (value[0].GetDouble(), value[1].GetDouble()) : (first, second);

    public void Finish() => Assert.True(_values.Count == 0, $"not understood: {string.Join(", ", _values.Keys)}");
}

/// <summary>Sequential(Linear(4,5), Tanh, Linear(5,3)) with MSELoss(mean), and its gradients, in T: the producer of test gradients.</summary>
internal static class TinyModel
{
    private const int Inputs = 4, Hidden = 5, Outputs = 3;

    public static T Backward<T>(T[][] parameters, float[] inputs, float[] targets, T[][] gradients)
        where T : IFloatingPointIeee754<T>
    {
        (T[] w0, T[] b0, T[] w2, T[] b2) = (parameters[0], parameters[1], parameters[2], parameters[3]);
        int rows = inputs.Length / Inputs;
        T count = T.CreateChecked(rows * Outputs), loss = T.Zero;
        foreach (T[] gradient in gradients)
        {
            Array.Clear(gradient);
        }

        T[] hidden = new T[Hidden], outputGradient = new T[Outputs];
        for (int row = 0; row < rows; row++)
        {
            for (int h = 0; h < Hidden; h++)
            {
                T sum = b0[h];
                for (int i = 0; i < Inputs; i++)
                {
                    sum += w0[(h * Inputs) + i] * T.CreateChecked(inputs[(row * Inputs) + i]);
                }

                hidden[h] = T.Tanh(sum);
            }

            for (int o = 0; o < Outputs; o++)
            {
                T sum = b2[o];
                for (int h = 0; h < Hidden; h++)
                {
                    sum += w2[(o * Hidden) + h] * hidden[h];
                }

                T difference = sum - T.CreateChecked(targets[(row * Outputs) + o]);
                loss += difference * difference / count;
                outputGradient[o] = T.CreateChecked(2) * difference / count;
                gradients[3][o] += outputGradient[o];
                for (int h = 0; h < Hidden; h++)
                {
                    gradients[2][(o * Hidden) + h] += outputGradient[o] * hidden[h];
                }
            }

            for (int h = 0; h < Hidden; h++)
            {
                T sum = T.Zero;
                for (int o = 0; o < Outputs; o++)
                {
                    sum += outputGradient[o] * w2[(o * Hidden) + h];
                }

                sum *= T.One - (hidden[h] * hidden[h]);
                gradients[1][h] += sum;
                for (int i = 0; i < Inputs; i++)
                {
                    gradients[0][(h * Inputs) + i] += sum * T.CreateChecked(inputs[(row * Inputs) + i]);
                }
            }
        }

        return loss;
    }
}
