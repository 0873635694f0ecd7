using Idem.Cli.Report;

namespace Idem.Tests.Cli;

/// <summary>Whatever the values, an axis holds them, and has a few round numbers in their order.</summary>
public class AxisTests
{
    public static TheoryData<double, double> Ranges => new()
    {
        { 0, 0 }, { 1, 1 }, { 5, 5 }, { 2.5, 2.5 }, { -3, -3 }, { 0, 1 }, { 0.6, 4.3 }, { -1, 1 }, { 1e-12, 3e-12 }, { 0, 1e12 }, { 4.0001, 4.0002 }, { 1e-9, 1e6 }, { 1, 10 }, { 0.999, 1.001 },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void ItHoldsItsValues(double low, double high)
    {
        List<Axis> axes = [Axis.Linear(low, high, 4)];
        if (low > 0)
        {
            axes.Add(Axis.Logarithmic(low, high));
        }

        foreach (Axis axis in axes)
        {
            Assert.InRange(axis.Place(low), -1e-6, 1 + 1e-6);
            Assert.InRange(axis.Place(high), axis.Place(low), 1 + 1e-6);
            Assert.InRange(axis.Ticks.Count, 2, 13);
            Assert.Equal(axis.Ticks.Order(), axis.Ticks);
            Assert.All(axis.Ticks, tick => Assert.InRange(axis.Place(tick), -1e-6, 1 + 1e-6));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(600)]
    [InlineData(1_000_000)]
    public void StepsBeginAtZeroAndEndAtTheLast(long last)
    {
        Axis axis = Axis.Steps(last, 6);
        Assert.Equal((0, 1), (axis.Place(0), axis.Place(last)));
        Assert.InRange(axis.Ticks.Count, 2, 8);
        Assert.All(axis.Ticks, tick => Assert.True(tick == Math.Floor(tick) && tick <= last));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.0001, "1e-4")]
    [InlineData(2.5, "2.5")]
    [InlineData(1500, "1,500")]
    [InlineData(150000, "150k")]
    [InlineData(2e6, "2e6")]
    public void NumbersAreShort(double value, string text) => Assert.Equal(text, Axis.Format(value));
}
