using System.Text.Json;
using Idem.Models;
using Idem.Nn;
using Idem.Tensors;

namespace Idem.Tests.Models;

/// <summary>BERT against Transformers run in double, and against itself: masks, batches, paths.</summary>
public class BertTests
{
    private const double Tolerance = 2e-5;

    private static readonly BertConfig Tiny = new()
    {
        VocabSize = 61, HiddenSize = 48, NumHiddenLayers = 2, NumAttentionHeads = 3, IntermediateSize = 70, MaxPositionEmbeddings = 40, InitializerRange = 0.2,
    };

    [Theory]
    [InlineData("bert-a")]
    [InlineData("bert-legacy-names-a")]
    public void EveryOutput(string name)
    {
        ReferenceModel reference = ReferenceModel.Open(name, "bert-a");
        Bert bert = (Bert)reference.Model;
        foreach (JsonElement given in reference.Expected.GetProperty("cases").EnumerateArray())
        {
            string label = given.GetProperty("name").GetString()!;
            int sequences = given.GetProperty("input_ids").GetArrayLength();
            int[] ids = Flat(given, "input_ids"), types = Flat(given, "token_type_ids"), mask = Flat(given, "attention_mask"), labels = Flat(given, "labels");
            BertStates states = bert.Encode(ids, sequences, types, mask);
            int present = mask.Count(m => m != 0);
            Assert.Equal(present, states.Rows.Shape[0]);
            AssertPresent(reference.Truth("last_hidden_state", label), states.Rows, states, bert.Config.HiddenSize, label);
            AssertPresent(reference.Truth("logits", label), bert.MaskedLogits(states), states, bert.Config.VocabSize, label);
            Tensor pooled = bert.Pool(states);
            ReferenceModel.AssertNear(reference.Truth("pooler_output", label), pooled.Data, Tolerance, label);
            ReferenceModel.AssertNear(reference.Truth("seq_relationship_logits", label), bert.NextSentenceLogits(pooled).Data, Tolerance, label);
            double loss = given.GetProperty("mlm_loss_f64").GetDouble();
            for (int i = 0; i < labels.Length; i++)
            {
                Assert.True(mask[i] != 0 || labels[i] == -100, "a masked token with a label");
            }

            Assert.Equal(1, bert.Loss(ids, labels, sequences, types, mask).Item() / loss, 1e-5);
        }
    }

