// Text of an error message that is put together only if there is an error: kernels check thousands of shapes a step, and a string
// for each would be most of what a step allocates.

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Idem.Numerics.Kernels;

/// <summary>An interpolated string that keeps its parts until <see cref="ToString"/>.</summary>
[InterpolatedStringHandler]
internal ref struct LazyText
{
    private const int Capacity = 24;
    private Parts _parts;
    private int _count;

    public LazyText(int literalLength, int formattedCount)
    {
        _ = literalLength;
        _ = formattedCount;
    }

    public void AppendLiteral(string text) => Add(new Part { Text = text });

    public void AppendFormatted(string? text) => Add(new Part { Text = text ?? "" });

    public void AppendFormatted(long number) => Add(new Part { Number = number });

    public void AppendFormatted(scoped in LazyText text)
    {
        for (int i = 0; i < Math.Min(text._count, Capacity); i++)
        {
            Add(text._parts[i]);
        }
    }

    /// <summary>Numbers with commas between them.</summary>
    public void AppendFormatted(ReadOnlySpan<int> numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i > 0)
            {
                AppendLiteral(",");
            }

            AppendFormatted(numbers[i]);
        }
    }

    public override readonly string ToString()
    {
        var text = new StringBuilder();
        foreach (Part part in ((ReadOnlySpan<Part>)_parts)[..Math.Min(_count, Capacity)])
        {
            text.Append(part.ToString());
        }

        return text.Append(_count > Capacity ? "..." : "").ToString();
    }

    private void Add(Part part)
    {
        if (_count < Capacity)
        {
            _parts[_count] = part;
        }

        _count++;
    }

    private struct Part
    {
        public string? Text;
        public long Number;

        public override readonly string ToString() => Text ?? Number.ToString(CultureInfo.InvariantCulture);
    }

    [InlineArray(Capacity)]
    private struct Parts
    {
        private Part _first;
    }
}
