// timing.jsonl: how long the steps of a run took, on what. For people and reports; no bit depends on it and nothing covers it: it is outside
// of the evidence (docs/contract.md). So a disk that does not take it ends no run, and a reader passes over what it cannot read.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Formats;

namespace Idem.Training;

/// <summary>Where the time of a step went, in seconds.</summary>
/// <param name="Train">Forward, backward, optimizer.</param>
/// <param name="Evidence">Digests and the ledger.</param>
/// <param name="Evaluate">Validation.</param>
/// <param name="Save">Its checkpoint.</param>
public readonly record struct StepTimes(double Train, double Evidence, double Evaluate, double Save);

/// <summary>A step that was timed.</summary>
/// <param name="Step">The step.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Times">Where its time went.</param>
public sealed record TimedStep(long Step, long Tokens, StepTimes Times);

/// <summary>A process that executed a part of a run.</summary>
/// <param name="AfterStep">The step it began after.</param>
/// <param name="Started">When it began, in universal time.</param>
/// <param name="Environment">What executed it.</param>
public sealed record TimedProcess(long AfterStep, DateTime Started, RunEnvironment Environment);

/// <summary>The times of a run.</summary>
/// <param name="Processes">The processes that executed it, in their order.</param>
/// <param name="Steps">By step, ascending; of a step that was done again, the last time.</param>
public sealed record RunTimes(IReadOnlyList<TimedProcess> Processes, IReadOnlyList<TimedStep> Steps);

/// <summary>Writes and reads timing.jsonl.</summary>
public sealed class RunTiming : IDisposable
{
    /// <summary>The file's name in a run folder.</summary>
    public const string FileName = "timing.jsonl";

    private const int LinesPerFlush = 64;

    private DurableStream? _stream;
    private int _pending;

    private RunTiming()
    {
    }

    /// <summary>Goes on with the file of a run, or begins it.</summary>
    internal static RunTiming Append(RunFolder run, long afterStep, RunEnvironment environment)
    {
        RunTiming timing = new();
        timing.Guarded(() =>
        {
            timing._stream = run.Files.OpenAppend(Path.Combine(run.Path, FileName));
            JsonObject process = new()
            {
                ["after_step"] = afterStep,
                ["started"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                ["environment"] = environment.ToJson(),
            };

            // The line before may be torn.
            timing.Write((timing._stream.Length > 0 ? "\n" : "") + process.ToJsonString() + "\n");
            timing._stream.Flush();
        });
        return timing;
    }

    /// <summary>Appends a step; it is handed to the system some steps later.</summary>
    internal void Add(long step, long tokens, in StepTimes times)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"step\":{step},\"tokens\":{tokens},\"train\":{times.Train:0.######},\"evidence\":{times.Evidence:0.######},\"evaluate\":{times.Evaluate:0.######},\"save\":{times.Save:0.######}}}\n");
        Guarded(() =>
        {
            Write(line);
            if (++_pending >= LinesPerFlush)
            {
                _pending = 0;
                _stream?.Flush();
            }
        });
    }

    /// <summary>The times of a run, as far as they are there.</summary>
    public static RunTimes Read(RunFolder run)
    {
        string path = Path.Combine(run.Path, FileName);
        List<TimedProcess> processes = [];
        SortedDictionary<long, TimedStep> steps = [];
        string text = run.Files.FileExists(path) ? Encoding.UTF8.GetString(DurableFile.Read(run.Files, path)) : "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                JsonNode json = JsonNode.Parse(line)!;
                if (json["environment"] is JsonObject environment)
                {
                    processes.Add(new TimedProcess(
                        json["after_step"]!.GetValue<long>(),
                        DateTime.Parse(json["started"]!.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal),
                        RunEnvironment.Of(environment)));
                }
                else
                {
                    TimedStep step = new(json["step"]!.GetValue<long>(), json["tokens"]!.GetValue<long>(), new StepTimes(
                        Seconds(json, "train"), Seconds(json, "evidence"), Seconds(json, "evaluate"), Seconds(json, "save")));
                    steps[step.Step] = step;
                }
            }
            catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException or NullReferenceException or FormatException)
            {
                // Torn by a kill, or by hand: a time less.
            }
        }

        return new RunTimes(processes, [.. steps.Values]);
    }

    /// <inheritdoc/>
    public void Dispose() => Guarded(() => _stream?.Dispose());

    private static double Seconds(JsonNode json, string name) =>
        json[name]!.GetValue<double>() is var seconds && seconds >= 0 && double.IsFinite(seconds) ? seconds : throw new FormatException($"{name} is no time");

    private void Write(string line) => _stream?.Write(Encoding.UTF8.GetBytes(line));

    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _stream = null;
        }
    }
}
