using System.Text.Json.Nodes;
using Idem.Formats;
using Idem.Tensors;
using Idem.Tracing;

namespace Idem.Tests.Tracing;

/// <summary>Trace files: one way to write them, and every change of them is found.</summary>
public sealed class TraceFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        string path = Write(new TensorPattern("a.*,c"));
        using TraceFile trace = TraceFile.Open(path);
        Assert.Equal("test", (string?)trace.Header["kind"]);
        Assert.Equal(4, trace.Records.Count);
        Assert.Equal(["forward a.b add output", "forward c multiply output", "forward add output", "forward a.b exp output"], trace.Records.Select(record => record.Place));
        Assert.Equal([4f, 6f], trace.Tensor(0)!.Values<float>().ToArray());
        Assert.Equal([3f, 8f], trace.Tensor(1)!.Values<float>().ToArray());
        Assert.Null(trace.Tensor(2));
        Assert.Equal("00000001:c:multiply:output", trace.Records[1].TensorName(1));
    }

    [Fact]
    public void TheSameResultsAreTheSameBytes()
    {
        byte[] first = File.ReadAllBytes(Write(null)), again = File.ReadAllBytes(Write(null));
        Assert.Equal(first, again);
    }

    [Fact]
    public void EveryChangedByteIsFound()
    {
        byte[] bytes = File.ReadAllBytes(Write(null));
        string changed = _folder["changed"];
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] copy = [.. bytes];
            copy[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(changed, copy);
            Exception error = Assert.ThrowsAny<CorruptFileException>(() => TraceFile.Open(changed));
            Assert.Contains("changed", error.Message, StringComparison.Ordinal);
        }

        for (int length = 0; length < bytes.Length - 1; length += 7)
        {
            File.WriteAllBytes(changed, bytes[..length]);
            Assert.ThrowsAny<CorruptFileException>(() => TraceFile.Open(changed));
        }
    }

    [Fact]
    public void TensorsOfAnotherTraceAreRefused()
    {
        string path = Write(new TensorPattern("a.*"));
        byte[] tensors = File.ReadAllBytes(TraceWriter.TensorsPath(path));
        tensors[^1] ^= 1;
        File.WriteAllBytes(TraceWriter.TensorsPath(path), tensors);
        using TraceFile trace = TraceFile.Open(path);
        Assert.ThrowsAny<CorruptFileException>(() => Enumerable.Range(0, 4).Select(trace.Tensor).ToList());
    }

    [Fact]
    public void StepsAreNumbersAndRanges()
    {
        TraceSteps steps = TraceSteps.Parse("1,10-12");
        Assert.Equal([1, 10, 11, 12], Enumerable.Range(0, 20).Where(step => steps.Contains(step)));
        Assert.True(TraceSteps.Parse("all").Contains(1_000_000));
        foreach (string wrong in new[] { "", "0", "-1", "3-2", "1,,2", "a", "1-2-3", "+1" })
        {
            Assert.Throws<FormatException>(() => TraceSteps.Parse(wrong));
        }
    }

    private string Write(TensorPattern? tensors)
    {
        string path = _folder["trace"];
        using TraceWriter writer = TraceWriter.Create(new TraceRequest(path, TraceSteps.Parse("1-2"), tensors), "test", new JsonObject { ["seed"] = 1 });
        Tensor a = Tensor.From(1f, 2f), b = Tensor.From(3f, 4f);
        writer.Watch(1, () =>
        {
            using (Tape.EnterModule("a.b"))
            {
                _ = a + b;
            }

            using (Tape.EnterModule("c"))
            {
                _ = a * b;
            }

            _ = a + a;
        });
        writer.Watch(2, () =>
        {
            using (Tape.EnterModule("a.b"))
            {
                _ = a.Exp();
            }
        });
        writer.Watch(3, () => _ = a + a);
        writer.Finish();
        return path;
    }
}
