// Runs a Python call of the reference files against TorchRandom and TorchInit, and gives what PyTorch would return: tensors as
// lists of encodings, by parameter name for modules ("" for a single tensor). A call it does not know is an error.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Idem.Numerics.Random;

namespace Idem.Tests.Randomness;

internal static partial class TorchCalls
{
    public static Dictionary<string, ulong[]> Run(TorchRandom random, string call, string caseName)
    {
        string text = WithoutComment().Replace(call, "").Trim();
        if (text.StartsWith("nn.init.", StringComparison.Ordinal))
        {
            return One(Initializer(random, text, caseName));
        }

        return text.StartsWith("nn.", StringComparison.Ordinal) ? Module(random, text) : One(Tensor(random, text));
    }

    private static ulong[] Tensor(TorchRandom random, string text)
    {
        if (ParseCall().Match(text) is { Success: true } function)
        {
            string arguments = function.Groups["args"].Value;
            switch (function.Groups["name"].Value)
            {
                case "rand" or "randn":
                    return RandOrNormal(random, function.Groups["name"].Value, Size(arguments), Dtype(arguments));
                case "randint":
                    string[] bounds = Split(arguments);
                    long[] values = new long[Size(bounds[^1])];
                    random.RandInt(values, bounds.Length == 3 ? Integer(bounds[0]) : 0, Integer(bounds[^2]));
                    return Encode(values);
                case "randperm":
                    long[] order = new long[Integer(arguments)];
                    random.RandPerm(order);
                    return Encode(order);
                case "bernoulli":
                    float[] probabilities = Constant(arguments);
                    float[] ones = new float[probabilities.Length];
                    random.Bernoulli(ones, probabilities);
                    return Encode(ones);
                case "normal":
                    return TorchNormal(random, Split(arguments));
                case "nn.functional.dropout":
                    string[] parts = Split(arguments);
                    float[] kept = Constant(parts[0][6..]);
                    float[] mask = new float[kept.Length];
                    random.DropoutMask(mask, Number(parts[1]));
                    return Encode([.. kept.Zip(mask, (x, factor) => x * factor)]);
                case "multinomial":
                    return Multinomial(random, Split(arguments));
            }
        }

        if (ParseMethod().Match(text) is { Success: true } method)
        {
            return InPlace(random, method.Groups["empty"].Value, method.Groups["name"].Value, Split(method.Groups["args"].Value));
        }

        throw new NotSupportedException($"call not supported: {text}");
    }

    private static ulong[] InPlace(TorchRandom random, string empty, string name, string[] arguments)
    {
        int size = Size(empty);
        double[] numbers = [.. arguments.Select(Number)];
        if (Dtype(empty) == "int64")
        {
            long[] integers = new long[size];
            switch (name)
            {
                case "random_" when numbers.Length == 0: random.Random(integers); break;
                case "random_": random.RandInt(integers, numbers.Length == 2 ? Integer(arguments[0]) : 0, Integer(arguments[^1])); break;
                case "bernoulli_": random.Bernoulli(integers, numbers[0]); break;
                case "geometric_": random.Geometric(integers, numbers[0]); break;
                default: throw new NotSupportedException($"call not supported: int64 {name}");
            }

            return Encode(integers);
        }

        if (Dtype(empty) == "float64")
        {
            double[] doubles = new double[size];
            switch (name)
            {
                case "normal_": random.Normal(doubles, At(numbers, 0, 0), At(numbers, 1, 1)); break;
                case "uniform_": random.Uniform(doubles, At(numbers, 0, 0), At(numbers, 1, 1)); break;
                case "exponential_": random.Exponential(doubles, At(numbers, 0, 1)); break;
                case "bernoulli_": random.Bernoulli(doubles, numbers[0]); break;
                case "random_" when numbers.Length == 0: random.Random(doubles); break;
                default: throw new NotSupportedException($"call not supported: float64 {name}");
            }

            return [.. doubles.Select(BitConverter.DoubleToUInt64Bits)];
        }

        float[] values = new float[size];
        switch (name)
        {
            case "normal_": random.Normal(values, At(numbers, 0, 0), At(numbers, 1, 1)); break;
            case "uniform_": random.Uniform(values, At(numbers, 0, 0), At(numbers, 1, 1)); break;
            case "exponential_": random.Exponential(values, At(numbers, 0, 1)); break;
            case "geometric_": random.Geometric(values, numbers[0]); break;
            case "cauchy_": random.Cauchy(values, At(numbers, 0, 0), At(numbers, 1, 1)); break;
            case "log_normal_": random.LogNormal(values, At(numbers, 0, 1), At(numbers, 1, 2)); break;
            case "bernoulli_": random.Bernoulli(values, numbers[0]); break;
            case "random_" when numbers.Length == 0: random.Random(values); break;
            case "random_": random.RandInt(values, numbers.Length == 2 ? Integer(arguments[0]) : 0, Integer(arguments[^1])); break;
            default: throw new NotSupportedException($"call not supported: {name}");
        }

        return Encode(values);
    }

