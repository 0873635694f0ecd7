// The data of a run: text, the tokenizer made from it, and its ids. A pure function of the text and the configuration, so that
// resuming and verifying rebuild it and compare digests.

using System.Security.Cryptography;
using Idem.Audit;
using Idem.Data;
using Idem.Tokenizers;

namespace Idem.Training;

/// <summary>Text, tokenizer and token ids of a run.</summary>
internal sealed class TrainingData
{
    /// <summary>In place of a path: the built-in corpus of <c>idem demo</c>.</summary>
    public const string DemoPath = "demo:";

    private TrainingData(Digest digest, Tokenizer tokenizer, TokenDataset tokens)
    {
        Digest = digest;
        Tokenizer = tokenizer;
        TokenizerJson = tokenizer.ToJson();
        TokenizerDigest = Digest.Of(TokenizerJson);
        Tokens = tokens;
    }

    /// <summary>Digest of the text and its document boundaries.</summary>
    public Digest Digest { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The canonical bytes of <c>tokenizer.json</c>.</summary>
    public byte[] TokenizerJson { get; }

    public Digest TokenizerDigest { get; }

    public TokenDataset Tokens { get; }

    /// <summary>Reads the text, trains the tokenizer that the configuration asks for, and tokenizes.</summary>
    public static TrainingData Load(IReadOnlyList<string> paths, TrainConfig config)
    {
        TextCorpus corpus = paths is [DemoPath] ? new TextCorpus([new TextDocument("demo", DemoCorpus.Generate())]) : TextCorpus.Load(paths);
        return Of(corpus, config);
    }

    /// <summary>As <see cref="Load"/>, of a text that is already here.</summary>
    public static TrainingData Of(TextCorpus corpus, TrainConfig config)
    {
        Tokenizer tokenizer = config.Tokenizer == "char"
            ? CharacterTrainer.Train([corpus.Text])
            : BpeTrainer.Train([corpus.Text], config.VocabSize);
        return new TrainingData(
            Digest.Parse(corpus.Digest), tokenizer, TokenDataset.Create(corpus.Text, tokenizer, config.ValFraction));
    }

    /// <summary>Checks that this is what a run was trained on.</summary>
    /// <exception cref="TrainingException">Names what differs.</exception>
    public void RequireSameAs(RunFolder run)
    {
        if (Digest != run.Manifest.Data)
        {
            throw new TrainingException($"the data is not what {run.Path} was trained on: its digest is {Digest}, run.json says {run.Manifest.Data}; name the right text with --data");
        }

        if (TokenizerDigest != run.Manifest.Tokenizer)
        {
            throw new TrainingException($"the tokenizer made from the data has digest {TokenizerDigest}, run.json says {run.Manifest.Tokenizer}");
        }
    }

    /// <summary>The paths as run.json keeps them: valid from any working directory.</summary>
    public static IReadOnlyList<string> AbsolutePaths(IReadOnlyList<string> paths) =>
        paths is [DemoPath] ? paths : [.. paths.Select(Path.GetFullPath)];

    /// <summary>The digest of the ids that a step trains on, in sample order: the order and the content of the data.</summary>
    public static Digest BatchDigest(ReadOnlySpan<int> inputs, ReadOnlySpan<int> targets)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("idem-batch-1\n"u8);
        Append(hash, inputs);
        Append(hash, targets);
        Span<byte> digest = stackalloc byte[Digest.ByteCount];
        hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<int> ids)
    {
        Span<byte> bytes = stackalloc byte[4 * 256];
        for (int start = 0; start < ids.Length; start += 256)
        {
            ReadOnlySpan<int> part = ids.Slice(start, Math.Min(256, ids.Length - start));
            for (int i = 0; i < part.Length; i++)
            {
                System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes[(4 * i)..], part[i]);
            }

            hash.AppendData(bytes[..(4 * part.Length)]);
        }
    }
}
