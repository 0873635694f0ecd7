// Who watches the operations of a thread: traces, and the re-executions of 'idem diff' that store results in another
// precision. A tape has none while nobody asked, and then an operation does no more than see that.

using System.Text.RegularExpressions;
using Idem.Numerics.Kernels;

namespace Idem.Tensors;

/// <summary>Is told of each operation's results, in the order in which its thread computes them.</summary>
internal abstract class OperationObserver
{
    private readonly Stack<string> _modules = new([""]);

    /// <summary>The path of the innermost module that runs.</summary>
    public virtual string Module => _modules.Peek();

    /// <summary>After an operation's forward.</summary>
    /// <param name="operation">Its name, as <see cref="OperationNames"/> has it.</param>
    /// <param name="output">The result; those who only watch leave it as it is.</param>
    public abstract void Forward(string operation, Tensor output);

    /// <summary>After an operation's backward, once for each input that wants a gradient.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="module">Where its forward ran.</param>
    /// <param name="input">Which input: a parameter's name, or its place.</param>
    /// <param name="shape">The input's shape.</param>
    /// <param name="gradient">The sum of the contributions to the input's gradient so far, this operation's included.</param>
    public abstract void Backward(string operation, string module, string input, Shape shape, Span<float> gradient);

    public virtual void Enter(string module) => _modules.Push(module);

    public virtual void Leave() => _modules.Pop();
}

/// <summary>While it lives, operations of the thread run in a module.</summary>
internal readonly ref struct ModuleScope
{
    private readonly OperationObserver? _observer;

    public ModuleScope(OperationObserver? observer, string module)
    {
        _observer = observer;
        observer?.Enter(module);
    }

    public void Dispose() => _observer?.Leave();
}

/// <summary>What operations are called in traces: snake case, functions of one tensor by their own names.</summary>
internal static partial class OperationNames
{
    public static string Of(Op op, UnaryOp unary) => SnakeCase(op == Op.Unary ? unary.ToString() : op.ToString());

    private static string SnakeCase(string name) => Upper().Replace(name, "_$0").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]")]
    private static partial Regex Upper();
}
