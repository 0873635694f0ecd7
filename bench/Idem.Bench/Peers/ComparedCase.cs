// What is compared with a peer, by name: the names are the protocol between the driver and both sides (bench/peers/README.md).

using System.Globalization;
using Idem.Benchmarks;
using Idem.Numerics;
using Idem.Numerics.Kernels;

namespace Idem.Bench.Peers;

/// <param name="Name">The words that both sides understand.</param>
/// <param name="Unit">What is reported.</param>
/// <param name="Work">Units of a call, times 1e-9 for rates a second; or the items that a time is divided by.</param>
/// <param name="Prepare">Makes the operands and returns our call.</param>
internal sealed record ComparedCase(string Name, string Unit, double Work, Func<Compute, Action> Prepare)
{
    private static readonly Dictionary<string, string[]> s_groups = new()
    {
        ["gemm"] =
        [
            "gemm A.B 512 512 512", "gemm A.B 1024 1024 1024", "gemm A.B 256 768 768", "gemm A.B 256 768 3072", "gemm A.Bt 256 768 3072",
            "gemm A.B 256 3072 768", "gemm A.Bt 256 3072 768", "gemm At.B 768 256 3072", "gemm A.Bt 256 768 50257",
            "gemm A.B 256 50257 768", "gemm At.B 50257 256 768", "gemm A.Bt 768 128 512", "gemm At.B 128 768 512",
        ],
        ["gemv"] = ["gemv f32 1 4096 4096", "gemv f32 8 4096 4096", "gemv f32 1 768 3072"],
        ["elementwise"] =
        [
            "elementwise exp 4194304", "elementwise tanh 4194304", "elementwise gelu-tanh 4194304", "elementwise gelu-erf 4194304",
            "elementwise softmax 4194304", "elementwise layernorm 4194304", "layernorm-row 256 768",
        ],
        ["attention"] = ["attention 4 12 64 64", "attention 1 12 256 64", "attention 1 4 1024 64", "attention 1 1 4096 64"],
        ["tiny"] = ["train gpt2-tiny 16 64"],
        ["shakespeare-char"] = ["train shakespeare-char 12 64"],
        ["gpt2-64"] = ["train gpt2 4 64"],
        ["gpt2-256"] = ["train gpt2 4 256"],
        ["llama-prefill"] = ["llama prefill f32 256", "llama prefill bf16 256", "llama prefill q8 256"],
        ["llama-decode"] = ["llama decode f32 1", "llama decode bf16 1", "llama decode q8 1"],
        ["llama-batch"] = ["llama decode f32 8", "llama decode bf16 8", "llama decode q8 8"],
    };

    /// <summary>Groups that need no model files.</summary>
    public static IEnumerable<string> DefaultGroups => s_groups.Keys.Where(name => !name.StartsWith("llama", StringComparison.Ordinal));

    public static IEnumerable<string> Groups => s_groups.Keys;

    public static IReadOnlyList<ComparedCase> Group(string name) =>
        s_groups.TryGetValue(name, out string[]? cases)
            ? [.. cases.Select(Parse)]
            : throw new ArgumentException($"unknown group {name}: use {string.Join(", ", Groups)}");

    /// <summary>Whether the value is a rate, the more the better, or a time.</summary>
    public bool IsRate => Unit != "ns/row";

    /// <summary>The figure for a call of this many nanoseconds.</summary>
    public double Value(double nanoseconds) => IsRate ? Work / nanoseconds : nanoseconds / Work;

    public static ComparedCase Parse(string name)
    {
        string[] words = name.Split(' ');
        int[] n = [.. words.Where(word => char.IsAsciiDigit(word[0])).Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return words[0] switch
        {
            "gemm" => Of(name, KernelCase.MatMul(words[1], n[0], n[1], n[2])),
            "gemv" => Of(name, KernelCase.MatMul("A.Bt", n[0], n[1], n[2])),
            "attention" => Of(name, KernelCase.Attention(n[0], n[1], n[2], n[3])),
            "layernorm-row" => Of(name, KernelCase.LayerNormRows(n[0], n[1])),
            "elementwise" => new(name, "GB/s", 8.0 * n[0], compute => Elementwise(compute, words[1], n[0])),
            "train" => Train(name, words[1], n[0], n[1]),
            "llama" => LlamaFiles.Case(name, words[1], words[2], n[^1]),
            _ => throw new ArgumentException($"unknown case {name}"),
        };
    }

    private static ComparedCase Of(string name, KernelCase kernel) => new(name, kernel.Unit, kernel.Work, kernel.Prepare);

    private static Action Elementwise(Compute compute, string function, int count)
    {
        const int Columns = 1024;
        Memory<float> x = KernelCase.Values(1, count), y = KernelCase.Values(2, count), weight = KernelCase.Values(3, Columns), bias = KernelCase.Values(4, Columns);
        int rows = count / Columns;
        float[] mean = new float[rows], rstd = new float[rows];
        UnaryOp op = function switch { "exp" => UnaryOp.Exp, "tanh" => UnaryOp.Tanh, "gelu-tanh" => UnaryOp.GeluTanh, _ => UnaryOp.Gelu };
        return function switch
        {
            "softmax" => () => Softmax.Forward(compute, rows, Columns, x.Span, y.Span),
            "layernorm" => () => LayerNorm.Forward(compute, rows, Columns, x.Span, weight.Span, bias.Span, 1e-5f, y.Span, mean, rstd),
            _ => () => Numerics.Kernels.Elementwise.Unary(compute, op, x.Span, y.Span),
        };
    }

    private static ComparedCase Train(string name, string model, int batch, int length)
    {
        TrainingCase training = model switch
        {
            "gpt2" => TrainingCase.Gpt2(batch, length),
            "gpt2-tiny" => TrainingCase.Tiny(batch, length),
            _ => TrainingCase.ShakespeareChar(),
        };
        return new(name, "tokens/s", training.TokensPerStep * 1e9, compute => training.Begin(compute).Step);
    }
}
