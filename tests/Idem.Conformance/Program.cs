// Exhaustive and long checks: dotnet run -c Release --project tests/Idem.Conformance -- <name> [arguments]. Exit code 0: all held.

using Idem.Conformance;

switch (args.Length > 0 ? args[0] : "")
{
    case "matmul":
        return MatMulSweep.Run(args[1..]);
    default:
        Console.Error.WriteLine("usage: Idem.Conformance matmul [cases] [seed]");
        return 2;
}
