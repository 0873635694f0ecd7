// One kernel body, four widths. A kernel is written once as a generic method over S (the operations), F (a vector of float32)
// and D (a vector of float64 with half as many lanes; at width one, one lane each), and RyuJIT compiles one body per width.
// What this deliberately is not: a place for horizontal sums. Lanes are independent outputs, or the 32 lanes of Reduction.
// What may never change: each lane of each operation is the IEEE-754 operation of that name, rounded to nearest even.

namespace Idem.Numerics;

/// <summary>The vector operations that kernels are written in; implemented by <see cref="SimdScalar"/> and the vector widths.</summary>
internal unsafe interface ISimd<F, D>
    where F : struct
    where D : struct
{
    /// <summary>Number of float32 lanes: 1, 4, 8 or 16.</summary>
    static abstract int Lanes { get; }

    // ---- float32: memory and constants
    static abstract F Zero { get; }

    static abstract F Create(float value);

    static abstract F Load(float* source);

    static abstract void Store(float* destination, F value);

    // ---- float32: IEEE-754 arithmetic, lane by lane
    static abstract F Add(F left, F right);

    static abstract F Subtract(F left, F right);

    static abstract F Multiply(F left, F right);

    static abstract F Divide(F left, F right);

    /// <summary>left*right+addend, one rounding.</summary>
    static abstract F Fma(F left, F right, F addend);

    static abstract F Sqrt(F value);

    /// <summary>NaN if either is NaN; +0 above -0.</summary>
    static abstract F Max(F left, F right);

    /// <summary>NaN if either is NaN; -0 below +0.</summary>
    static abstract F Min(F left, F right);

    // ---- float32: bits and masks (a mask lane is all ones or all zeros)
    static abstract F And(F left, F right);

    static abstract F Or(F left, F right);

    static abstract F Xor(F left, F right);

    /// <summary>left and not right.</summary>
    static abstract F AndNot(F left, F right);

    static abstract F LessThan(F left, F right);

    static abstract F Equal(F left, F right);

    /// <summary>Each lane of <paramref name="whenTrue"/> where the mask is set, else of <paramref name="whenFalse"/>.</summary>
    static abstract F Select(F mask, F whenTrue, F whenFalse);

    static abstract bool AnyTrue(F mask);

    /// <summary>The mask of lanes 0..count-1.</summary>
    static abstract F FirstLanes(int count);

    /// <summary>Widens each lane to float64, applies the function, rounds back to float32 once.</summary>
    static abstract F Apply<TFunction>(F value)
        where TFunction : struct, IFloat64Function;

    // ---- float64
    /// <summary>Number of float64 lanes: 1, 2, 4 or 8.</summary>
    static abstract int LanesD { get; }

    /// <summary>Loads as many float32 as there are float64 lanes, and widens them.</summary>
    static abstract D LoadWidened(float* source);

    static abstract D CreateD(double value);

    static abstract D CreateD(long bits);

    static abstract D LoadD(double* source);

    static abstract void StoreD(double* destination, D value);

    static abstract D Add(D left, D right);

    static abstract D Subtract(D left, D right);

    static abstract D Multiply(D left, D right);

    static abstract D Divide(D left, D right);

    static abstract D Fma(D left, D right, D addend);

    static abstract D Sqrt(D value);

    // ---- float64: bits and masks
    static abstract D And(D left, D right);

    static abstract D Or(D left, D right);

    static abstract D Xor(D left, D right);

    static abstract D AndNot(D left, D right);

    static abstract D LessThan(D left, D right);

    static abstract D Equal(D left, D right);

    static abstract D Select(D mask, D whenTrue, D whenFalse);

    static abstract bool AnyTrue(D mask);

    /// <summary>Adds the lanes' 64-bit encodings as integers.</summary>
    static abstract D AddBits(D left, D right);

    static abstract D SubtractBits(D left, D right);

    /// <summary>Shifts the lanes' 64-bit encodings.</summary>
    static abstract D ShiftLeftBits(D value, int count);

    static abstract D ShiftRightBits(D value, int count);

    static abstract D ShiftRightArithmeticBits(D value, int count);
}

/// <summary>A function of float64 lanes, the inner part of a float32 function (see <see cref="ISimd{F, D}.Apply"/>).</summary>
internal interface IFloat64Function
{
    static abstract D Invoke<S, F, D>(D x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}

/// <summary>A function of float32 lanes with one definition of its result, written once for all widths.</summary>
internal interface IFloat32Function
{
    static abstract F Invoke<S, F, D>(F x)
        where S : struct, ISimd<F, D>
        where F : struct
        where D : struct;
}
