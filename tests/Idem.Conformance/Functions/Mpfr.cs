// Values of the functions from GNU MPFR at 320 bits, rounded to float32 once, gradual underflow included.

using System.Runtime.InteropServices;

namespace Idem.Conformance.Functions;

/// <summary>One thread's MPFR variables.</summary>
internal sealed unsafe class Mpfr : IDisposable
{
    private const int Precision = 320;
    private const int Nearest = 0;
    private const long ExponentOfZero = -long.MaxValue;
    private static readonly nint Library = Load();
    private static readonly delegate* unmanaged<Number*, long, void> Init = (delegate* unmanaged<Number*, long, void>)Export("mpfr_init2");
    private static readonly delegate* unmanaged<Number*, void> Clear = (delegate* unmanaged<Number*, void>)Export("mpfr_clear");
    private static readonly delegate* unmanaged<Number*, double, int, int> SetDouble = (delegate* unmanaged<Number*, double, int, int>)Export("mpfr_set_d");
    private static readonly delegate* unmanaged<Number*, int, double> GetDouble = (delegate* unmanaged<Number*, int, double>)Export("mpfr_get_d");
    private static readonly delegate* unmanaged<Number*, long, int, int> RoundTo = (delegate* unmanaged<Number*, long, int, int>)Export("mpfr_prec_round");
    private static readonly delegate* unmanaged<Number*, Number*, ulong, int, int> AddInteger = (delegate* unmanaged<Number*, Number*, ulong, int, int>)Export("mpfr_add_ui");
    private static readonly delegate* unmanaged<Number*, ulong, Number*, int, int> DivideInteger = (delegate* unmanaged<Number*, ulong, Number*, int, int>)Export("mpfr_ui_div");
    private static readonly delegate* unmanaged<Number*, Number*, Number*, int, int> SubtractNumbers = (delegate* unmanaged<Number*, Number*, Number*, int, int>)Export("mpfr_sub");
    private static readonly delegate* unmanaged<Number*, Number*, Number*, int, int> PowerOf = (delegate* unmanaged<Number*, Number*, Number*, int, int>)Export("mpfr_pow");

    private readonly Number* _x = (Number*)NativeMemory.Alloc((nuint)sizeof(Number));
    private readonly Number* _y = (Number*)NativeMemory.Alloc((nuint)sizeof(Number));
    private readonly delegate* unmanaged<Number*, Number*, int, int> _function;
    private readonly bool _isSigmoid;

    /// <param name="name">exp, expm1, log, log1p, log2, tanh, sigmoid, erf, sin, cos, rsqrt or pow.</param>
    public Mpfr(string name)
    {
        _isSigmoid = name == "sigmoid";
        if (name != "pow")
        {
            string export = name switch { "sigmoid" => "exp", "rsqrt" => "rec_sqrt", _ => name };
            _function = (delegate* unmanaged<Number*, Number*, int, int>)Export($"mpfr_{export}");
        }

        Init(_x, Precision);
        Init(_y, Precision);
    }

    /// <summary>The float32 nearest to the function's value.</summary>
    public float Single(float x)
    {
        Evaluate(x);
        if (_y->Exponent <= ExponentOfZero + 2)
        {
            return (float)GetDouble(_y, Nearest); // zero, infinity or NaN
        }

        // The value is in [2^(e-1), 2^e): float32 keeps e+149 bits of it when subnormal.
        long bits = Math.Min(24, _y->Exponent + 149);
        if (bits < 1)
        {
            double tiny = GetDouble(_y, Nearest);
            bool rounds = bits == 0 && Math.Abs(tiny) > Math.ScaleB(1, -150);
            return (float)Math.CopySign(rounds ? float.Epsilon : 0, tiny);
        }

        RoundTo(_y, bits, Nearest);
        float result = (float)GetDouble(_y, Nearest);
        RoundTo(_y, Precision, Nearest);
        return result;
    }

    /// <summary>|y - f(x)| in units of the last place of f(x) rounded to float64.</summary>
    public double ErrorInUlps(double x, double y)
    {
        Evaluate(x);
        return DistanceInUlps(y);
    }

    /// <summary>|y - x^exponent| in units of the last place.</summary>
    public double PowerErrorInUlps(double x, double exponent, double y)
    {
        SetDouble(_x, x, Nearest);
        SetDouble(_y, exponent, Nearest);
        PowerOf(_y, _x, _y, Nearest);
        return DistanceInUlps(y);
    }

    public void Dispose()
    {
        Clear(_x);
        Clear(_y);
        NativeMemory.Free(_x);
        NativeMemory.Free(_y);
    }

    private double DistanceInUlps(double y)
    {
        double nearest = GetDouble(_y, Nearest);
        if (!double.IsFinite(nearest) || nearest == 0 || !double.IsFinite(y))
        {
            return y.Equals(nearest) ? 0 : double.PositiveInfinity;
        }

        SetDouble(_x, y, Nearest);
        SubtractNumbers(_y, _y, _x, Nearest);
        double magnitude = Math.Abs(nearest);
        return Math.Abs(GetDouble(_y, Nearest)) / (Math.BitIncrement(magnitude) - magnitude);
    }

    private void Evaluate(double x)
    {
        SetDouble(_x, _isSigmoid ? -x : x, Nearest);
        _function(_y, _x, Nearest);
        if (_isSigmoid)
        {
            AddInteger(_y, _y, 1, Nearest);
            DivideInteger(_y, 1, _y, Nearest);
        }
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Library, name);

    private static nint Load() =>
        NativeLibrary.TryLoad("libmpfr.so.6", out nint library)
            ? library
            : throw new DllNotFoundException("libmpfr.so.6 is not installed: on Debian, apt-get install libmpfr6; or run with --digest-only.");

    [StructLayout(LayoutKind.Sequential)]
    private struct Number
    {
        public long Bits;
        public int Sign;
        public long Exponent;
        public nint Limbs;
    }
}
