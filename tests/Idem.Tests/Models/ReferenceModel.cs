using System.Text.Json;
using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Tests.Support;

namespace Idem.Tests.Models;

/// <summary>A folder of reference/models: the model, and what Transformers computed with it.</summary>
internal sealed class ReferenceModel
{
    private readonly string _expectedPath;

    private ReferenceModel(string path, string expectedPath, LanguageModel model)
    {
        Path = path;
        _expectedPath = expectedPath;
        Model = model;
        Expected = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(expectedPath, "expected.json"))).RootElement;
    }

    public string Path { get; }

    public LanguageModel Model { get; }

    public JsonElement Expected { get; }

    /// <param name="name">The folder.</param>
    /// <param name="expectedName">Where the expected values are, if elsewhere.</param>
    public static ReferenceModel Open(string name, string? expectedName = null)
    {
        string path = SharedData.Require($"reference/models/{name}");
        return new ReferenceModel(path, SharedData.Require($"reference/models/{expectedName ?? name}"), Load(path));
    }

    public static LanguageModel Load(string path)
    {
        using SafeTensorsFolder folder = SafeTensorsFolder.Open(path);
        StoredState state = StoredState.Of(folder);
        LanguageModel model = ModelTypes.Create(File.ReadAllBytes(System.IO.Path.Combine(path, "config.json")), state);
        model.LoadStateDict(state);
        model.Eval();
        return model;
    }

    public static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>Upstream's values in double, all or the last rows of them; its float32 where there is no double.</summary>
    public double[] Truth(string what, string label)
    {
        using SafeTensorsFile tensors = SafeTensorsFile.Open(System.IO.Path.Combine(_expectedPath, "expected.safetensors"));
        return tensors.TryGet($"{what}_f64.{label}", out NamedTensor? truth) || tensors.TryGet($"{what}_f64.{label}.last16", out truth)
            ? truth.Values<double>().ToArray()
            : Array.ConvertAll(tensors[$"{what}_f32.{label}"].Values<float>().ToArray(), value => (double)value);
    }

    /// <summary>The last values are near the truth.</summary>
    public static void AssertNear(double[] truth, ReadOnlySpan<float> values, double tolerance, string where)
    {
        values = values[^truth.Length..];
        for (int i = 0; i < truth.Length; i++)
        {
            Assert.True(Math.Abs(truth[i] - values[i]) <= tolerance, $"{where}[{i}]: {values[i]} for {truth[i]}");
        }
    }

    /// <summary>Gradient norms within 1e-5 relative, first values near; what is zero but for rounding, nearly zero.</summary>
    public void AssertGradients(JsonElement parameters)
    {
        IReadOnlyList<NamedParameter> named = Model.NamedParameters();
        var names = parameters.EnumerateObject().Select(p => p.Name).ToHashSet();
        foreach ((string name, Parameter parameter) in named.Where(p => names.Remove(p.Name)))
        {
            JsonElement truth = parameters.GetProperty(name);
            float[] gradient = parameter.Grad!.ToArray();
            double norm = Math.Sqrt(gradient.Sum(g => (double)g * g)), expected = truth.GetProperty("l2_f64").GetDouble();
            Assert.True(Math.Abs(norm - expected) <= Math.Max(1e-5 * expected, 3e-7), $"{name}: norm {norm} for {expected}");
            int i = 0;
            foreach (JsonElement first in truth.GetProperty("first8_f64").EnumerateArray())
            {
                Assert.True(Math.Abs(first.GetDouble() - gradient[i]) <= 2e-6, $"{name}[{i}]: {gradient[i]} for {first.GetDouble()}");
                i++;
            }
        }

        Assert.Empty(names);
    }
}
