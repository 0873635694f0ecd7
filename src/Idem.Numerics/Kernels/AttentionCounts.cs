namespace Idem.Numerics.Kernels;

// Counts of rows, or of vectors, of attention's register tiles that are constants to the JIT.
internal readonly struct Count1 : IRowCount
{
    public static int Count => 1;
}

internal readonly struct Count2 : IRowCount
{
    public static int Count => 2;
}

internal readonly struct Count4 : IRowCount
{
    public static int Count => 4;
}

internal readonly struct Count6 : IRowCount
{
    public static int Count => 6;
}

internal readonly struct Count8 : IRowCount
{
    public static int Count => 8;
}
