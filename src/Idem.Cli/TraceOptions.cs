// The options of a trace, which train and generate share.

using System.CommandLine;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Numerics;
using Idem.Tracing;

namespace Idem.Cli;

internal static class TraceOptions
{
    private static readonly Option<string?> Trace = new("--trace")
    {
        Description = "Write the digest of every operation's results to this file, for 'idem diff'. Changes no result.", HelpName = "FILE",
    };

    private static readonly Option<string?> Steps = new("--trace-steps")
    {
        Description = "Which steps (of generate: forward passes) to trace, e.g. 1,10-12 or all. Default: train the first one that is executed, generate all.", HelpName = "STEPS",
    };

    private static readonly Option<string?> Tensors = new("--trace-tensors")
    {
        Description = "Also write the whole results of the modules whose path fits, to FILE.safetensors; * stands for anything, e.g. 'transformer.h.0.*'.", HelpName = "PATTERN",
    };

    public static void AddTo(Command command)
    {
        command.Options.Add(Trace);
        command.Options.Add(Steps);
        command.Options.Add(Tensors);
    }

    /// <summary>What the command line asks for, its files such as can be written; null for no trace.</summary>
    /// <param name="verb">Who traces.</param>
    /// <param name="context">The command line.</param>
    /// <param name="made">A folder that the verb makes before it writes; null for none.</param>
    public static TraceRequest? Read(string verb, VerbContext context, string? made = null)
    {
        string? path = context.Value(Trace), tensors = context.Value(Tensors);
        if (path is null)
        {
            string? alone = context.IsGiven(Steps) ? Steps.Name : context.IsGiven(Tensors) ? Tensors.Name : null;
            return alone is null ? null : throw new UsageException($"{alone} says what to trace: name the file to write with --trace FILE");
        }

        if (path.Length == 0 || tensors is "")
        {
            throw new UsageException("--trace and --trace-tensors: the text is empty; name a file, and modules such as 'transformer.h.0.*'");
        }

        OutputFile.Require(verb, Trace.Name, path, made);
        OutputFile.Require(verb, Trace.Name, TraceWriter.TensorsPath(path), made);
        try
        {
            return new TraceRequest(path, context.Value(Steps) is { } steps ? TraceSteps.Parse(steps) : null, tensors is null ? null : new TensorPattern(tensors));
        }
        catch (FormatException exception)
        {
            throw new UsageException($"{Steps.Name}: {exception.Message}");
        }
    }

    /// <summary>Begins the trace of a generation.</summary>
    public static TraceWriter? Begin(TraceRequest? request, ModelFolder model, string dtype, string cacheDtype, int[] ids, SamplingSettings settings, int samples)
    {
        return request is null ? null : TraceWriter.Create(request, "generate", new JsonObject
        {
            ["model_digest"] = ModelFolder.Digests(model.Path, Compute.Current.Threads).Root.ToString(),
            ["dtype"] = dtype,
            ["kv_cache_dtype"] = cacheDtype,
            ["prompt_ids"] = TokenInput.ToJson(ids),
            ["temperature"] = settings.Temperature,
            ["top_k"] = settings.TopK,
            ["top_p"] = settings.TopP,
            ["min_p"] = settings.MinP,
            ["repetition_penalty"] = settings.RepetitionPenalty,
            ["presence_penalty"] = settings.PresencePenalty,
            ["frequency_penalty"] = settings.FrequencyPenalty,
            ["seed"] = settings.Seed,
            ["n"] = samples,
        });
    }
}
