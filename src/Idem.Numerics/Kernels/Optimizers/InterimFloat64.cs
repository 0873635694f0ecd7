// STANDS IN for Functions.Float64 until it arrives: delete this file then. Close, but not portable.

namespace Idem.Numerics.Kernels;

#pragma warning disable RS0030 // The reason for this file to go.
internal static class Float64
{
    public static double Pow(double x, double y) => Math.Pow(x, y);

    public static double Cos(double x) => Math.Cos(x);
}
