// Shape errors: they name the operation, what was given and what it must be.

namespace Idem.Numerics.Kernels;

internal static class Check
{
    /// <summary>Throws unless a buffer has exactly the elements of its shape.</summary>
    public static void Length(string operation, string name, int actual, scoped in LazyText shape, long expected)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"{operation}: {name} has {actual} elements, but its shape {shape.ToString()} has {expected}", name);
        }
    }

    /// <summary>Throws unless a buffer reaches at least to the last element that a strided shape addresses.</summary>
    public static void AtLeast(string operation, string name, int actual, scoped in LazyText shape, long needed)
    {
        if (actual < needed)
        {
            throw new ArgumentException($"{operation}: {name} has {actual} elements, but its shape {shape.ToString()} reaches to element {needed - 1}", name);
        }
    }

    /// <summary>Throws on a negative dimension or one below a minimum.</summary>
    public static void Dimension(string operation, string name, int value, int minimum = 0)
    {
        if (value < minimum)
        {
            throw new ArgumentException($"{operation}: {name} is {value}, but must be at least {minimum}", name);
        }
    }

    /// <summary>Throws with a message that names the operation.</summary>
    public static void That(bool condition, string operation, string problem)
    {
        if (!condition)
        {
            throw new ArgumentException($"{operation}: {problem}");
        }
    }

    /// <summary>Throws with a message that names the operation.</summary>
    public static void That(bool condition, string operation, scoped in LazyText problem)
    {
        if (!condition)
        {
            throw new ArgumentException($"{operation}: {problem.ToString()}");
        }
    }
}
