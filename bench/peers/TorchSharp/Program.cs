// TorchSharp's side of a comparison: the protocol and the cases of ../pytorch/serve.py.

using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharpPeer;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

set_num_threads(int.Parse(args[0], CultureInfo.InvariantCulture));
Action action = () => { };
bool trains = false;
while (Console.In.ReadLine() is { } line)
{
    string[] words = line.Split(' ');
    switch (words[0])
    {
        case "prepare":
            trains = words[1] == "train";
            action = Cases.Prepare(words[1..]);
            Run(action, trains);
            Run(action, trains);
            Console.Out.WriteLine("ready");
            break;
        case "sample":
            double seconds = double.Parse(words[1], CultureInfo.InvariantCulture);
            long begin = Stopwatch.GetTimestamp(), calls = 0;
            do
            {
                Run(action, trains);
                calls++;
            }
            while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds);
            Console.Out.WriteLine((Stopwatch.GetElapsedTime(begin).TotalNanoseconds / calls).ToString("F1", CultureInfo.InvariantCulture));
            break;
        case "memory":
            string status = File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            Console.Out.WriteLine(long.Parse(status["VmHWM:".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) >> 10);
            break;
        case "versions":
            Console.Out.WriteLine($"TorchSharp {typeof(torch).Assembly.GetName().Version}, libtorch {torch.__version__}");
            break;
        default:
            throw new ArgumentException($"unknown request: {line}");
    }
}

static void Run(Action action, bool trains)
{
    using DisposeScope scope = NewDisposeScope();
    using IDisposable? gradients = trains ? null : no_grad();
    action();
}

internal static class Cases
{
    public static Action Prepare(string[] words)
    {
        long[] n = [.. words.Where(word => char.IsAsciiDigit(word[0])).Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        return words[0] switch
        {
            "gemm" => Gemm(words[1], n[0], n[1], n[2]),
            "gemv" => Gemv(n[0], n[1], n[2]),
            "elementwise" => Elementwise(words[1], n[0]),
            "layernorm-row" => LayerNorm(n[0], n[1]),
            "attention" => Attention(n[0], n[1], n[2], n[3]),
            "train" => Train(words[1], n[0], (int)n[1]),
            _ => throw new ArgumentException($"unknown case {string.Join(' ', words)}"),
        };
    }

    private static Action Gemm(string layout, long m, long k, long n)
    {
        Tensor a = layout.StartsWith("At", StringComparison.Ordinal) ? rand(k, m).t() : rand(m, k);
        Tensor b = layout.EndsWith("Bt", StringComparison.Ordinal) ? rand(n, k).t() : rand(k, n);
        return () => mm(a, b);
    }

    private static Action Gemv(long m, long k, long n)
    {
        Tensor weight = rand(n, k), x = rand(m, k);
        return () => F.linear(x, weight);
    }

    private static Action Elementwise(string name, long count)
    {
        Tensor x = (rand(count / 1024, 1024) * 8) - 4, weight = ones(1024), bias = zeros(1024);
        return name switch
        {
            "exp" => () => exp(x),
            "tanh" => () => tanh(x),
            "gelu-tanh" => () => F.gelu(x, approximate: GELU.Approximate.tanh),
            "gelu-erf" => () => F.gelu(x),
            "softmax" => () => F.softmax(x, -1),
            _ => () => F.layer_norm(x, [1024], weight, bias),
        };
    }

    private static Action LayerNorm(long rows, long width)
    {
        Tensor x = rand(rows, width), weight = ones(width), bias = zeros(width);
        return () => F.layer_norm(x, [width], weight, bias);
    }

    private static Action Attention(long batch, long heads, long length, long size)
    {
        Tensor q = rand(batch, heads, length, size), k = rand(batch, heads, length, size), v = rand(batch, heads, length, size);
        return () => F.scaled_dot_product_attention(q, k, v, is_casual: true);
    }

    private static Action Train(string name, long batch, int length)
    {
        Config config = Config.Get(name);
        Gpt model = new(config, length);
        AdamW.ParamGroup[] groups =
        [
            new(model.parameters().Where(parameter => parameter.dim() >= 2), new AdamW.Options { weight_decay = 0.1 }),
            new(model.parameters().Where(parameter => parameter.dim() < 2), new AdamW.Options { weight_decay = 0 }),
        ];
        AdamW optimizer = optim.AdamW(groups, lr: 1e-4, beta1: 0.9, beta2: 0.95);
        Tensor ids = randint(config.Vocabulary, [batch, length + 1], dtype: ScalarType.Int64);
        Tensor inputs = ids.slice(1, 0, length, 1).contiguous(), targets = ids.slice(1, 1, length + 1, 1).contiguous();
        bool clips = name == "shakespeare-char";
        return () =>
        {
            optimizer.zero_grad();
            model.call(inputs, targets).backward();
            if (clips)
            {
                nn.utils.clip_grad_norm_(model.parameters(), 1.0);
            }

            optimizer.step();
        };
    }
}
