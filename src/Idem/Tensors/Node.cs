// One recorded operation: what its backward needs. Nodes form the graph by their inputs, so a graph that nobody back-propagates is
// collected like any object; nodes of finished graphs are reused. One class for all operations keeps them cheap: each uses the
// fields it needs, named in Gradients.cs where they are read.

using System.Buffers;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

internal sealed class Node
{
    /// <summary>Position in the order of recording; larger than that of every input's node.</summary>
    public long Sequence { get; set; }

    public Op Op { get; set; }

    public Tensor Output { get; set; } = null!;

    public Tensor? A { get; set; }

    public Tensor? B { get; set; }

    public Tensor? C { get; set; }

    /// <summary>The path of the module that ran it, where somebody watches.</summary>
    public string? Module { get; set; }

    /// <summary>What forward saved for backward (row statistics, masks).</summary>
    public Storage? Saved { get; set; }

    public Storage? SavedToo { get; set; }

    /// <summary>Integers rented from the shared array pool.</summary>
    public int[]? Ids { get; set; }

    public UnaryOp Unary { get; set; }

    public bool TransposeA { get; set; }

    public bool TransposeB { get; set; }

    public float Scalar { get; set; }

    public int First { get; set; }

    public int Second { get; set; }

    public AttentionShape Attention { get; set; }

    public HeadLayout Heads { get; set; }

    public RotaryTable? Rotary { get; set; }

    public DropoutSite Dropout { get; set; }

    /// <summary>The sum of the output's gradient contributions so far, during Backward.</summary>
    public Storage? Sum;

    /// <summary>Backward has run through it; its results await recycling.</summary>
    public bool IsFinished { get; set; }

    /// <summary>The number of the Backward that last reached it.</summary>
    public long Visit { get; set; }

    /// <summary>Returns what it saved and forgets everything, ready for reuse.</summary>
    public void Recycle()
    {
        Saved?.Release();
        SavedToo?.Release();
        if (Ids is not null)
        {
            ArrayPool<int>.Shared.Return(Ids);
        }

        Output = null!;
        A = B = C = null;
        Saved = SavedToo = null;
        Rotary = null;
        Module = null;
        Ids = null;
        Sum = null;
        IsFinished = false;
    }
}
