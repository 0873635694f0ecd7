// Results stored in 16 bits: every value of a kind is rounded where it is written, and read back wide. What systems with mixed
// precision do, for re-executions that explain a difference.

using Idem.Formats;
using Idem.Models;
using Idem.Nn;
using Idem.Numerics.Functions;
using Idem.Tensors;
using Idem.Tracing;

namespace Idem.Verification.Differences;

/// <summary>What is stored narrowly.</summary>
internal enum StoredKind
{
    /// <summary>Parameters, from the beginning and after each update.</summary>
    Parameters,

    /// <summary>The result of each operation forward.</summary>
    Activations,

    /// <summary>Gradients, of results and of parameters.</summary>
    Gradients,

    /// <summary>The optimizer's states.</summary>
    States,
}

/// <summary>A kind of values, and the type it is stored in.</summary>
/// <param name="Kind">What is stored.</param>
/// <param name="DType">BF16 or F16.</param>
internal sealed record StoredPrecision(StoredKind Kind, DType DType)
{
    /// <summary>The values as they come back from storage.</summary>
    public void Round(Span<float> values)
    {
        ushort[] narrow = new ushort[values.Length];
        if (DType == DType.BF16)
        {
            HalfPrecision.NarrowBFloat16(values, narrow);
            HalfPrecision.WidenBFloat16(narrow, values);
        }
        else
        {
            HalfPrecision.NarrowFloat16(values, narrow);
            HalfPrecision.WidenFloat16(narrow, values);
        }
    }

    /// <summary>The parameters that a run begins with.</summary>
    public void Round(LanguageModel model)
    {
        foreach (Parameter parameter in Kind == StoredKind.Parameters ? model.Parameters() : [])
        {
            Round(parameter.Data);
        }
    }

    /// <summary>Who rounds a step's values, and shows them to a trace as they are stored.</summary>
    public IStepObserver Watch(IStepObserver? trace) => new Rounding(this, trace);

    private sealed class Rounding(StoredPrecision stored, IStepObserver? trace) : IStepObserver
    {
        public OperationObserver Shard(int index) => new Operations(stored, trace?.Shard(index));

        public void Result(TracePhase phase, string parameter, string operation, string result, Shape shape, Span<float> values)
        {
            StoredKind kind = phase == TracePhase.Reduce ? StoredKind.Gradients : result.Length == 0 ? StoredKind.Parameters : StoredKind.States;
            if (kind == stored.Kind)
            {
                stored.Round(values);
            }

            trace?.Result(phase, parameter, operation, result, shape, values);
        }

        public void Loss(float loss) => trace?.Loss(loss);

        public void GradNorm(double norm) => trace?.GradNorm(norm);
    }

    private sealed class Operations(StoredPrecision stored, OperationObserver? trace) : OperationObserver
    {
        public override void Enter(string module) => trace?.Enter(module);

        public override void Leave() => trace?.Leave();

        public override string Module => trace?.Module ?? "";

        public override void Forward(string operation, Tensor output)
        {
            if (stored.Kind == StoredKind.Activations)
            {
                stored.Round(output.Data);
            }

            trace?.Forward(operation, output);
        }

        public override void Backward(string operation, string module, string input, Shape shape, Span<float> gradient)
        {
            if (stored.Kind == StoredKind.Gradients)
            {
                stored.Round(gradient);
            }

            trace?.Backward(operation, module, input, shape, gradient);
        }
    }
}
