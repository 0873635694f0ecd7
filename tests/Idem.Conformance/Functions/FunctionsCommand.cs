// Exhaustive: every float32 function on all 2^32 inputs against the oracle (one path), and its whole digest on each path.

using Idem.Numerics;
using Idem.Numerics.Functions;

namespace Idem.Conformance.Functions;

internal static class FunctionsCommand
{
    public const string Usage = "functions [--path scalar|128|256|512|all] [--function NAME|all] [--oracle | --digest-only] [--list-hard]";

    public static int Run(ReadOnlySpan<string> arguments)
    {
        IReadOnlyList<SimdPath> paths = [SimdPaths.Widest];
        string name = "all";
        bool oracle = true, digest = true, listHard = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--path" when i + 1 < arguments.Length && arguments[i + 1] == "all": paths = SimdPaths.All; i++; break;
                case "--path" when i + 1 < arguments.Length && SimdPaths.TryParse(arguments[i + 1], out SimdPath path): paths = [path]; i++; break;
                case "--function" when i + 1 < arguments.Length: name = arguments[++i]; break;
                case "--oracle": digest = false; break;
                case "--digest-only": oracle = false; break;
                case "--list-hard": listHard = true; break;
                default:
                    Console.Error.WriteLine($"cannot read '{arguments[i]}'; usage: {Usage}");
                    return 2;
            }
        }

        NamedFunction[] functions = [.. FunctionTable.All.Where(function => name == "all" || function.Name == name)];
        if (functions.Length == 0)
        {
            Console.Error.WriteLine($"functions: no function is named '{name}'; use one of {string.Join(", ", FunctionTable.All.Select(function => function.Name))} or all");
            return 2;
        }

        bool failed = false;
        foreach (NamedFunction function in functions)
        {
            failed |= oracle && OracleCheck.Run(function, paths[^1], listHard) != 0;
            failed |= digest && !DigestsAgree(function, paths);
        }

        Console.WriteLine(failed ? "FAILED" : "all equal");
        return failed ? 3 : 0;
    }

    private static bool DigestsAgree(NamedFunction function, IReadOnlyList<SimdPath> paths)
    {
        string expected = FunctionChecks.WholeDigests.GetValueOrDefault(function.Name, "(none pinned)");
        bool agree = true;
        foreach (SimdPath path in paths)
        {
            string digest = WholeDigest.Run(function, path);
            if (digest != expected)
            {
                Console.WriteLine($"WRONG {function.Name} {path.Name()}: digest {digest}, expected {expected}");
                agree = false;
            }
        }

        return agree;
    }
}
