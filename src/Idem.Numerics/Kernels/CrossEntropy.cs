// Cross-entropy of logits against target classes. Rows are independent: threads share them, vectors lie along a row.

using System.Runtime.CompilerServices;
using Idem.Numerics.Functions;
using Idem.Numerics.Reduction;

namespace Idem.Numerics.Kernels;

/// <summary>Cross-entropy over rows of logits. Order: <c>arithmetic.md#softmax-log-softmax-cross-entropy</c>.</summary>
public static unsafe partial class CrossEntropy
{
    /// <summary>
    /// losses[i] = log(sum)-(x_t-max) with sum the lane sum of exp(x_j-max); +0 in all three outputs where the target is
    /// <paramref name="ignoreIndex"/>.
    /// </summary>
    public static void Forward(
        Compute compute,
        int rows,
        int classes,
        ReadOnlySpan<float> logits,
        ReadOnlySpan<int> targets,
        int ignoreIndex,
        Span<float> losses,
        Span<float> max,
        Span<float> sum)
    {
        const string Operation = "CrossEntropy.Forward";
        CheckTargets(Operation, rows, classes, targets, ignoreIndex);
        Check.Length(Operation, nameof(logits), logits.Length, $"[{rows},{classes}]", (long)rows * classes);
        Check.Length(Operation, nameof(losses), losses.Length, $"[{rows}]", rows);
        Check.Length(Operation, nameof(max), max.Length, $"[{rows}]", rows);
        Check.Length(Operation, nameof(sum), sum.Length, $"[{rows}]", rows);
        fixed (float* px = logits, pl = losses, pm = max, ps = sum)
        fixed (int* pt = targets)
        {
            ForwardKernel kernel = new() { Classes = classes, Ignore = ignoreIndex, Logits = px, Targets = pt, Losses = pl, Max = pm, Sum = ps };
            KernelLoop.Run(compute, rows, 4L * classes, kernel);
        }
    }

    /// <summary>
    /// dlogits[i, j] = (exp(x_j-max)/sum-[j = target])*scale[i]; +0 in rows whose target is <paramref name="ignoreIndex"/>.
    /// dlogits may be logits.
    /// </summary>
    public static void Backward(
        Compute compute,
        int rows,
        int classes,
        ReadOnlySpan<float> logits,
        ReadOnlySpan<int> targets,
        int ignoreIndex,
        ReadOnlySpan<float> max,
        ReadOnlySpan<float> sum,
        ReadOnlySpan<float> scale,
        Span<float> dlogits) =>
        BackwardBlock(compute, rows, classes, 0, classes, logits, targets, ignoreIndex, max, sum, scale, dlogits);

    /// <summary>
    /// <see cref="Backward"/> for the classes from <paramref name="firstClass"/> on that logits and dlogits, [rows, blockClasses], hold.
    /// </summary>
    public static void BackwardBlock(
        Compute compute,
        int rows,
        int classes,
        int firstClass,
        int blockClasses,
        ReadOnlySpan<float> logits,
        ReadOnlySpan<int> targets,
        int ignoreIndex,
        ReadOnlySpan<float> max,
        ReadOnlySpan<float> sum,
        ReadOnlySpan<float> scale,
        Span<float> dlogits)
    {
        const string Operation = "CrossEntropy.Backward";
        Check.Dimension(Operation, nameof(blockClasses), blockClasses, 1);
        Check.That(
            firstClass >= 0 && firstClass <= classes - blockClasses, Operation, $"classes {firstClass} to {(long)firstClass + blockClasses - 1} are not among {classes}");
        CheckTargets(Operation, rows, classes, targets, ignoreIndex);
        Check.Length(Operation, nameof(logits), logits.Length, $"[{rows},{blockClasses}]", (long)rows * blockClasses);
        Check.Length(Operation, nameof(max), max.Length, $"[{rows}]", rows);
        Check.Length(Operation, nameof(sum), sum.Length, $"[{rows}]", rows);
        Check.Length(Operation, nameof(scale), scale.Length, $"[{rows}]", rows);
        Check.Length(Operation, nameof(dlogits), dlogits.Length, $"[{rows},{blockClasses}]", (long)rows * blockClasses);
        fixed (float* px = logits, pm = max, ps = sum, pc = scale, pd = dlogits)
        fixed (int* pt = targets)
        {
            BackwardKernel kernel = new()
            {
                First = firstClass, Count = blockClasses, Ignore = ignoreIndex, Logits = px, Targets = pt, Max = pm, Sum = ps, Scale = pc, Dlogits = pd,
            };
            KernelLoop.Run(compute, rows, 4L * blockClasses, kernel);
        }
    }

    private static void CheckTargets(string operation, int rows, int classes, ReadOnlySpan<int> targets, int ignoreIndex)
    {
        Check.Dimension(operation, nameof(rows), rows);
        Check.Dimension(operation, nameof(classes), classes, 1);
        Check.Length(operation, nameof(targets), targets.Length, $"[{rows}]", rows);
        for (int i = 0; i < rows; i++)
        {
            Check.That(
                targets[i] == ignoreIndex || (uint)targets[i] < (uint)classes,
                operation,
                $"target {i} is {targets[i]}, which is neither one of {classes} classes nor the ignored index {ignoreIndex}");
        }
    }

    private struct ForwardKernel : IKernel
    {
        public int Classes, Ignore;
        public int* Targets;
        public float* Logits, Losses, Max, Sum;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                if (Targets[row] == Ignore)
                {
                    Losses[row] = Max[row] = Sum[row] = 0f;
                    continue;
                }

                float* x = Logits + ((long)row * Classes);
                float max = Rows.Max<S, F, D>(x, Classes);
                float sum = ExpRows.Sum<S, F, D>(x, max, Classes);
                Max[row] = max;
                Sum[row] = sum;
                Losses[row] = Float32.Log(sum) - (x[Targets[row]] - max);
            }
        }
    }

    private struct BackwardKernel : IKernel
    {
        public int First, Count, Ignore;
        public int* Targets;
        public float* Logits, Max, Sum, Scale, Dlogits;

        public readonly void Run<S, F, D>(int start, int end)
            where S : struct, ISimd<F, D>
            where F : struct
            where D : struct
        {
            for (int row = start; row < end; row++)
            {
                float* x = Logits + ((long)row * Count), dx = Dlogits + ((long)row * Count);
                if (Targets[row] == Ignore)
                {
                    new Span<float>(dx, Count).Clear();
                    continue;
                }

                float max = Max[row], sum = Sum[row], scale = Scale[row];
                int target = Targets[row] - First;
                bool isHere = (uint)target < (uint)Count;
                float atTarget = isHere ? ((Float32.Exp(x[target] - max) / sum) - 1f) * scale : 0f;
                ExpRows.Map<S, F, D>(x, max, dx, Count);
                int j = 0;
                for (; j <= Count - S.Lanes; j += S.Lanes)
                {
                    S.Store(dx + j, S.Multiply(S.Divide(S.Load(dx + j), S.Create(sum)), S.Create(scale)));
                }

                for (; j < Count; j++)
                {
                    dx[j] = (dx[j] / sum) * scale;
                }

                if (isHere)
                {
                    dx[target] = atTarget;
                }
            }
        }
    }
}
