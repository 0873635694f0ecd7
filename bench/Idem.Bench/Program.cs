// Benchmark programs: dotnet run -c Release --project bench/Idem.Bench -- <name> [--threads N] [--simd scalar|128|256|512]

using Idem.Bench;

if (args is ["compare", ..])
{
    return Idem.Bench.Peers.Comparison.Run(args);
}

switch (args)
{
    case ["write-llama", var folder]:
        Idem.Bench.Peers.LlamaFiles.WriteModel(folder);
        return 0;
    case ["write-gguf", var model, var path]:
        Idem.Bench.Peers.LlamaFiles.Write(model, path);
        return 0;
}

string name = args.Length > 0 ? args[0] : "";
Options options = Options.Parse(args);
switch (name)
{
    case "peak":
        FmaPeak.Report(options);
        return 0;
    case "gemm":
        GemmBenchmark.Report(options);
        return 0;
    case "kernels":
        KernelBenchmark.Report(options);
        return 0;
    case "attention":
        AttentionBenchmark.Report(options);
        return 0;
    case "functions":
        FunctionBenchmark.Report(options);
        return 0;
    case "train":
        TrainBenchmark.Report(options);
        return 0;
    case "ledger":
        LedgerBenchmark.Report(options);
        return 0;
    case "decode":
        DecodeBenchmark.Report(options);
        return 0;
    case "engine":
        EngineBenchmark.Report(options);
        return 0;
    case "engine-load":
        EngineBenchmark.ReportLoad(options);
        return 0;
    case "load":
        DecodeBenchmark.ReportLoading(options);
        return 0;
    case "growth":
        GrowthBenchmark.Report(options);
        return 0;
    case "serve":
        Idem.Bench.Peers.Serving.Run(options);
        return 0;
    default:
        Console.Error.WriteLine("usage: Idem.Bench peak|gemm|kernels|attention|functions|train|ledger|decode|engine|engine-load|load|growth|serve [--threads N] [--simd scalar|128|256|512|all] [--only TEXT] [--seconds S]");
        Console.Error.WriteLine("       Idem.Bench write-llama FOLDER | write-gguf MODEL OUT.gguf");
        Console.Error.WriteLine("       " + Idem.Bench.Peers.ComparisonOptions.Usage);
        return 2;
}
