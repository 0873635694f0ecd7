// The bytes of a receipt, and that no other bytes are read.

using System.Text;
using Idem.Audit;
using Idem.Tests.Support;

namespace Idem.Tests.Audit;

public class ReceiptTests
{
    private const string Name = "r.json";

    // Made by an independent program; verify_receipt.py accepts it.
    private static readonly byte[] Known = File.ReadAllBytes(Path.Combine(SharedData.ProjectRoot, "tests", "Idem.Tests", "Audit", "known-receipt.json"));

    private static Receipt KnownReceipt => new()
    {
        InvariantUnder = ["threads", "simd", "architecture", "batch", "prefill-chunking", "prefix-cache"],
        Model = new ReceiptModel
        {
            Arithmetic = "idem-1", Weights = Of("weights"), Config = Of("config"), Tokenizer = Of("tokenizer"), ChatTemplate = null, Dtype = "bf16", CacheDtype = "f32",
        },
        Sampling = new ReceiptSampling
        {
            MaxTokens = 3, Temperature = 0.8f, TopK = 40, TopP = 0.95f, MinP = 0f, RepetitionPenalty = 1.1f, PresencePenalty = -0f, FrequencyPenalty = -0.5f,
            LogitBias = [new ReceiptBias(3, -100f), new ReceiptBias(7, 0.25f)], Constraint = new ReceiptConstraint("json_schema", """{"type":"object"}"""),
            StopIds = [2, 0], Stops = ["\n\n", "\u00e9\u0001\"\\", "\U0001f600"], Seed = ulong.MaxValue,
        },
        PromptIds = [5, 0, int.MaxValue],
        Samples =
        [
            new ReceiptSample { Sample = 0, Tokens = [new ReceiptToken(9, -1.5f, Of("a")), new ReceiptToken(2, -0f, Of("b"))], FinishReason = ReceiptSample.Stop },
            new ReceiptSample { Sample = 2, Tokens = [], FinishReason = ReceiptSample.Interrupted },
            new ReceiptSample
            {
                Sample = 5, FinishReason = ReceiptSample.Length,
                Tokens = [new ReceiptToken(1, float.NaN, Of("c")), new ReceiptToken(4, float.NegativeInfinity, Of("d")), new ReceiptToken(4, -1e-10f, Of("e"))],
            },
        ],
    };

    private static Digest Of(string text) => Digest.Of(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void AReceiptIsTheseBytes()
    {
        Assert.Equal(Encoding.UTF8.GetString(Known), Encoding.UTF8.GetString(KnownReceipt.Encode(out Digest id)));
        Assert.Equal("sha256:0ef3ea530934d8d8071c58e181277b17f663d17d703a04954e66c13f240345aa", id.ToString());
        Receipt read = Receipt.Decode(Known, Name, out Digest readId);
        Assert.Equal(id, readId);
        Assert.Equal(Known, read.Encode(out _));
    }

    [Fact]
    public void AChangedBitAnywhereIsFoundAndItsFieldNamed()
    {
        for (int offset = 0; offset < Known.Length; offset++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] changed = [.. Known];
                changed[offset] ^= (byte)(1 << bit);
                ReceiptException refused = Assert.Throws<ReceiptException>(() => Receipt.Decode(changed, Name, out _));
                Assert.True(refused.Field is not null || offset < 12 || offset >= Known.Length - 2 || refused.What.Contains("UTF-8", StringComparison.Ordinal), $"byte {offset}: {refused.Message}");
            }
        }
    }

    [Fact]
    public void AFileCutShortOrWithMoreIsRefused()
    {
        for (int length = 0; length < Known.Length; length++)
        {
            Assert.Throws<ReceiptException>(() => Receipt.Decode(Known.AsSpan(0, length), Name, out _));
        }

        Assert.Throws<ReceiptException>(() => Receipt.Decode([.. Known, (byte)'\n'], Name, out _));
    }

    /// <summary>The smallest part that does not hold is named, whatever else it makes wrong.</summary>
    [Theory]
    [InlineData("\"temperature\":0.8", "\"temperature\":0.9", "sampling.temperature")]
    [InlineData("\"top_k\":40", "\"top_k\":41", "sampling.digest")]
    [InlineData("\"top_k\":40", "\"top_k\":040", "sampling.top_k")]
    [InlineData("[5,0,", "[5,1,", "prompt.digest")]
    [InlineData("\"dtype\":\"bf16\"", "\"dtype\":\"f32\"", "model.digest")]
    [InlineData("\"threads\",\"simd\"", "\"simd\",\"threads\"", "invariant_under")]
    [InlineData("\"threads\",\"simd\"", "\"threads\"", "header")]
    [InlineData("\"id\":9", "\"id\":8", "samples[0].tokens[0].hash")]
    [InlineData("\"position\":3", "\"position\":4", "samples[0].tokens[0].position")]
    [InlineData("\"logprob\":-1.5", "\"logprob\":-1.6", "samples[0].tokens[0].logprob")]
    [InlineData("\"sample\":5", "\"sample\":6", "samples[2].tokens[0].hash")]
    [InlineData("\"sample\":5", "\"sample\":2", "samples[2].sample")]
    [InlineData("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\"", "samples[0].hash")]
    [InlineData("\"finish_reason\":\"stop\"", "\"finish_reason\":\"done\"", "samples[0].finish_reason")]
    [InlineData("\"seed\":18446744073709551615", "\"seed\":18446744073709551616", "sampling.seed")]
    [InlineData("idem-receipt-1", "idem-receipt-2", "format")]
    public void TheFieldIsNamed(string from, string to, string field)
    {
        string text = Encoding.UTF8.GetString(Known);
        int place = text.IndexOf(from, StringComparison.Ordinal);
        byte[] changed = Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, place), to, text.AsSpan(place + from.Length)));
        ReceiptException refused = Assert.Throws<ReceiptException>(() => Receipt.Decode(changed, Name, out _));
        Assert.Equal(field, refused.Field);
        Assert.StartsWith($"{Name}: {field}: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatNoReceiptCanHoldIsNotWritten()
    {
        Receipt known = KnownReceipt;
        Receipt[] impossible =
        [
            known with { Sampling = known.Sampling with { Temperature = float.NaN } },
            known with { Sampling = known.Sampling with { MaxTokens = -1 } },
            known with { Sampling = known.Sampling with { Stops = ["\ud800"] } },
            known with { PromptIds = [-1] },
            known with { Samples = [known.Samples[1], known.Samples[0]] },
        ];
        Assert.All(impossible, receipt => Assert.ThrowsAny<ArgumentException>(() => receipt.Encode(out _)));
    }
}
