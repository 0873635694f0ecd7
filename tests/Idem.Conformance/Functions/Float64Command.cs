// float64 [samples]: the largest error of each float64 function against MPFR, over random arguments of several ranges.

using System.Globalization;
using Idem.Numerics.Functions;

namespace Idem.Conformance.Functions;

internal static class Float64Command
{
    public const string Usage = "float64 [samples]";

    /// <summary>What docs/arithmetic.md promises, in units of the last place.</summary>
    private const double Promised = 0.85;

    private static readonly (string Name, Func<double, double> Function, double Low, double High)[] Ranges =
    [
        ("exp", Float64.Exp, -708, 709.78), ("exp", Float64.Exp, -1, 1), ("exp", Float64.Exp, -1e-6, 1e-6),
        ("log", Float64.Log, 0, 10), ("log", Float64.Log, 0.7, 1.42), ("log", Float64.Log, 0, 1e300), ("log", Float64.Log, 0, 1e-310),
        ("sin", Float64.Sin, -1, 1), ("sin", Float64.Sin, -100, 100), ("sin", Float64.Sin, -1e300, 1e300),
        ("cos", Float64.Cos, -1, 1), ("cos", Float64.Cos, -100, 100), ("cos", Float64.Cos, -1e300, 1e300),
        ("tanh", Float64.Tanh, -22, 22), ("tanh", Float64.Tanh, -1, 1), ("tanh", Float64.Tanh, -1e-5, 1e-5),
    ];

    public static int Run(ReadOnlySpan<string> arguments)
    {
        int samples = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 200_000;
        double worst = 0;
        foreach ((string name, Func<double, double> function, double low, double high) in Ranges)
        {
            using Mpfr mpfr = new(name);
            Random random = new(1);
            (double Error, double X) largest = (0, 0);
            for (int i = 0; i < samples; i++)
            {
                double x = low + ((high - low) * random.NextDouble());
                double error = mpfr.ErrorInUlps(x, function(x));
                largest = error > largest.Error ? (error, x) : largest;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} on [{low}, {high}]: {largest.Error:F4} ulp at {largest.X:R}"));
            worst = Math.Max(worst, largest.Error);
        }

        worst = Math.Max(worst, Power(samples));
        Console.WriteLine(worst < Promised ? "all below the promised error" : "FAILED");
        return worst < Promised ? 0 : 3;
    }

    private static double Power(int samples)
    {
        using Mpfr mpfr = new("pow");
        Random random = new(1);
        (double Error, double X, double Y) largest = (0, 0, 0);
        for (int i = 0; i < samples; i++)
        {
            double x = Math.ScaleB(1 + random.NextDouble(), random.Next(-30, 30));
            double y = 700 * ((2 * random.NextDouble()) - 1) / Float64.Log(x);
            double error = mpfr.PowerErrorInUlps(x, y, Float64.Pow(x, y));
            largest = error > largest.Error ? (error, x, y) : largest;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pow: {largest.Error:F4} ulp at {largest.X:R}, {largest.Y:R}"));
        return largest.Error;
    }
}
