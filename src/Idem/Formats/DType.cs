// Element types of stored tensors, with the names and the order of the safetensors format.
// The ORDER of the members may never change: files are laid out by it (see SafeTensorsWriter).

namespace Idem.Formats;

/// <summary>How one element of a stored tensor is encoded (little-endian).</summary>
public enum DType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>IEEE-754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>IEEE-754 binary32.</summary>
    F32,

    /// <summary>IEEE-754 binary64.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
}

/// <summary>Widths and names of <see cref="DType"/>.</summary>
public static class DTypes
{
    private static readonly string[] Names =
        ["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64"];

    /// <summary>Every name, for messages.</summary>
    public static string AllNames { get; } = string.Join(' ', Names);

    /// <summary>Bytes of one element.</summary>
    public static int Width(this DType dtype) => dtype switch
    {
        DType.Bool or DType.U8 or DType.I8 => 1,
        DType.I16 or DType.U16 or DType.F16 or DType.BF16 => 2,
        DType.I32 or DType.U32 or DType.F32 => 4,
        DType.F64 or DType.I64 or DType.U64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a DType"),
    };

    /// <summary>The name in a safetensors header, e.g. <c>BF16</c>.</summary>
    public static string Name(this DType dtype) => Names[(int)dtype];

    /// <summary>Reads a name; false for an unknown one.</summary>
    public static bool TryParse(string name, out DType dtype)
    {
        int index = Array.IndexOf(Names, name);
        dtype = (DType)Math.Max(index, 0);
        return index >= 0;
    }
}
