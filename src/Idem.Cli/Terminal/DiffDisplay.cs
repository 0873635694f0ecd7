// What idem diff shows: progress while it works (a line on a terminal, one every five seconds in a file, nothing beside JSON), then what
// differs, where and why.

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Verification.Differences;

namespace Idem.Cli.Terminal;

/// <summary>Progress of one comparison.</summary>
internal sealed class DiffDisplay(bool isJson) : IDisposable
{
    private const double SecondsBetweenLines = 5;
    private const int TensorsShown = 200;
    private const int Width = 100;

    private long _last = Stopwatch.GetTimestamp();
    private bool _hasLine;

    public void Show(DiffProgress progress)
    {
        string text = progress.What + (progress.Total > 0 ? $" {progress.Done}/{progress.Total}" : "");
        if (isJson)
        {
            return;
        }

        if (Display.IsLive)
        {
            Console.Out.Write('\r' + text.PadRight(Width)[..Width]);
            _hasLine = true;
        }
        else if (Stopwatch.GetElapsedTime(_last).TotalSeconds >= SecondsBetweenLines)
        {
            _last = Stopwatch.GetTimestamp();
            Console.Out.WriteLine(text);
        }
    }

    public void Dispose()
    {
        if (_hasLine)
        {
            Console.Out.Write('\r' + new string(' ', Width) + '\r');
        }
    }

    /// <summary>Where they part, for the error stream; empty if no step or operation is known.</summary>
    public static string Summary(DiffReport report) =>
        report.Place is { } place ? $": {place}"
        : report.Stated is { } stated ? $" from step {stated.Step} on: {stated.Quantity}"
        : report.Differences.FirstOrDefault(difference => difference.DecidesBits) is { } difference ? $": {difference.What}" : "";

    public static void Write(string a, string b, DiffReport report)
    {
        Row("a", Display.Escape(a));
        Row("b", Display.Escape(b));
        foreach (Difference difference in report.Differences)
        {
            Row(difference.DecidesBits ? "differs" : "[grey]differs[/]", Display.Escape($"{difference.What}: {difference.A} in a, {difference.B} in b"), "differs".Length);
        }

        if (report.Stated is { } stated)
        {
            Row("first step", Display.Escape($"{stated.Step}: {stated.Quantity} is {stated.Recorded} in a, {stated.Computed} in b"));
        }

        if (report.Kind == "trace and foreign tensors")
        {
            WriteLayers(report);
        }
        else if (report.Place is { } place)
        {
            Row("first place", Display.Escape(place.ToString()));
            WriteElement(place.Tensor);
        }

        foreach (DiffCause cause in report.Causes)
        {
            string steps = cause.Steps.Length == 0 ? "" : $" (steps {cause.Steps} of {cause.Side} re-executed with it have its bits)";
            Row("cause", cause.IsConfirmed
                ? $"[green]confirmed[/]: {Display.Escape($"{cause.Name}: {cause.Detail}{steps}")}"
                : $"[yellow]unconfirmed[/]: {Display.Escape($"{cause.Side}: {cause.Name}: {cause.Detail}")}");
        }

        if (report.Causes.Any(cause => !cause.IsConfirmed))
        {
            foreach (string tried in report.Tried)
            {
                Row("tried", Display.Escape(tried));
            }
        }

        foreach (string note in report.Notes)
        {
            Row("note", Display.Escape(note));
        }

        Row("result", Verdict(report));
    }

    private static string Verdict(DiffReport report) => !report.IsEqual ? "[red]different[/]"
        : report.Steps is { AreUnequal: true } steps ? $"[green]equal as far as both go[/] ({steps.Common} steps), bit for bit"
        : "[green]equal[/], bit for bit";