    private static ulong[] RandOrNormal(TorchRandom random, string name, int size, string dtype)
    {
        bool normal = name == "randn";
        switch (dtype)
        {
            case "float32":
                float[] single = new float[size];
                (normal ? (Action)(() => random.RandN(single)) : () => random.Rand(single))();
                return Encode(single);
            case "float64":
                double[] twice = new double[size];
                (normal ? (Action)(() => random.RandN(twice)) : () => random.Rand(twice))();
                return [.. twice.Select(BitConverter.DoubleToUInt64Bits)];
            case "bfloat16":
                ushort[] brain = new ushort[size];
                (normal ? (Action)(() => random.RandNBFloat16(brain)) : () => random.RandBFloat16(brain))();
                return [.. brain.Select(x => (ulong)x)];
            case "float16":
                Half[] half = new Half[size];
                (normal ? (Action)(() => random.RandN(half)) : () => random.Rand(half))();
                return [.. half.Select(x => (ulong)BitConverter.HalfToUInt16Bits(x))];
            default:
                throw new NotSupportedException($"dtype not supported: {dtype}");
        }
    }

    private static ulong[] TorchNormal(TorchRandom random, string[] parts)
    {
        if (parts.Length == 3)
        {
            float[] values = new float[Size(parts[2])];
            random.Normal(values, Number(parts[0]), Number(parts[1]));
            return Encode(values);
        }

        float[] mean = Constant(parts[0]["torch.".Length..]);
        float[] std = Constant(parts[1]["torch.".Length..]);
        float[] drawn = new float[mean.Length];
        random.Normal(drawn, mean, std);
        return Encode(drawn);
    }

    private static ulong[] Multinomial(TorchRandom random, string[] parts)
    {
        string weights = parts[0];
        int rows = weights.Contains("[[", StringComparison.Ordinal) ? Regex.Count(weights, @"\[") - 1 : 1;
        float[] values = [.. NumberPattern().Matches(weights).Select(m => float.Parse(m.Value, CultureInfo.InvariantCulture))];
        long[] indices = new long[rows * Integer(parts[1])];
        random.Multinomial(indices, values, rows, parts.Length > 2 && parts[2].EndsWith("True", StringComparison.Ordinal));
        return Encode(indices);
    }

    private static ulong[] Initializer(TorchRandom random, string text, string caseName)
    {
        Match parts = Regex.Match(text, @"^nn\.init\.(?<name>\w+) on torch\.empty\((?<size>[\d,]+)\)$");
        int[] shape = [.. parts.Groups["size"].Value.Split(',').Select(int.Parse)];
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        string name = parts.Groups["name"].Value;
        switch (name)
        {
            case "xavier_uniform_": TorchInit.XavierUniform(random, values, shape); break;
            case "xavier_normal_": TorchInit.XavierNormal(random, values, shape); break;
            case "kaiming_uniform_": TorchInit.KaimingUniform(random, values, shape); break;
            case "kaiming_normal_": TorchInit.KaimingNormal(random, values, shape); break;
            case "kaiming_normal__fanout_relu":
                TorchInit.KaimingNormal(random, values, shape, 0, TorchFan.Out, TorchNonlinearity.Relu);
                break;
            case "trunc_normal_": TorchInit.TruncNormal(random, values); break;
            case "trunc_normal__std002": TorchInit.TruncNormal(random, values, 0, 0.02); break;
            case "trunc_normal__m1_s2_a0_b3": TorchInit.TruncNormal(random, values, 1, 2, 0, 3); break;
            case "normal__std002": random.Normal(values, 0, 0.02); break;
            case "orthogonal_": TorchInit.Orthogonal(random, values, shape); break;
            default: throw new NotSupportedException($"call not supported: {caseName}: {text}");
        }

        return Encode(values);
    }

