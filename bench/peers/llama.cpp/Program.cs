// llama.cpp's side of a comparison, through the library that LLamaSharp brings: the protocol of ../pytorch/serve.py, for the cases
// named llama. Also makes its model files, and says what it computes from one, so that our reader can be held against it.
//
//   LlamaCppPeer FOLDER THREADS                      answers requests; FOLDER has llama-f32.gguf, llama-bf16.gguf, llama-q8_0.gguf
//   LlamaCppPeer quantize IN.gguf OUT.gguf TYPE      rewrites a file by llama.cpp's own quantiser: f32, f16, bf16, q8_0
//   LlamaCppPeer logits MODEL.gguf OUT.f32 I,J,K     the logits of every position, float32, row after row
//   LlamaCppPeer tokenize MODEL.gguf                 JSON strings in, JSON arrays of ids out, line by line

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using LLama;
using LLama.Common;
using LLama.Native;
using LlamaCppPeer;

NativeLibraryConfig.All.WithLogCallback((level, message) =>
{
    if (level is LLamaLogLevel.Error)
    {
        Console.Error.Write(message);
    }
});
NativeApi.llama_empty_call(); // loads the library
switch (args)
{
    case ["quantize", var source, var target, var type]:
        LLamaFtype kind = type switch
        {
            "f32" => LLamaFtype.ALL_F32,
            "f16" => LLamaFtype.MOSTLY_F16,
            "bf16" => LLamaFtype.MOSTLY_BF16,
            "q8_0" => LLamaFtype.MOSTLY_Q8_0,
            _ => throw new ArgumentException($"unknown type {type}"),
        };
        LLamaModelQuantizeParams parameters = LLamaModelQuantizeParams.Default();
        parameters.ftype = kind;
        return NativeApi.llama_model_quantize(source, target, ref parameters) == 0 ? 0 : 1;
    case ["logits", var path, var output, var list]:
        Logits.Write(path, output, [.. list.Split(',').Select(id => int.Parse(id, CultureInfo.InvariantCulture))]);
        return 0;
    case ["tokenize", var path]:
        using (LLamaWeights vocabulary = LLamaWeights.LoadFromFile(new ModelParams(path) { VocabOnly = true }))
        {
            while (Console.In.ReadLine() is { } text)
            {
                LLamaToken[] ids = vocabulary.Tokenize(JsonSerializer.Deserialize<string>(text)!, add_bos: true, special: true, System.Text.Encoding.UTF8);
                Console.Out.WriteLine("[" + string.Join(',', ids.Select(id => (int)id)) + "]");
            }
        }

        return 0;
    case [var folder, var threads]:
        Serve(folder, int.Parse(threads, CultureInfo.InvariantCulture));
        return 0;
    default:
        Console.Error.WriteLine("usage: see the head of Program.cs");
        return 2;
}

static void Serve(string folder, int threads)
{
    Case? prepared = null;
    while (Console.In.ReadLine() is { } line)
    {
        string[] words = line.Split(' ');
        switch (words[0])
        {
            case "prepare":
                prepared?.Dispose();
                prepared = new Case(folder, words, threads);
                prepared.Run();
                prepared.Run();
                Console.Out.WriteLine("ready");
                break;
            case "sample":
                double seconds = double.Parse(words[1], CultureInfo.InvariantCulture);
                long begin = Stopwatch.GetTimestamp(), calls = 0;
                do
                {
                    prepared!.Run();
                    calls++;
                }
                while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds);
                Console.Out.WriteLine((Stopwatch.GetElapsedTime(begin).TotalNanoseconds / calls).ToString("F1", CultureInfo.InvariantCulture));
                break;
            case "memory":
                string status = File.ReadLines("/proc/self/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
                Console.Out.WriteLine(long.Parse(status["VmHWM:".Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture) >> 10);
                break;
            case "versions":
                Console.Out.WriteLine($"LLamaSharp {typeof(LLamaWeights).Assembly.GetName().Version}; {Marshal.PtrToStringAnsi(NativeApi.llama_print_system_info())}");
                break;
            default:
                throw new ArgumentException($"unknown request: {line}");
        }
    }
}
