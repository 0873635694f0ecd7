// The correctly rounded float32 value of a function from programs that are not ours. The C library's double function errs by
// a few units in the last place: where its value widened by 16 units rounds to one float32, that is the answer. Else MPFR.

using System.Runtime.InteropServices;

namespace Idem.Conformance.Functions;

internal sealed unsafe class Oracle : IDisposable
{
    private const int FilterUlps = 16;
    private readonly delegate* unmanaged[SuppressGCTransition]<double, double> _libm;
    private readonly Kind _kind;
    private readonly Mpfr _mpfr;

    public Oracle(string name)
    {
        _kind = name switch { "sigmoid" => Kind.Sigmoid, "rsqrt" => Kind.Rsqrt, _ => Kind.Library };
        nint library = NativeLibrary.Load("libm.so.6");
        string export = name is "sigmoid" or "rsqrt" ? "exp" : name;
        _libm = (delegate* unmanaged[SuppressGCTransition]<double, double>)NativeLibrary.GetExport(library, export);
        _mpfr = new Mpfr(name);
    }

    private enum Kind
    {
        Library,
        Sigmoid,
        Rsqrt,
    }

    /// <summary>The correctly rounded value; <paramref name="isHard"/> where the filter could not decide.</summary>
    public float Value(float x, out bool isHard)
    {
        isHard = false;
        double y = _kind switch
        {
            Kind.Sigmoid => 1 / (1 + _libm(-(double)x)),
            Kind.Rsqrt => 1 / Math.Sqrt(x),
            _ => _libm(x),
        };
        double magnitude = Math.Abs(y);
        if (!(magnitude >= 1e-46 && magnitude < 1e39))
        {
            return (float)y; // NaN, or so far out that the error cannot matter: zero or infinity of y's sign
        }

        long bits = BitConverter.DoubleToInt64Bits(y);
        float below = (float)BitConverter.Int64BitsToDouble(bits - FilterUlps);
        float above = (float)BitConverter.Int64BitsToDouble(bits + FilterUlps);
        if (BitConverter.SingleToInt32Bits(below) == BitConverter.SingleToInt32Bits(above))
        {
            return below;
        }

        isHard = true;
        return _mpfr.Single(x);
    }

    public void Dispose() => _mpfr.Dispose();
}
