// What is wrong with a command line before any verb runs, as one line that names the word and the remedy.
//
// A word that begins with "--" and a letter is an option, wherever it stands: the parser alone would take a misspelt one behind --data or
// among texts for one more value. Where a value begins so, it is written --name=VALUE, or stands behind a bare "--".

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace Idem.Cli;

internal static class CommandLine
{
    private const string OptionPrefix = "--";

    /// <summary>Without response files: a text that begins with @ is a text.</summary>
    public static ParseResult Parse(RootCommand root, string[] words) => root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>What is wrong; null if nothing is.</summary>
    /// <param name="parsed">What the parser made of the words.</param>
    /// <param name="words">The words behind the program's name.</param>
    public static string? Problem(ParseResult parsed, string[] words)
    {
        Command command = parsed.CommandResult.Command;
        string help = $"Try '{Path(command)} --help'.";
        if (UnknownOption(command, words) is { } word)
        {
            bool isTaken = !parsed.UnmatchedTokens.Contains(word);
            return $"unknown option {Name(word)}. {help}{(isTaken ? " A value that begins so is written --name=VALUE, or stands behind a bare --." : "")}";
        }

        return parsed.Errors.Count == 0 ? null
            : command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [string first, ..] ? $"there is no verb '{first}'. {help}"
            : $"{string.Join("; ", parsed.Errors.Select(Line).Distinct())}. {help}";
    }

    private static string? UnknownOption(Command command, string[] words)
    {
        HashSet<string> known = [.. Options(command).SelectMany(option => option.Aliases.Prepend(option.Name))];
        return words.TakeWhile(word => word != OptionPrefix).FirstOrDefault(word => IsOption(word) && !known.Contains(Name(word)));
    }

    private static bool IsOption(string word) =>
        word.StartsWith(OptionPrefix, StringComparison.Ordinal) && word.Length > OptionPrefix.Length && char.IsLetter(word[OptionPrefix.Length]);

    // A command's own, and those that the commands above it hand down.
    private static IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(Above(command).Skip(1).SelectMany(parent => parent.Options.Where(option => option.Recursive)));

    private static string Path(Command command) => string.Join(' ', Above(command).Reverse().Select(part => part is RootCommand ? "idem" : part.Name));

    // The command, its parent, and so on.
    private static IEnumerable<Command> Above(Command command)
    {
        for (Command? at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            yield return at;
        }
    }

    // The parser also takes --name:VALUE.
    private static string Name(string word) => word.IndexOfAny(['=', ':']) is > 0 and int end ? word[..end] : word;

    // The library lists permitted values in lines of their own, names .NET's types, and often only the value.
    private static string Line(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Option: { } option } result)
        {
            return Flat(error.Message);
        }

        if (result.Tokens is [{ Value: string value }] && Wanted(option.ValueType, value) is { } wanted)
        {
            return $"{option.Name} {value}: give {wanted}";
        }

        string message = Flat(error.Message);
        return message.Contains(option.Name, StringComparison.Ordinal) ? message : $"{option.Name}: {message}";
    }

    private static string Flat(string message) => string.Join(' ', message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static string? Wanted(Type type, string value) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        Type whole when whole == typeof(int) => Whole(value, int.MinValue, int.MaxValue),
        Type whole when whole == typeof(ulong) => Whole(value, ulong.MinValue, ulong.MaxValue),
        Type number when number == typeof(float) || number == typeof(double) => "a number, such as 0.8",
        _ => null,
    };

    private static string Whole(string value, BigInteger min, BigInteger max) =>
        !BigInteger.TryParse(value, out BigInteger number) ? "a whole number"
        : number > max ? $"a whole number up to {max}"
        : $"a whole number from {min}";
}