    private static Dictionary<string, ulong[]> Module(TorchRandom random, string text)
    {
        Match parts = Regex.Match(text, @"^nn\.(?<name>\w+)\((?<args>.*)\)$");
        string[] arguments = Split(parts.Groups["args"].Value);
        int[] sizes = [.. arguments.Where(a => !a.Contains('=')).Select(int.Parse)];
        float[] New(params int[] shape) => new float[shape.Aggregate((a, b) => a * b)];
        switch (parts.Groups["name"].Value)
        {
            case "Linear":
            {
                float[] weight = New(sizes[1], sizes[0]);
                float[] bias = arguments.Contains("bias=False") ? [] : New(sizes[1]);
                TorchInit.Linear(random, weight, bias, sizes[0], sizes[1]);
                return Named(("weight", weight), ("bias", bias));
            }

            case "Embedding":
            {
                float[] weight = New(sizes[0], sizes[1]);
                string? padding = arguments.FirstOrDefault(a => a.StartsWith("padding_idx=", StringComparison.Ordinal));
                TorchInit.Embedding(random, weight, sizes[1], padding is null ? null : (int)Integer(padding["padding_idx=".Length..]));
                return Named(("weight", weight));
            }

            case "LayerNorm":
            {
                (float[] weight, float[] bias) = (New(sizes[0]), New(sizes[0]));
                TorchInit.Norm(weight, bias);
                return Named(("weight", weight), ("bias", bias));
            }

            case "Conv1d" or "Conv2d" or "Conv3d":
            {
                int dimensions = parts.Groups["name"].Value[4] - '0';
                int[] shape = [sizes[1], sizes[0], .. Enumerable.Repeat(sizes[2], dimensions)];
                (float[] weight, float[] bias) = (New(shape), New(sizes[1]));
                TorchInit.Convolution(random, weight, bias, shape);
                return Named(("weight", weight), ("bias", bias));
            }

            case "LSTM" or "GRU" or "RNN":
            {
                int gates = parts.Groups["name"].Value switch { "LSTM" => 4, "GRU" => 3, _ => 1 } * sizes[1];
                (string, float[])[] parameters =
                [
                    ("weight_ih_l0", New(gates, sizes[0])), ("weight_hh_l0", New(gates, sizes[1])),
                    ("bias_ih_l0", New(gates)), ("bias_hh_l0", New(gates)),
                ];
                foreach ((_, float[] parameter) in parameters)
                {
                    TorchInit.Recurrent(random, parameter, sizes[1]);
                }

                return Named(parameters);
            }

            case "MultiheadAttention":
            {
                int dim = sizes[0];
                (float[] inWeight, float[] inBias) = (New(3 * dim, dim), New(3 * dim));
                (float[] outWeight, float[] outBias) = (New(dim, dim), New(dim));
                TorchInit.MultiheadAttention(random, inWeight, inBias, outWeight, outBias, dim);
                return Named(
                    ("in_proj_weight", inWeight), ("in_proj_bias", inBias), ("out_proj.weight", outWeight), ("out_proj.bias", outBias));
            }

            default:
                throw new NotSupportedException($"call not supported: {text}");
        }
    }

