// Compares this library with cases that another tokenizer library produced (the format: Idem.Tests, TokenizerCases.cs).

using Idem.Tests.Tokenizers;

namespace Idem.Conformance;

internal static class TokenizerCompare
{
    public const string Usage = "tokenizer-cases FILE";

    private const int ShownMax = 40;

    public static int Run(string[] arguments)
    {
        if (arguments.Length != 1)
        {
            Console.Error.WriteLine($"usage: Idem.Conformance {Usage}");
            return 2;
        }

        int cases = 0, differences = 0;
        foreach (string difference in TokenizerCases.Differences(File.ReadAllBytes(arguments[0]), count => cases += count))
        {
            if (differences++ < ShownMax)
            {
                Console.WriteLine(difference);
            }
        }

        Console.WriteLine($"tokenizer-cases: {cases} cases, {differences} differences");
        return differences == 0 ? 0 : 3;
    }
}
