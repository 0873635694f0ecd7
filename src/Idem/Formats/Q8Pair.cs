// A weight of the q8 profile in a file: the codes under the weight's name, I8 in its shape, and beside them its scales, F16. The scales'
// shape says along which dimension the blocks lie: the weight's, with that dimension counted in blocks.

using Idem.Numerics.Kernels;

namespace Idem.Formats;

/// <summary>Codes and scales of one matrix.</summary>
internal sealed class Q8Pair
{
    /// <summary>What the name of the scales has behind that of the weight.</summary>
    public const string ScaleSuffix = "_scale";

    private Q8Pair(NamedTensor codes, NamedTensor scales, bool alongRows)
    {
        Codes = codes;
        Scales = scales;
        AlongRows = alongRows;
    }

    public NamedTensor Codes { get; }

    public NamedTensor Scales { get; }

    /// <summary>Blocks lie along the rows; scales are [rows, blocks]. Else along the columns, and they are [blocks, columns].</summary>
    public bool AlongRows { get; }

    /// <summary>The pair of two tensors; null if they are none.</summary>
    public static Q8Pair? Of(NamedTensor codes, NamedTensor scales)
    {
        if (codes.DType != DType.I8 || scales.DType != DType.F16 || codes.Shape.Length != 2 || scales.Shape.Length != 2)
        {
            return null;
        }

        (long rows, long columns) = (codes.Shape[0], codes.Shape[1]);
        return scales.Shape[0] == rows && scales.Shape[1] == BlocksOf(columns) ? new Q8Pair(codes, scales, true)
            : scales.Shape[0] == BlocksOf(rows) && scales.Shape[1] == columns ? new Q8Pair(codes, scales, false)
            : null;
    }

    /// <summary>The blocks of so many elements.</summary>
    public static long BlocksOf(long elements) => (elements / Q8Storage.BlockLength) + (elements % Q8Storage.BlockLength == 0 ? 0 : 1);
}
