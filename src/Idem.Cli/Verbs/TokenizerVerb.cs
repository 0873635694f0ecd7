// idem tokenizer train: a byte-level BPE tokenizer from texts, the same bytes on every machine.

using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Idem.Cli.Terminal;
using Idem.Data;
using Idem.Formats;
using Idem.Tokenizers;

namespace Idem.Cli.Verbs;

internal static class TokenizerVerb
{
    private const string DemoPath = "demo:";

    private static readonly Option<string[]> DataOption = new("--data")
    {
        Description = "Text files or folders; demo: is the built-in text. May be given several times.", HelpName = "PATH", Required = true,
    };

    private static readonly Option<string> Out = new("--out")
    {
        Description = "Where to write: a folder, which gets a tokenizer.json, or a file name that ends with .json.", HelpName = "PATH", Required = true,
    };

    private static readonly Option<int> VocabularySize = new("--vocab-size")
    {
        Description = "Tokens at most, special ones and the 256 bytes among them.", HelpName = "N", Required = true,
    };

    private static readonly Option<int> MinFrequency = new("--min-frequency")
    {
        Description = "A pair that occurs less often is not joined.", HelpName = "N", DefaultValueFactory = _ => 2,
    };

    private static readonly Option<string[]> Special = new("--special")
    {
        Description = "A special token, such as <|endoftext|>. May be given several times; they get the first ids in this order.", HelpName = "TOKEN",
    };

    public static Command Create()
    {
        Command train = new("train", "Train a byte-level BPE tokenizer; the same bytes on every machine.") { DataOption, Out, VocabularySize, MinFrequency, Special };
        train.SetVerb(Train);
        return new Command("tokenizer", "Make tokenizers.") { train };
    }

    private static int Train(VerbContext context)
    {
        string[] special = context.Value(Special) ?? [];
        int size = context.Value(VocabularySize), minFrequency = context.Value(MinFrequency);
        if (special.Distinct(StringComparer.Ordinal).Count() != special.Length || special.Contains(""))
        {
            throw new UsageException("tokenizer train: --special: give every special token once, none of them empty");
        }

        if (size < 256 + special.Length || minFrequency < 1)
        {
            throw new UsageException(size < 256 + special.Length
                ? $"--vocab-size {size}: use {256 + special.Length} or more: 256 bytes and {special.Length} special tokens"
                : $"--min-frequency {minFrequency}: use a number from 1");
        }

        string path = FileOf(context.Value(Out)!);
        string[] data = context.Value(DataOption)!;
        TextCorpus corpus = data is [DemoPath] ? new TextCorpus([new TextDocument("demo", DemoCorpus.Generate())]) : TextCorpus.Load(data);
        Tokenizer tokenizer = BpeTrainer.Train([corpus.Text], size, minFrequency, special);
        OutputFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        DurableFile.Write(DiskFileSystem.Instance, path, tokenizer.ToJson());
        string digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(tokenizer.ToJson()));
        if (context.Json)
        {
            Display.WriteJson(new JsonObject
            {
                ["path"] = path, ["vocab_size"] = tokenizer.VocabularySize, ["digest"] = digest, ["data_digest"] = corpus.Digest,
            });
        }
        else
        {
            Console.Out.WriteLine($"{digest}  {path}  {tokenizer.VocabularySize} tokens");
        }

        return ExitCodes.Success;
    }

    // A folder may be new, and gets the file.
    private static string FileOf(string given)
    {
        const string Verb = "tokenizer train", Extension = ".json";
        bool isFile = given.EndsWith(Extension, StringComparison.Ordinal);
        string file = isFile ? given : Path.Combine(given, "tokenizer.json");
        if (File.Exists(given) && !isFile)
        {
            throw new UsageException($"{Verb}: {Out.Name} {given} is a file: name a folder, or a file name that ends with {Extension}");
        }

        if (isFile || Directory.Exists(given))
        {
            OutputFile.Require(Verb, Out.Name, file);
        }

        return file;
    }
}
