// Exhaustive and long checks: dotnet run -c Release --project tests/Idem.Conformance -- <name> [arguments].
// Exit codes: 0 all held, 2 wrong usage, 3 (or 1) something differed.

using Idem.Conformance;
using Idem.Conformance.Functions;

switch (args.Length > 0 ? args[0] : "")
{
    case "matmul":
        return MatMulSweep.Run(args[1..]);
    case "fma":
        return FmaSweep.Run(args[1..]);
    case "engine":
        return EngineSweep.Run(args[1..]);
    case "receipts":
        return ReceiptSweep.Run(args[1..]);
    case "schedule":
        return EngineSweep.RunSchedules(args[1..]);
    case "serve":
        return ServeSweep.Run(args[1..]);
    case "serve-soak":
        return ServeSoak.Run(args[1..]);
    case "divergences":
        return DivergenceSweep.Run(args[1..]);
    case "kills":
        return KillSweep.Run(args[1..]);
    case "storage":
        return StorageSweep.Run(args[1..]);
    case "functions":
        return FunctionsCommand.Run(args.AsSpan(1));
    case "float64":
        return Float64Command.Run(args.AsSpan(1));
    case "tokenizers":
        return TokenizerSweep.Run(args[1..]);
    case "tokenizer-fuzz":
        return FuzzCommand.Tokenizers(args[1..]);
    case "template-fuzz":
        return FuzzCommand.Templates(args[1..]);
    case "gguf-fuzz":
        return FuzzCommand.Gguf(args[1..]);
    case "safetensors-fuzz":
        return FuzzCommand.SafeTensors(args[1..]);
    case "generation-config-fuzz":
        return FuzzCommand.GenerationConfigs(args[1..]);
    case "tokenizer-cases":
        return TokenizerCompare.Run(args[1..]);
    case "configs":
        return ConfigSweep.Run(args[1..]);
    default:
        Console.Error.WriteLine("usage: Idem.Conformance matmul [cases] [seed]");
        Console.Error.WriteLine($"       Idem.Conformance {FmaSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {EngineSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {ReceiptSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {EngineSweep.SchedulesUsage}");
        Console.Error.WriteLine($"       Idem.Conformance {ServeSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {ServeSoak.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {DivergenceSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {KillSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {StorageSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {FunctionsCommand.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {Float64Command.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {TokenizerCompare.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {ConfigSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {TokenizerSweep.Usage}");
        Console.Error.WriteLine($"       Idem.Conformance {FuzzCommand.TokenizersUsage}");
        Console.Error.WriteLine($"       Idem.Conformance {FuzzCommand.TemplatesUsage}");
        Console.Error.WriteLine($"       Idem.Conformance {FuzzCommand.GgufUsage}");
        Console.Error.WriteLine($"       Idem.Conformance {FuzzCommand.SafeTensorsUsage}");
        Console.Error.WriteLine($"       Idem.Conformance {FuzzCommand.GenerationConfigsUsage}");
        return 2;
}
