using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Functions;
using Idem.Numerics.Kernels;
using Idem.Tensors;
using Idem.Tests.Support;

namespace Idem.Tests.Models;

/// <summary>Models whose weights are held packed for inference: the bits of the unpacked model, and no way to train them by mistake.</summary>
public class PackedModelTests
{
    public static TheoryData<string> References { get; } =
    [
        "bert-a", "bert-legacy-names-a", "gemma-a", "gpt2-a", "gpt2-legacy-names-a", "gpt_neox-a", "llama-a", "llama-bf16-a", "llama-fp16-a",
        "llama-rope3-a", "llama-sharded-a", "llama-tied-a", "mistral-a", "qwen2-a", "qwen3-a",
    ];

    public static TheoryData<string> Types => new(TinyDecoders.Names);

    [Theory]
    [MemberData(nameof(References))]
    public void Float32_has_the_bits_of_the_unpacked_model(string name)
    {
        string path = SharedData.Require($"reference/models/{name}");
        LanguageModel unpacked = Load(path, null), packed = Load(path, PackedDtype.Float32);
        int[] ids = [.. Enumerable.Range(0, 21).Select(i => 1 + (i * 7 % (unpacked.Config.VocabSize - 1)))];
        Assert.Equal(Bits(Autograd.NoGrad(() => unpacked.Logits(ids))), Bits(packed.Logits(ids)));
    }

    /// <summary>bfloat16 is the model whose matrices were rounded, in float32 arithmetic; norms and biases are not touched.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Bfloat16_is_the_model_with_rounded_matrices(string type)
    {
        DecoderModel source = TinyDecoders.Create(type), rounded = TinyDecoders.Create(type), packed = TinyDecoders.Create(type);
        packed.LoadStateDict(new TensorStateSource(source.StateDict()), PackedDtype.BFloat16);
        packed.Eval();
        rounded.LoadStateDict(new TensorStateSource(source.StateDict().Select(pair => new KeyValuePair<string, Tensor>(pair.Key, pair.Value.Rank == 2 ? Rounded(pair.Value) : pair.Value))));
        rounded.Eval();
        int[] ids = TinyDecoders.Ids(30), targets = [.. TinyDecoders.Ids(31).Skip(1)];
        Assert.Equal(Bits(rounded.Logits(ids)), Bits(packed.Logits(ids)));
        Assert.Equal(Bits(rounded.Loss(ids, targets, 1)), Bits(packed.Loss(ids, targets, 1)));
        float[] whole = packed.Logits(ids).ToArray(), last = new float[packed.Config.VocabSize];
        KvCache[] cache = [packed.NewCache()];
        packed.Forward(ids.AsSpan(0, 29), cache, last);
        packed.Forward(ids.AsSpan(29), cache, last);
        KernelTesting.SameBits(whole.AsSpan(^last.Length..), last, type);
    }

    /// <summary>q8: one encoding on every path and thread count, alone, in a batch, whole or cut; and near the model it was made of.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Q8_has_one_encoding_however_it_is_run(string type)
    {
        DecoderModel source = TinyDecoders.Create(type), packed = TinyDecoders.Create(type);
        int[] ids = TinyDecoders.Ids(3 * 19), targets = [.. TinyDecoders.Ids((3 * 19) + 1).Skip(1)];
        int vocabulary = source.Config.VocabSize;
        int[]? expected = null;
        Compute before = Compute.Current;
        try
        {
            foreach (Compute compute in KernelTesting.Computes)
            {
                Compute.Current = compute;
                packed.LoadStateDict(new TensorStateSource(source.StateDict()), PackedDtype.Q8);
                packed.Eval();
                int[] actual = Bits(packed.Forward(ids, 3));
                Assert.Equal(expected ??= actual, actual);
            }

            for (int i = 0; i < 3; i++)
            {
                float[] last = new float[vocabulary];
                KvCache[] cache = [packed.NewCache()];
                packed.Forward(ids.AsSpan(i * 19, 11), cache, last);
                packed.Forward(ids.AsSpan((i * 19) + 11, 8), cache, last);
                Assert.Equal(expected![((((i + 1) * 19) - 1) * vocabulary)..((i + 1) * 19 * vocabulary)], Array.ConvertAll(last, BitConverter.SingleToInt32Bits));
            }

            float loss = Autograd.NoGrad(() => source.Loss(ids, targets, 3)).Item();
            Assert.InRange(packed.Loss(ids, targets, 3).Item(), loss - 0.02f, loss + 0.02f);
        }
        finally
        {
            Compute.Current = before;
        }
    }

    [Fact]
    public void Training_a_packed_model_is_refused_with_the_remedy()
    {
        DecoderModel model = TinyDecoders.Create("llama");
        IStateSource source = new TensorStateSource(TinyDecoders.Create("llama").StateDict());
        model.LoadStateDict(source, PackedDtype.Float32);
        Assert.Contains("load the model without a dtype", Assert.Throws<InvalidOperationException>(() => model.Train()).Message, StringComparison.Ordinal);
        Assert.Contains("load the model without a dtype", Assert.Throws<InvalidOperationException>(() => model.StateDict()[0].Value.ToArray()).Message, StringComparison.Ordinal);
        Assert.Contains("held as Float32", model.StateDict()[0].Value.ToString(), StringComparison.Ordinal);
        Tensor loss = model.Loss([1, 2, 3], [2, 3, 4], 1);
        Assert.False(loss.RequiresGrad);
        Assert.Throws<InvalidOperationException>(loss.Backward);
        Linear linear = new(4, 3);
        linear.LoadStateDict(new TensorStateSource(new Linear(4, 3).StateDict()), PackedDtype.BFloat16);
        Tensor x = Tensor.Zeros([2, 4]).RequireGrad();
        Assert.Contains("held as BFloat16", Assert.Throws<InvalidOperationException>(() => linear.Forward(x)).Message, StringComparison.Ordinal);
    }

    private static LanguageModel Load(string path, PackedDtype? packed)
    {
        using SafeTensorsFolder folder = SafeTensorsFolder.Open(path);
        StoredState state = StoredState.Of(folder);
        LanguageModel model = ModelTypes.Create(File.ReadAllBytes(Path.Combine(path, "config.json")), state);
        model.LoadStateDict(state, packed);
        model.Eval();
        return model;
    }

    private static Tensor Rounded(Tensor tensor) =>
        Tensor.From([.. tensor.ToArray().Select(value => HalfPrecision.WidenBFloat16(HalfPrecision.NarrowBFloat16(value)))], tensor.Shape);

    private static int[] Bits(Tensor tensor) => Array.ConvertAll(tensor.ToArray(), BitConverter.SingleToInt32Bits);
}
