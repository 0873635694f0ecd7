// Three views of a training run: live on a terminal, plain lines when piped, JSON lines for scripts.

using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Idem.Cli.Terminal;

/// <summary>Progress that all views share: smoothed speed and remaining time.</summary>
internal sealed class TrainingProgress(int steps, long firstStep)
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private double _tokens, _seconds;

    public long Step { get; private set; } = firstStep - 1;

    public double TokensPerSecond => _seconds > 0 ? _tokens / _seconds : 0;

    public double ElapsedSeconds => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    public double RemainingSeconds => Step < firstStep ? double.NaN : ElapsedSeconds / (Step - firstStep + 1) * (steps - Step);

    public void Add(TrainingStep step)
    {
        const double Memory = 0.95; // the last twenty steps or so
        _tokens = (_tokens * Memory) + step.Tokens;
        _seconds = (_seconds * Memory) + step.Seconds;
        Step = step.Record.Step;
    }
}

/// <summary>JSON lines: one object an event, the steps' as in the ledger.</summary>
internal sealed class JsonTrainingDisplay : ITrainingObserver
{
    public void Started(TrainingStart start) => Display.WriteJson(new JsonObject
    {
        ["event"] = "started",
        ["run"] = start.RunFolder,
        ["genesis"] = start.Manifest.Genesis.ToString(),
        ["arithmetic"] = start.Manifest.Arithmetic,
        ["parameters"] = start.Parameters,
        ["train_tokens"] = start.TrainTokens,
        ["val_tokens"] = start.ValTokens,
        ["first_step"] = start.FirstStep,
        ["config"] = start.Manifest.ConfigJson(),
    });

    public void Stepped(TrainingStep step)
    {
        JsonObject line = new()
        {
            ["event"] = "step",
            ["step"] = step.Record.Step,
            ["loss"] = step.Record.Loss.Value,
            ["loss_bits"] = step.Record.Loss.Hex,
            ["grad_norm"] = step.Record.GradNorm.Value,
            ["grad_norm_bits"] = step.Record.GradNorm.Hex,
            ["lr"] = step.Record.Lr.Value,
            ["tokens"] = step.Tokens,
            ["seconds"] = step.Seconds,
        };
        if (step.Record.ValLoss is { } loss)
        {
            line["val_loss"] = loss.Value;
            line["val_loss_bits"] = loss.Hex;
        }

        Display.WriteJson(line);
    }

    public void Evaluating(long step, int done, int total)
    {
    }

    public void Saved(long step, string path, Digest model) =>
        Display.WriteJson(new JsonObject { ["event"] = "checkpoint", ["step"] = step, ["path"] = path, ["digest"] = model.ToString() });

    public void Sampled(long step, string text) =>
        Display.WriteJson(new JsonObject { ["event"] = "sample", ["step"] = step, ["text"] = text });
}

/// <summary>Plain lines, at most one every few seconds beside those of evaluations, for logs and pipes.</summary>
internal sealed class PlainTrainingDisplay(double secondsBetweenLines = 5) : ITrainingObserver
{
    private TrainingProgress? _progress;
    private int _steps;
    private double _lastLine = double.NegativeInfinity;

    public void Started(TrainingStart start)
    {
        _steps = start.Manifest.Config.Steps;
        _progress = new TrainingProgress(_steps, start.FirstStep);
    }

    public void Stepped(TrainingStep step)
    {
        _progress!.Add(step);
        double now = _progress.ElapsedSeconds;
        bool last = step.Record.Step == _steps;
        if (!last && step.Record.ValLoss is null && now - _lastLine < secondsBetweenLines)
        {
            return;
        }

        _lastLine = now;
        string val = step.Record.ValLoss is { } loss ? $"  val {Display.Number(loss.Value, "0.0000")}" : "";
        Console.Out.WriteLine(
            $"step {step.Record.Step}/{_steps}  loss {Display.Number(step.Record.Loss.Value, "0.0000")}{val}  lr {Display.Number(step.Record.Lr.Value, "0.00e+0")}"
            + $"  {Display.Count((long)_progress.TokensPerSecond)} tok/s  ETA {Display.Duration(_progress.RemainingSeconds)}");
    }

