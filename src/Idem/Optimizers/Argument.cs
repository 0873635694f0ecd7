// Range checks of optimizer arguments: those of PyTorch, with the name, the value and the range in the message.

namespace Idem.Optimizers;

internal static class Argument
{
    public static double AtLeastZero(string name, double value) =>
        double.IsFinite(value) && value >= 0 ? value : throw Outside(name, value, "use a finite number of at least 0");

    public static double Fraction(string name, double value) =>
        value is >= 0 and < 1 ? value : throw Outside(name, value, "use a number from 0 to below 1");

    private static ArgumentOutOfRangeException Outside(string name, double value, string remedy) =>
        new(name, value, $"{name} is out of range: {remedy}");
}
