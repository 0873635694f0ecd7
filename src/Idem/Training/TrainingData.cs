// The data of a run: text, the tokenizer made from it, and its ids. A pure function of the text and the configuration, so that
// resuming and verifying rebuild it and compare digests.

using System.Buffers;
using System.Buffers.Binary;
using Idem.Audit;
using Idem.Data;
using Idem.Tokenizers;

namespace Idem.Training;

/// <summary>Text, tokenizer and token ids of a run.</summary>
internal sealed class TrainingData
{
    /// <summary>In place of a path: the built-in corpus of <c>idem demo</c>.</summary>
    public const string DemoPath = "demo:";

    private TrainingData(Digest digest, Tokenizer tokenizer, byte[] tokenizerJson, TokenDataset tokens)
    {
        Digest = digest;
        Tokenizer = tokenizer;
        TokenizerJson = tokenizerJson;
        TokenizerDigest = Digest.Of(TokenizerJson);
        Tokens = tokens;
    }

    /// <summary>Digest of the text and its document boundaries.</summary>
    public Digest Digest { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The bytes of <c>tokenizer.json</c>: canonical, or those of the folder that training begins from.</summary>
    public byte[] TokenizerJson { get; }

    public Digest TokenizerDigest { get; }

    public TokenDataset Tokens { get; }

    /// <summary>Reads the text, trains the tokenizer that the configuration asks for or takes the given one, and tokenizes.</summary>
    public static TrainingData Load(IReadOnlyList<string> paths, TrainConfig config, BaseModel? start = null) => Of(Corpus(paths), config, start);

    /// <summary>The text at these paths, or the built-in one.</summary>
    public static TextCorpus Corpus(IReadOnlyList<string> paths) =>
        paths is [DemoPath] ? new TextCorpus([new TextDocument("demo", DemoCorpus.Generate())]) : TextCorpus.Load(paths);

    /// <summary>As <see cref="Load"/>, of a text that is already here.</summary>
    public static TrainingData Of(TextCorpus corpus, TrainConfig config, BaseModel? start = null)
    {
        Digest digest = Digest.Parse(corpus.Digest);
        if (start is not null)
        {
            Tokenizer own = Tokenizer.Parse(start.TokenizerJson, Path.Combine(start.Identity.Path, "tokenizer.json"));
            return own.VocabularySize <= start.Config.VocabSize
                ? new TrainingData(digest, own, start.TokenizerJson, TokenDataset.Create(corpus.Text, own, config.ValFraction))
                : throw new TrainingException($"{start.Identity.Path}: the tokenizer has {own.VocabularySize} ids, the model {start.Config.VocabSize}; they are not of one model");
        }

        Tokenizer tokenizer = config.Tokenizer == "char"
            ? CharacterTrainer.Train([corpus.Text])
            : BpeTrainer.Train([corpus.Text], config.VocabSize);
        return new TrainingData(
            digest, tokenizer, tokenizer.ToJson(), TokenDataset.Create(corpus.Text, tokenizer, config.ValFraction));
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
            throw new TrainingException($"the tokenizer of the data or of the model that training begins from has digest {TokenizerDigest}, run.json says {run.Manifest.Tokenizer}");
        }
    }

    /// <summary>The paths as run.json keeps them: valid from any working directory.</summary>
    public static IReadOnlyList<string> AbsolutePaths(IReadOnlyList<string> paths) =>
        paths is [DemoPath] ? paths : [.. paths.Select(Path.GetFullPath)];

    /// <summary>The digest of the ids that a step trains on, in sample order: the order and the content of the data.</summary>
    public static Digest BatchDigest(ReadOnlySpan<int> inputs, ReadOnlySpan<int> targets)
    {
        ReadOnlySpan<byte> domain = "idem-batch-1\n"u8;
        int length = checked(domain.Length + (sizeof(int) * (inputs.Length + targets.Length)));
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        domain.CopyTo(bytes);
        Append(bytes.AsSpan(domain.Length), inputs);
        Append(bytes.AsSpan(domain.Length + (sizeof(int) * inputs.Length)), targets);
        Digest digest = Digest.Of(bytes.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(bytes);
        return digest;
    }

    private static void Append(Span<byte> bytes, ReadOnlySpan<int> ids)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(sizeof(int) * i)..], ids[i]);
        }
    }
}