    public static void WriteJson(string a, string b, DiffReport report) => Display.WriteJson(new JsonObject
    {
        ["format"] = "idem-diff-1",
        ["a"] = a,
        ["b"] = b,
        ["kind"] = report.Kind,
        ["equal"] = report.IsEqual,
        ["steps"] = report.Steps is not { } steps ? null : new JsonObject { ["a"] = steps.A, ["b"] = steps.B, ["compared"] = steps.Common },
        ["differences"] = new JsonArray([.. report.Differences.Select(difference => new JsonObject
        {
            ["what"] = difference.What, ["a"] = difference.A, ["b"] = difference.B, ["decides_bits"] = difference.DecidesBits,
        })]),
        ["first_step"] = report.FirstStep,
        ["stated"] = report.Stated is not { } stated ? null : new JsonObject { ["quantity"] = stated.Quantity, ["a"] = stated.Recorded, ["b"] = stated.Computed },
        ["place"] = report.Place is not { } place ? null : new JsonObject
        {
            ["step"] = place.Step, ["phase"] = place.Phase, ["op"] = place.Operation, ["module"] = place.Module, ["result"] = place.Result, ["tensor"] = Json(place.Tensor),
        },
        ["tensors"] = new JsonArray([.. report.Tensors.Select(Json)]),
        ["causes"] = new JsonArray([.. report.Causes.Select(cause => new JsonObject
        {
            ["name"] = cause.Name, ["detail"] = cause.Detail, ["side"] = cause.Side, ["confirmed"] = cause.IsConfirmed, ["steps"] = cause.Steps,
        })]),
        ["tried"] = new JsonArray([.. report.Tried.Select(tried => JsonValue.Create(tried))]),
        ["notes"] = new JsonArray([.. report.Notes.Select(note => JsonValue.Create(note))]),
    });

    private static JsonObject? Json(TensorDifference? tensor) => tensor is null ? null : new JsonObject
    {
        ["name"] = tensor.Name,
        ["dtype_a"] = tensor.DTypeA.Name(),
        ["dtype_b"] = tensor.DTypeB.Name(),
        ["shape"] = new JsonArray([.. tensor.Shape.Select(size => JsonValue.Create(size))]),
        ["elements"] = tensor.Elements,
        ["different"] = tensor.Different,
        ["ulp_max"] = tensor.UlpsMax,
        ["relative_max"] = double.IsFinite(tensor.RelativeMax) ? tensor.RelativeMax : null,
        ["absolute_max"] = double.IsFinite(tensor.AbsoluteMax) ? tensor.AbsoluteMax : null,
        ["first"] = tensor.First is not { } first ? null : new JsonObject
        {
            ["index"] = new JsonArray([.. first.Index.Select(index => JsonValue.Create(index))]),
            ["a"] = first.A, ["b"] = first.B, ["a_bits"] = first.BitsA, ["b_bits"] = first.BitsB, ["ulp"] = first.Ulps,
        },
    };

    private static void WriteElement(TensorDifference? tensor)
    {
        if (tensor?.First is not { } first)
        {
            return;
        }

        string distance = first.Ulps is { } ulps ? $", {ulps} ULP apart" : "";
        Row("element", Display.Escape($"[{string.Join(", ", first.Index)}] of [{string.Join(", ", tensor.Shape)}]: {first.A} (0x{first.BitsA}) in a, {first.B} (0x{first.BitsB}) in b{distance}"));
        string most = tensor.UlpsMax is { } max ? $"at most {max} ULP, " : "";
        Row("elements", string.Create(CultureInfo.InvariantCulture, $"{tensor.Different} of {tensor.Elements} differ, {most}relative error at most {tensor.RelativeMax:0.##e-0}"));
    }

    private static void WriteLayers(DiffReport report)
    {
        int width = Math.Clamp(report.Tensors.Max(tensor => tensor.Name.Length), 5, 60);
        Display.Line($"{"layer".PadRight(width)}  {"elements",9}  {"equal",6}  {"max ULP",10}  {"max rel.",9}  {"max abs.",9}");
        foreach (TensorDifference tensor in report.Tensors.Take(TensorsShown))
        {
            double equal = tensor.Elements == 0 ? 1 : (tensor.Elements - tensor.Different) / (double)tensor.Elements;
            Display.Line(Display.Escape(string.Create(CultureInfo.InvariantCulture,
                $"{tensor.Name.PadRight(width)}  {tensor.Elements,9}  {Math.Floor(equal * 100),5}%  {tensor.UlpsMax?.ToString(CultureInfo.InvariantCulture) ?? "-",10}  {tensor.RelativeMax,9:0.0e-0}  {tensor.AbsoluteMax,9:0.0e-0}")));
        }

        if (report.Place is { } place)
        {
            Row("first", Display.Escape($"{place.Tensor!.Name} ({place})"));
            WriteElement(place.Tensor);
        }
    }

    private static void Row(string name, string markup, int length = 0) => Display.Line(name + new string(' ', Math.Max(1, 13 - (length > 0 ? length : name.Length))) + markup);
}