    [Fact]
    public void Gradients()
    {
        ReferenceModel reference = ReferenceModel.Open("bert-a");
        JsonElement gradients = reference.Expected.GetProperty("gradients");
        JsonElement given = reference.Expected.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == gradients.GetProperty("case").GetString());
        ((Bert)reference.Model).Loss(
            Flat(given, "input_ids"), Flat(given, "labels"), given.GetProperty("input_ids").GetArrayLength(), Flat(given, "token_type_ids"), Flat(given, "attention_mask")).Backward();
        reference.AssertGradients(gradients.GetProperty("parameters"));
    }

    [Fact]
    public void Gradients_of_a_padded_batch_have_one_encoding_on_every_path_and_thread_count()
    {
        Bert bert = Create();
        int[] ids = TinyDecoders.Ids(3 * 13), mask = [.. Enumerable.Range(0, ids.Length).Select(i => i % 13 < 13 - (4 * (i / 13)) ? 1 : 0)];
        int[] labels = [.. Enumerable.Range(0, ids.Length).Select(i => mask[i] == 1 && i % 3 == 0 ? i % 61 : -100)];
        int[]? expected = null;
        Compute before = Compute.Current;
        try
        {
            foreach (SimdPath path in SimdPaths.All)
            {
                foreach (int threads in new[] { 1, 2, 3, 7 })
                {
                    Compute.Current = new Compute(path, threads);
                    bert.ZeroGrad();
                    Tensor loss = bert.Loss(ids, labels, 3, attentionMask: mask);
                    loss.Backward();
                    int[] actual = [.. Support.TensorTesting.Bits(loss), .. bert.Parameters().Where(p => p.Grad is not null).SelectMany(p => Support.TensorTesting.Bits(p.Grad!))];
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
    public void A_padded_sequence_is_the_sequence_alone()
    {
        Bert bert = Create();
        int[] ids = TinyDecoders.Ids(24), mask = [.. Enumerable.Repeat(1, 12), .. Enumerable.Repeat(1, 5), .. Enumerable.Repeat(0, 7)];
        BertStates batch = bert.Encode(ids, 2, default, mask);
        Assert.Equal([12, 5], batch.Lengths);
        Assert.Equal(bert.Encode(ids.AsSpan(0, 12), 1).Rows.ToArray(), batch.Rows.ToArray()[..(12 * 48)]);
        Assert.Equal(bert.Encode(ids.AsSpan(12, 5), 1).Rows.ToArray(), batch.Rows.ToArray()[(12 * 48)..]);
        Assert.Equal(batch.Rows.ToArray()[(12 * 48)..], bert.Encode([.. ids[12..17], 60, 60], 1, default, [1, 1, 1, 1, 1, 0, 0]).Rows.ToArray());
    }

    [Fact]
    public void Dropout_takes_sequences_of_one_length_and_is_addressed()
    {
        Bert bert = Create();
        bert.Train();
        int[] ids = TinyDecoders.Ids(4 * 6);
        Tensor whole = bert.Encode(ids, 4, context: new ForwardContext(9, 5, 0, 4)).Rows;
        Assert.Equal(whole.ToArray()[(12 * 48)..], bert.Encode(ids.AsSpan(12), 2, context: new ForwardContext(9, 5, 2, 2)).Rows.ToArray());
        Assert.Throws<InvalidOperationException>(() => bert.Encode([1, 2, 3, 4], 2, default, [1, 1, 1, 0], new ForwardContext(9, 5, 0, 2)));
    }

    [Fact]
    public void Absent_parts_and_wrong_batches_are_named()
    {
        Bert bare = new(Tiny, Bert.PartsOf(["embeddings.word_embeddings.weight"]));
        Assert.Equal(BertParts.None, bare.Parts);
        bare.Eval();
        Assert.Contains("cls.predictions", Assert.Throws<StateDictException>(() => bare.Logits([1, 2])).Message, StringComparison.Ordinal);
        Assert.Contains("bert.pooler", Assert.Throws<StateDictException>(() => bare.Pool(bare.Encode([1, 2], 1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => bare.Encode([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => bare.Encode([1, 2], 1, [0]));
        Assert.Throws<ArgumentException>(() => bare.Encode([1, 2], 1, default, [0, 1]));
        foreach ((string json, string field) in new[]
        {
            ("""{"position_embedding_type": "relative_key"}""", "position_embedding_type"), ("""{"is_decoder": true}""", "is_decoder"), ("""{"rope_theta": 1}""", "rope_theta"),
            ("""{"hidden_act": "mish"}""", "hidden_act"), ("""{"hidden_size": 50}""", "hidden_size"),
        })
        {
            Assert.Contains(field, Assert.Throws<ModelConfigException>(() => BertConfig.Parse(System.Text.Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);
        }
    }

    private static Bert Create()
    {
        Bert bert = new(Tiny);
        bert.Initialize(3);
        bert.Eval();
        return bert;
    }

    private static int[] Flat(JsonElement given, string name) => [.. given.GetProperty(name).EnumerateArray().SelectMany(ReferenceModel.Ids)];

    private static void AssertPresent(double[] truth, Tensor rows, BertStates states, int width, string label)
    {
        Assert.Equal(states.Indices.Count * width, rows.Length);
        for (int row = 0; row < states.Indices.Count; row++)
        {
            ReferenceModel.AssertNear(truth[(states.Indices[row] * width)..((states.Indices[row] + 1) * width)], rows.Data.Slice(row * width, width), Tolerance, $"{label} {row}");
        }
    }
}