    // Tensors that a call takes: full, ones, arange, linspace. Their own rounding is PyTorch's, restated here.
    private static float[] Constant(string text)
    {
        string bare = text.StartsWith("torch.", StringComparison.Ordinal) ? text["torch.".Length..] : text;
        Match call = Regex.Match(bare, @"^(?<name>\w+)\((?<args>.*)\)$");
        string[] parts = Split(call.Groups["args"].Value);
        switch (call.Groups["name"].Value)
        {
            case "full":
                return [.. Enumerable.Repeat((float)Number(parts[1]), Size(parts[0]))];
            case "ones":
                return [.. Enumerable.Repeat(1f, Size(call.Groups["args"].Value))];
            case "arange":
                return [.. Enumerable.Range(0, (int)Number(parts[0])).Select(i => (float)i)];
            case "linspace":
                (float start, float end, int steps) = ((float)Number(parts[0]), (float)Number(parts[1]), (int)Integer(parts[2]));
                float step = (end - start) / (steps - 1);
                return [.. Enumerable.Range(0, steps).Select(i => Linspace(start, end, step, steps, i))];
            default:
                throw new NotSupportedException($"tensor not supported: {text}");
        }
    }

    // Whole pairs of 8-wide vectors count up from their first element; the rest counts from the nearer end.
    private static float Linspace(float start, float end, float step, int steps, int i)
    {
        int origin = i < steps / 16 * 16 ? i / 8 * 8 : i;
        float value = origin < steps / 2
            ? Idem.Numerics.Fma.Single(step, origin, start)
            : Idem.Numerics.Fma.Single(-step, steps - origin - 1, end);
        return Idem.Numerics.Fma.Single(step, i - origin, value);
    }

    private static Dictionary<string, ulong[]> One(ulong[] tensor) => new() { [""] = tensor };

    private static Dictionary<string, ulong[]> Named(params (string Name, float[] Values)[] parameters) =>
        parameters.Where(p => p.Values.Length > 0).ToDictionary(p => p.Name, p => Encode(p.Values));

    private static ulong[] Encode(float[] values) => [.. values.Select(x => (ulong)BitConverter.SingleToUInt32Bits(x))];

    private static ulong[] Encode(long[] values) => [.. MemoryMarshal.Cast<long, ulong>(values)];

    private static double At(double[] numbers, int index, double otherwise) => index < numbers.Length ? numbers[index] : otherwise;

    private static double Number(string text) => double.Parse(text.Trim(), CultureInfo.InvariantCulture);

    private static long Integer(string text)
    {
        string[] power = text.Trim().Split("**");
        return power.Length == 2
            ? 1L << (int)Integer(power[1]) // every power in the files is one of two
            : long.Parse(power[0], CultureInfo.InvariantCulture);
    }

    private static int Size(string arguments)
    {
        int size = 1;
        foreach (string extent in arguments.Trim('(', ')').Split(',').Where(a => a.Length > 0 && !a.Contains('=')))
        {
            size *= int.Parse(extent, CultureInfo.InvariantCulture);
        }

        return size;
    }

    private static string Dtype(string arguments) =>
        Regex.Match(arguments, @"dtype=torch\.(\w+)") is { Success: true } match ? match.Groups[1].Value : "float32";

    // At commas outside brackets.
    private static string[] Split(string arguments)
    {
        List<string> parts = [];
        int depth = 0, start = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            depth += arguments[i] is '(' or '[' ? 1 : arguments[i] is ')' or ']' ? -1 : 0;
            if (arguments[i] == ',' && depth == 0)
            {
                parts.Add(arguments[start..i]);
                start = i + 1;
            }
        }

        return arguments.Length == 0 ? [] : [.. parts, arguments[start..]];
    }

    [GeneratedRegex(@"#.*$")]
    private static partial Regex WithoutComment();

    [GeneratedRegex(@"^torch\.(?<name>[\w.]+)\((?<args>.*)\)$")]
    private static partial Regex ParseCall();

    [GeneratedRegex(@"^torch\.empty\((?<empty>[^)]*)\)\.(?<name>\w+)\((?<args>.*)\)$")]
    private static partial Regex ParseMethod();

    [GeneratedRegex(@"\d+\.?\d*(e-?\d+)?")]
    private static partial Regex NumberPattern();
}
