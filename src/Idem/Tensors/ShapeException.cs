// Shape errors name the operation, both shapes and what to do about it.

namespace Idem.Tensors;

/// <summary>Shapes that an operation cannot take. The message names the operation, the shapes and the remedy.</summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>An error with a whole message.</summary>
    public ShapeException(string message)
        : base(message)
    {
    }

    /// <summary>An error without details; prefer the others.</summary>
    public ShapeException()
    {
    }

    /// <summary>An error with its cause.</summary>
    public ShapeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>One operand's shape does not fit.</summary>
    public static ShapeException One(string operation, Shape shape, string remedy) =>
        new($"{operation}: shape {shape} does not fit; {remedy}.");

    /// <summary>Two operands' shapes do not fit each other.</summary>
    public static ShapeException Two(string operation, Shape left, Shape right, string remedy) =>
        new($"{operation}: shapes {left} and {right} do not fit; {remedy}.");
}
