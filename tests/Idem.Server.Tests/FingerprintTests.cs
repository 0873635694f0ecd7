using Idem.Inference;
using Idem.Nn;
using Idem.Numerics.Kernels;
using Idem.Server.Tests.Support;

namespace Idem.Server.Tests;

/// <summary>What decides an answer beside its request is in <c>system_fingerprint</c>, and nothing else is.</summary>
public sealed class FingerprintTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatDecidesAnAnswerIsInIt()
    {
        string path = SmallModel.Write(_folder, SmallModel.Create()), template = Path.Combine(path, "chat_template.jinja");
        List<string> prints = [Print(path), Print(path, PackedDtype.BFloat16), Print(path, PackedDtype.Q8), Print(path, cache: CacheDtype.BFloat16)];
        File.WriteAllText(template, SmallModel.Template + " ");
        prints.Add(Print(path));
        File.Delete(template);
        prints.Add(Print(path));
        using TemporaryFolder weights = new(), configuration = new();
        prints.Add(Print(SmallModel.Write(weights, SmallModel.Create(seed: 2))));
        prints.Add(Print(SmallModel.Write(configuration, SmallModel.Create(ends: true))));
        Assert.Equal(prints.Count, prints.Distinct().Count());

        File.WriteAllText(template, SmallModel.Template);
        Assert.Equal(prints[0], Print(path, name: "another", length: 100));
    }

    private static string Print(string path, PackedDtype dtype = PackedDtype.Float32, CacheDtype cache = CacheDtype.Float32, string? name = null, int? length = null) =>
        new ServedModel(ModelFolder.Load(path, dtype), new ServedModelSettings { Name = name, MaxLength = length, CacheDtype = cache }).Fingerprint;
}
