using System.Text;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>The same bits on every path and thread count, in batches and alone, with and without a cache.</summary>
public class Gpt2Tests
{
    private static readonly Gpt2Config Tiny = new()
    {
        VocabSize = 61, NPositions = 80, NEmbd = 48, NLayer = 2, NHead = 3, ResidPdrop = 0, EmbdPdrop = 0, AttnPdrop = 0, InitializerRange = 0.2,
    };

    private static Gpt2 Model(Gpt2Config config, ulong seed = 1)
    {
        var model = new Gpt2(config);
        model.Initialize(seed);
        return model;
    }

    private static int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * i * 7) + (i * 5) + 3) % 61)];

    private static int[] Bits(ReadOnlySpan<float> values)
    {
        var bits = new int[values.Length];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = BitConverter.SingleToInt32Bits(values[i]);
        }

        return bits;
    }

    [Fact]
    public void Loss_and_gradients_have_one_encoding_on_every_path_and_thread_count()
    {
        int[] ids = Ids(60), targets = [.. Ids(61).Skip(1)];
        Gpt2 model = Model(Tiny);
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

    [Fact]
    public void A_sequence_in_a_batch_is_the_sequence_alone()
    {
        Gpt2 model = Model(Tiny);
        int[] ids = Ids(4 * 19);
        int[] batch = Bits(model.Forward(ids, 4).Data);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(batch[(i * 19 * 61)..((i + 1) * 19 * 61)], Bits(model.Forward(ids.AsSpan(i * 19, 19), 1).Data));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(70)]
    public void However_a_sequence_is_cut_its_logits_are_those_of_training(int chunk)
    {
        Gpt2 model = Model(Tiny with { ScaleAttnByInverseLayerIdx = true });
        int[] ids = Ids(70);
        int[] expected = Bits(model.Forward(ids, 1).Data);
        KvCache[] cache = [model.NewCache(capacity: 70 + chunk)];
        var actual = new List<int>();
        for (int start = 0; start < ids.Length; start += chunk)
        {
            ReadOnlySpan<int> part = ids.AsSpan(start, Math.Min(chunk, ids.Length - start));
            var logits = new float[part.Length * 61];
            model.Forward(part, cache, logits);
            actual.AddRange(Bits(logits));
        }

        Assert.Equal(expected, actual);
        Assert.Equal(70, cache[0].Length);

        // Going back and on again leaves no trace.
        cache[0].Truncate(33);
        var last = new float[61];
        model.Forward(ids.AsSpan(33), cache, last);
        Assert.Equal(expected[^61..], Bits(last));
    }

    [Fact]
    public void Sequences_decoded_together_are_those_decoded_alone()
    {
        Gpt2 model = Model(Tiny);
        int[] first = Ids(12), second = [.. Ids(40).Skip(20)];
        KvCache[] caches = [model.NewCache(), model.NewCache()];
        var logits = new float[2 * 61];
        model.Forward(first.AsSpan(0, 11), [caches[0]], logits.AsSpan(0, 61));
        model.Forward(second.AsSpan(0, 19), [caches[1]], logits.AsSpan(61));
        model.Forward([first[^1], second[^1]], caches, logits);
        Assert.Equal(Bits(model.Forward(first, 1).Data[^61..]), Bits(logits.AsSpan(0, 61)));
        Assert.Equal(Bits(model.Forward(second, 1).Data[^61..]), Bits(logits.AsSpan(61)));
        Assert.Throws<ArgumentException>(() => model.Forward(new int[69 * 2], caches, logits));
        Assert.Throws<ArgumentException>(() => model.Forward(Ids(3), caches, logits));
        Assert.Throws<ArgumentException>(() => model.Forward(Ids(2), caches, logits.AsSpan(1)));
    }

    [Fact]
    public void Dropout_of_a_shard_is_that_of_the_whole_batch()
    {
        Gpt2 model = Model(Tiny with { ResidPdrop = 0.2, EmbdPdrop = 0.1, AttnPdrop = 0.3 });
        int[] ids = Ids(4 * 10);
        int[] whole = Bits(model.Forward(ids, 4, new ForwardContext(9, 5, 0, 4)).Data);
        Assert.Equal(whole[(2 * 10 * 61)..], Bits(model.Forward(ids.AsSpan(20), 2, new ForwardContext(9, 5, 2, 2)).Data));
        Assert.NotEqual(whole, Bits(model.Forward(ids, 4, new ForwardContext(9, 6, 0, 4)).Data));
        Assert.Throws<InvalidOperationException>(() => model.Forward(ids, 4));
    }

    [Fact]
    public void Initial_values_are_keyed_by_name_and_scaled_before_residual_sums()
    {
        Gpt2 two = Model(Tiny), three = Model(Tiny with { NLayer = 3 });
        var values = three.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter.ToArray());
        foreach ((string name, Parameter parameter) in two.NamedParameters())
        {
            double std = Math.Sqrt(parameter.ToArray().Average(v => (double)v * v));
            bool residual = name.EndsWith("c_proj.weight", StringComparison.Ordinal);
            Assert.Equal(!residual, parameter.ToArray().SequenceEqual(values[name])); // only their scale knows the number of layers
            if (name.EndsWith(".bias", StringComparison.Ordinal))
            {
                Assert.Equal(0, std);
            }
            else if (name.Contains("ln_", StringComparison.Ordinal))
            {
                Assert.All(parameter.ToArray(), v => Assert.Equal(1f, v));
            }
            else
            {
                Assert.InRange(std / (residual ? 0.1 : 0.2), 0.93, 1.07);
            }
        }
    }

    [Fact]
    public void Activations_and_heads_differ_as_configured()
    {
        int[] ids = Ids(9);
        var seen = new HashSet<string>();
        foreach (string activation in new[] { "gelu_new", "gelu", "relu", "silu", "tanh" })
        {
            seen.Add(Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Model(Tiny with { ActivationFunction = activation }).Forward(ids, 1).Data)));
        }

        Assert.Equal(5, seen.Count);
        Gpt2 untied = Model(Tiny with { TieWordEmbeddings = false });
        Assert.Equal("lm_head.weight", untied.NamedParameters()[^1].Name);
        Assert.NotEqual(Bits(Model(Tiny).Forward(ids, 1).Data), Bits(untied.Forward(ids, 1).Data));
    }

    [Fact]
    public void Models_without_biases_are_saved_complete_and_loaded_only_if_the_biases_are_zero()
    {
        Gpt2 without = Model(Tiny with { Bias = false }), with = Model(Tiny);
        var state = without.StateDict();
        Assert.Equal(with.StateDict().Select(p => p.Key).Order(StringComparer.Ordinal), state.Select(p => p.Key).Order(StringComparer.Ordinal));
        with.LoadStateDict(new TensorStateSource(state));
        int[] ids = Ids(20);
        Assert.Equal(with.Forward(ids, 1).ToArray(), without.Forward(ids, 1).ToArray());

        Gpt2 again = new(without.Config);
        again.LoadStateDict(new TensorStateSource(state));
        again.LoadStateDict(new TensorStateSource(without.NamedParameters().Select(p => new KeyValuePair<string, Tensor>(p.Name, p.Parameter))));
        Assert.Equal(Bits(without.Forward(ids, 1).Data), Bits(again.Forward(ids, 1).Data));
        state.First(p => p.Key == "transformer.h.1.ln_2.bias").Value.Data[3] = 0.5f;
        Assert.Contains("h.1.ln_2.bias", Assert.Throws<StateDictException>(() => again.LoadStateDict(new TensorStateSource(state))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stored_tied_head_must_be_the_token_table()
    {
        Gpt2 model = Model(Tiny);
        Tensor table = model.NamedParameters()[0].Parameter;
        IEnumerable<KeyValuePair<string, Tensor>> With(Tensor head) => model.StateDict().Append(new("lm_head.weight", head));
        model.LoadStateDict(new TensorStateSource(With(table.Clone())));
        Tensor other = table.Clone();
        other.Data[5] = -other.Data[5];
        Assert.Contains("tie_word_embeddings", Assert.Throws<StateDictException>(() => model.LoadStateDict(new TensorStateSource(With(other)))).Message, StringComparison.Ordinal);
        Assert.Throws<StateDictException>(() => model.LoadStateDict(new TensorStateSource(model.StateDict().Append(new("wte.weight", table)))));
    }

    [Fact]
    public void Configurations_are_read_written_and_refused_by_field()
    {
        Gpt2Config config = Gpt2Config.Parse(Tiny.ToJson());
        Assert.Equal(Tiny.ToJson(), config.ToJson());
        Assert.Equal(61, config.VocabSize);
        Assert.Null(config.NInner);
        foreach ((string json, string field) in new[]
        {
            ("""{"model_type": "gpt2", "rope_theta": 10000}""", "rope_theta"),
            ("""{"model_type": "gpt2", "add_cross_attention": true}""", "add_cross_attention"),
            ("""{"model_type": "llama"}""", "model_type"),
            ("""{"n_embd": 10, "n_head": 3}""", "n_embd"),
            ("""{"activation_function": "mish"}""", "activation_function"),
            ("""{"resid_pdrop": 1.5}""", "resid_pdrop"),
            ("""{"n_layer": "two"}""", "n_layer"),
            ("""{"n_layer": 2, "n_layer": 3}""", "n_layer"),
            ("""[1]""", "config.json"),
            ("null", "null"),
        })
        {
            Assert.Contains(field, Assert.Throws<ModelConfigException>(() => Gpt2Config.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);
        }
    }
}
