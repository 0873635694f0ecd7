using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>Each decoder type gives the same bits on every path and thread count, in batches and alone, however its sequence is cut.</summary>
public class DecoderBitsTests
{
    private const int V = 61;

    public static TheoryData<string> Types => new(TinyDecoders.Names);

    [Theory]
    [MemberData(nameof(Types))]
    public void Loss_and_gradients_have_one_encoding_on_every_path_and_thread_count(string type)
    {
        int[] ids = TinyDecoders.Ids(60), targets = [.. TinyDecoders.Ids(61).Skip(1)];
        DecoderModel model = TinyDecoders.Create(type);
        int[]? expected = null;
        Compute before = Compute.Current;
        try
        {
            foreach (SimdPath path in SimdPaths.All)
            {
                foreach (int threads in new[] { 1, 2, 3, 7 })
                {
                    Compute.Current = new Compute(path, threads);
                    model.ZeroGrad();
                    Tensor loss = model.Loss(ids, targets, 3);
                    loss.Backward();
                    int[] actual = [.. Bits(loss.Data), .. model.Parameters().SelectMany(p => Bits(p.Grad!.Data))];
                    Assert.Equal(expected ??= actual, actual);
                }
            }
        }
        finally
        {
            Compute.Current = before;
        }
    }

    /// <summary>Beyond max_position_embeddings (80) too: one forward, and token by token.</summary>
    [Theory]
    [InlineData("llama-linear")]
    [InlineData("llama-dynamic")]
    public void A_stretched_context_is_one_context(string type)
    {
        DecoderModel model = TinyDecoders.Create(type), plain = TinyDecoders.Create("llama");
        int[] ids = TinyDecoders.Ids(120);
        int[] whole = Bits(model.Forward(ids, 1).Data);
        KvCache cache = model.NewCache();
        for (int i = 0; i < ids.Length; i++)
        {
            float[] logits = new float[V];
            model.Forward([ids[i]], [cache], logits);
            Assert.Equal(whole[(i * V)..((i + 1) * V)], Bits(logits));
        }

        int[] near = Bits(plain.Forward(ids.AsSpan(0, 80), 1).Data); // of the same drawn weights
        Assert.Equal(type == "llama-dynamic", near.AsSpan().SequenceEqual(whole.AsSpan(0, 80 * V)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_sequence_in_a_batch_is_the_sequence_alone(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        int[] ids = TinyDecoders.Ids(4 * 19);
        int[] batch = Bits(model.Forward(ids, 4).Data);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(batch[(i * 19 * V)..((i + 1) * 19 * V)], Bits(model.Forward(ids.AsSpan(i * 19, 19), 1).Data));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void However_a_sequence_is_cut_its_logits_are_those_of_training(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        int[] ids = TinyDecoders.Ids(70);
        int[] expected = Bits(model.Forward(ids, 1).Data);
        foreach (int chunk in new[] { 1, 2, 7, 64, 70 })
        {
            KvCache[] cache = [model.NewCache(capacity: 70 + chunk)];
            var actual = new List<int>();
            for (int start = 0; start < ids.Length; start += chunk)
            {
                ReadOnlySpan<int> part = ids.AsSpan(start, Math.Min(chunk, ids.Length - start));
                var logits = new float[part.Length * V];
                model.Forward(part, cache, logits);
                actual.AddRange(Bits(logits));
            }

            Assert.Equal(expected, actual);

            // Going back and on again leaves no trace.
            cache[0].Truncate(33);
            var last = new float[V];
            model.Forward(ids.AsSpan(33), cache, last);
            Assert.Equal(expected[^V..], Bits(last));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_cache_in_bfloat16_has_one_result_however_a_sequence_is_cut(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        int[] ids = TinyDecoders.Ids(70);
        int[]? expected = null;
        foreach (int chunk in new[] { 70, 1, 7, 64 })
        {
            KvCache cache = model.NewCache(70, CacheDtype.BFloat16);
            var actual = new List<int>();
            for (int start = 0; start < ids.Length; start += chunk)
            {
                ReadOnlySpan<int> part = ids.AsSpan(start, Math.Min(chunk, ids.Length - start));
                var logits = new float[part.Length * V];
                model.Forward(part, [cache], logits);
                actual.AddRange(Bits(logits));
            }

            expected ??= [.. actual];
            Assert.Equal(expected, actual);

            KvCache copy = model.NewCache(75, CacheDtype.BFloat16);
            copy.CopyFrom(cache, 33);
            var last = new float[V];
            model.Forward(ids.AsSpan(33), [copy], last);
            Assert.Equal(expected[^V..], Bits(last));
        }

        Assert.NotEqual(Bits(model.Forward(ids, 1).Data), expected);
    }

    [Fact]
    public void A_cache_is_not_copied_into_another_dtype()
    {
        DecoderModel model = TinyDecoders.Create("llama");
        KvCache cache = model.NewCache(8);
        model.Forward(TinyDecoders.Ids(4), [cache], new float[4 * V]);
        Assert.Contains("BFloat16", Assert.Throws<ArgumentException>(() => model.NewCache(8, CacheDtype.BFloat16).CopyFrom(cache, 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Sequences_decoded_together_are_those_decoded_alone(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        int[] first = TinyDecoders.Ids(12), second = [.. TinyDecoders.Ids(40).Skip(20)];
        KvCache[] caches = [model.NewCache(), model.NewCache()];
        var logits = new float[2 * V];
        model.Forward(first.AsSpan(0, 11), [caches[0]], logits.AsSpan(0, V));
        model.Forward(second.AsSpan(0, 19), [caches[1]], logits.AsSpan(V));
        model.Forward([first[^1], second[^1]], caches, logits);
        Assert.Equal(Bits(model.Forward(first, 1).Data[^V..]), Bits(logits.AsSpan(0, V)));
        Assert.Equal(Bits(model.Forward(second, 1).Data[^V..]), Bits(logits.AsSpan(V)));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_written_reads_as_the_same_model(string type)
    {
        DecoderModel model = TinyDecoders.Create(type);
        LanguageModel again = ModelTypes.Create(model.Config.ToJson(), new TensorStateSource(model.StateDict()));
        Assert.Equal(model.Config.ToJson(), again.Config.ToJson());
        again.LoadStateDict(new TensorStateSource(model.StateDict()));
        again.Eval();
        int[] ids = TinyDecoders.Ids(20);
        Assert.Equal(Bits(model.Logits(ids).Data), Bits(again.Logits(ids).Data));
        Assert.Equal([20, model.Config.Width], model.HiddenStates(ids).Shape.ToArray());
    }

    private static int[] Bits(ReadOnlySpan<float> values)
    {
        var bits = new int[values.Length];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = BitConverter.SingleToInt32Bits(values[i]);
        }

        return bits;
    }
}