    public void Evaluating(long step, int done, int total)
    {
    }

    public void Saved(long step, string path, Digest model) => Console.Out.WriteLine($"checkpoint {path}  {model}");

    public void Sampled(long step, string text) => Console.Out.WriteLine($"--- sample at step {step}\n{text}\n---");
}

/// <summary>A live region: progress bar, figures and the loss curve; samples scroll above it.</summary>
internal sealed class LiveTrainingDisplay(LiveDisplayContext context) : ITrainingObserver
{
    private const double RefreshSeconds = 0.1;
    private readonly List<(long Step, float Value)> _losses = [];
    private readonly List<(long Step, float Value)> _valLosses = [];
    private TrainingProgress? _progress;
    private TrainingStep? _last;
    private int _steps;
    private double _drawn = double.NegativeInfinity;
    private string _note = "";

    public void Started(TrainingStart start)
    {
        _steps = start.Manifest.Config.Steps;
        _progress = new TrainingProgress(_steps, start.FirstStep);
    }

    public void Stepped(TrainingStep step)
    {
        _progress!.Add(step);
        _last = step;
        _note = "";
        _losses.Add((step.Record.Step, (float)step.Record.Loss.Value));
        if (step.Record.ValLoss is { } loss)
        {
            _valLosses.Add((step.Record.Step, (float)loss.Value));
        }

        Draw(force: step.Record.Step == _steps);
    }

    public void Evaluating(long step, int done, int total)
    {
        _note = $"evaluating {done * 100L / Math.Max(1, total)}%";
        Draw(force: false);
    }

    public void Saved(long step, string path, Digest model)
    {
        _note = $"saved {path}";
        Draw(force: false);
    }

    public void Sampled(long step, string text)
    {
        _note = "";
        context.UpdateTarget(new Text(""));
        AnsiConsole.Write(new Panel(new Text(text)) { Header = new PanelHeader($" sample at step {step} "), Border = BoxBorder.Rounded, BorderStyle = new Style(Color.Grey) });
        Draw(force: true);
    }

    private void Draw(bool force)
    {
        double now = _progress!.ElapsedSeconds;
        if (_last is null || (!force && now - _drawn < RefreshSeconds))
        {
            return;
        }

        _drawn = now;
        int width = Math.Clamp(AnsiConsole.Profile.Width - 2, 40, 100);
        context.UpdateTarget(new Rows(Bar(width), Figures(), new Text(LossCurve.Draw(_losses, width, 7), new Style(Color.Green))));
    }

    private Markup Bar(int width)
    {
        long step = _last!.Value.Record.Step;
        int cells = Math.Max(10, width - 24), done = (int)(step * cells / Math.Max(1, _steps));
        return new Markup($"[green]{new string('\u2501', done)}[/][grey]{new string('\u2501', cells - done)}[/] {step}/{_steps}  ETA {Display.Duration(_progress!.RemainingSeconds)}");
    }

    private Markup Figures()
    {
        string val = _valLosses.Count > 0 ? $"   val [bold]{Display.Number(_valLosses[^1].Value, "0.0000")}[/]" : "";
        LedgerRecord last = _last!.Value.Record;
        return new Markup(
            $"loss [bold]{Display.Number(last.Loss.Value, "0.0000")}[/]{val}   grad norm {Display.Number(last.GradNorm.Value, "0.000")}"
            + $"   lr {Display.Number(last.Lr.Value, "0.00e+0")}   {Display.Count((long)_progress!.TokensPerSecond)} tok/s   [grey]{Markup.Escape(_note)}[/]");
    }
}
