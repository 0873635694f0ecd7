// The numbers that GGUF files use for types (ggml-org/ggml, docs/gguf.md). They may never change.

namespace Idem.Formats;

/// <summary>Types of metadata values.</summary>
public enum GgufValueType
{
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 0,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 1,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 2,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 3,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 4,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 5,

    /// <summary>IEEE-754 binary32.</summary>
    Float32 = 6,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 7,

    /// <summary>UTF-8 behind its 64-bit length.</summary>
    Text = 8,

    /// <summary>Values of one type behind that type and their 64-bit count.</summary>
    Array = 9,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 10,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 11,

    /// <summary>IEEE-754 binary64.</summary>
    Float64 = 12,
}

/// <summary>The element types of tensors that are read.</summary>
public enum GgufTensorType
{
    /// <summary>IEEE-754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE-754 binary16.</summary>
    F16 = 1,

    /// <summary>Q8_0: for each 32 elements of a row a binary16 scale, then as many signed bytes.</summary>
    Q8 = 8,

    /// <summary>bfloat16.</summary>
    BF16 = 30,
}

/// <summary>Sizes and names of the types.</summary>
internal static class GgufTypes
{
    /// <summary>Elements of a block of Q8_0.</summary>
    public const int Q8Elements = 32;

    /// <summary>Bytes of a block of Q8_0: the scale, then the codes.</summary>
    public const int Q8Bytes = 2 + Q8Elements;

    private static readonly Dictionary<uint, string> Refused = new()
    {
        [2] = "Q4_0", [3] = "Q4_1", [6] = "Q5_0", [7] = "Q5_1", [9] = "Q8_1", [10] = "Q2_K", [11] = "Q3_K", [12] = "Q4_K", [13] = "Q5_K", [14] = "Q6_K", [15] = "Q8_K",
        [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S", [22] = "IQ2_S", [23] = "IQ4_XS",
        [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64", [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    /// <summary>The name of a type that is not read.</summary>
    public static string NameOf(uint type) => Refused.GetValueOrDefault(type, $"of unknown number {type}");

    /// <summary>Bytes of a value; 0 for texts and arrays, which have no fixed size; -1 for what is no type.</summary>
    public static int Width(uint type) => (GgufValueType)type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        GgufValueType.Text or GgufValueType.Array => 0,
        _ => -1,
    };

    /// <summary>Elements and bytes of a tensor's block.</summary>
    public static (int Elements, int Bytes) Block(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => (1, 4),
        GgufTensorType.Q8 => (Q8Elements, Q8Bytes),
        _ => (1, 2),
    };

    /// <summary>The element type as safetensors has it; of Q8_0 that of the codes.</summary>
    public static DType ToDType(this GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => DType.F32,
        GgufTensorType.F16 => DType.F16,
        GgufTensorType.BF16 => DType.BF16,
        _ => DType.I8,
    };
}
