// Which columns of a coded panel something is about: all of them, or one of the halves that the panels of other products are as wide as.

namespace Idem.Numerics.Kernels;

/// <summary>Columns of a coded panel, known to the JIT.</summary>
internal interface ICodedColumns
{
    /// <summary>Whether vectors 0 and 1 are of them.</summary>
    static abstract bool HasLower { get; }

    /// <summary>Whether vectors 2 and 3 are.</summary>
    static abstract bool HasUpper { get; }

    /// <summary>The first.</summary>
    static virtual int First => 0;

    /// <summary>How many.</summary>
    static virtual int Count => CodedPanel.Columns / 2;
}

/// <summary>All 64.</summary>
internal readonly struct AllColumns : ICodedColumns
{
    public static bool HasLower => true;

    public static bool HasUpper => true;

    public static int Count => CodedPanel.Columns;
}

/// <summary>0 to 31.</summary>
internal readonly struct LowerColumns : ICodedColumns
{
    public static bool HasLower => true;

    public static bool HasUpper => false;
}

/// <summary>32 to 63.</summary>
internal readonly struct UpperColumns : ICodedColumns
{
    public static bool HasLower => false;

    public static bool HasUpper => true;

    public static int First => CodedPanel.Columns / 2;
}
