using Idem.Numerics.Kernels;
using Idem.Optimizers;

namespace Idem.Tests.Optimizers;

/// <summary>A step with a gradient scale has the bits of scaling the gradients first, whether the optimizer fuses the product or not.</summary>
public class GradientScaleTests
{
    [Theory]
    [InlineData("adamw")]
    [InlineData("adam")]
    [InlineData("sgd")]
    [InlineData("nadam")]
    public void EqualsScalingBefore(string name)
    {
        float[] values = [.. Enumerable.Range(0, 70_003).Select(i => ((i * 37 % 101) - 50) / 64f)], gradients = [.. values.Select((x, i) => (x * x) - (i % 7))];
        foreach (Compute compute in new[] { 1, 3 }.SelectMany(threads => SimdPaths.All.Select(path => new Compute(path, threads))))
        {
            foreach (double scale in new[] { 1, 0.37, 1e-30 })
            {
                float[] fused = [.. values], before = [.. values], given = new float[values.Length], scaled = new float[values.Length];
                Optimizer first = Create(name, new MemoryParameter("p", fused, given), compute);
                Optimizer second = Create(name, new MemoryParameter("p", before, scaled), compute);
                for (int step = 0; step < 3; step++)
                {
                    gradients.CopyTo(given, 0);
                    gradients.CopyTo(scaled, 0);
                    GradientClip.Scale(compute, scaled, scale);
                    first.Step(scale);
                    second.Step();
                    Assert.Equal(before.Select(BitConverter.SingleToInt32Bits), fused.Select(BitConverter.SingleToInt32Bits));
                }
            }
        }
    }

    private static Optimizer Create(string name, IParameter parameter, Compute compute) => name switch
    {
        "adamw" => new AdamW([parameter], weightDecay: 0.1, compute: compute),
        "adam" => new Adam([parameter], weightDecay: 0.1, amsgrad: true, compute: compute),
        "sgd" => new Sgd([parameter], lr: 0.1, momentum: 0.9, compute: compute),
        _ => new NAdam([parameter], compute: compute),
    };
}
