// One optimizer with arguments, in its two forms: the public class (float32, fast) and the scalar definition in float32 or float64.

using System.Numerics;
using Idem.Numerics.Kernels;
using Idem.Optimizers;

namespace Idem.Tests.Optimizers;

internal sealed class OptimizerCase
{
    private readonly object _settings;

    public OptimizerCase(object settings, Func<IEnumerable<ParameterGroup>, Compute, Optimizer> create)
    {
        _settings = settings;
        Create = create;
        StateCount = settings switch
        {
            SgdSettings s => s.Momentum != 0 ? 1 : 0,
            AdamSettings s => s.AmsGrad ? 3 : 2,
            AdagradSettings => 1,
            RmsPropSettings s => 1 + (s.Momentum != 0 ? 1 : 0) + (s.Centered ? 1 : 0),
            _ => 2,
        };
    }

    public Func<IEnumerable<ParameterGroup>, Compute, Optimizer> Create { get; }

    public int StateCount { get; }

    /// <summary>What every element of the state starts from.</summary>
    public double InitialState { get; init; }

    /// <summary>From torch's class name and constructor arguments.</summary>
    public static OptimizerCase FromTorch(string optimizer, Arguments args)
    {
        OptimizerCase result = optimizer switch
        {
            "SGD" => Sgd(args.Number("lr"), args.Number("momentum", 0), args.Number("dampening", 0), args.Number("weight_decay", 0), args.Flag("nesterov"), args.Flag("maximize")),
            "Adam" => Adam(false, args.Number("lr", 1e-3), args.Pair("betas", 0.9, 0.999), args.Number("eps", 1e-8), args.Number("weight_decay", 0), args.Flag("amsgrad"), args.Flag("maximize")),
            "AdamW" => Adam(true, args.Number("lr", 1e-3), args.Pair("betas", 0.9, 0.999), args.Number("eps", 1e-8), args.Number("weight_decay", 1e-2), args.Flag("amsgrad"), args.Flag("maximize")),
            "Adadelta" => Adadelta(args.Number("lr", 1), args.Number("rho", 0.9), args.Number("eps", 1e-6), args.Number("weight_decay", 0), args.Flag("maximize")),
            "Adagrad" => Adagrad(args.Number("lr", 1e-2), args.Number("lr_decay", 0), args.Number("weight_decay", 0), args.Number("initial_accumulator_value", 0), args.Number("eps", 1e-10), args.Flag("maximize")),
            "Adamax" => Adamax(args.Number("lr", 2e-3), args.Pair("betas", 0.9, 0.999), args.Number("eps", 1e-8), args.Number("weight_decay", 0), args.Flag("maximize")),
            "NAdam" => NAdam(args.Number("lr", 2e-3), args.Pair("betas", 0.9, 0.999), args.Number("eps", 1e-8), args.Number("weight_decay", 0), args.Number("momentum_decay", 4e-3)),
            "RAdam" => RAdam(args.Number("lr", 1e-3), args.Pair("betas", 0.9, 0.999), args.Number("eps", 1e-8), args.Number("weight_decay", 0)),
            "RMSprop" => RmsProp(args.Number("lr", 1e-2), args.Number("alpha", 0.99), args.Number("eps", 1e-8), args.Number("weight_decay", 0), args.Number("momentum", 0), args.Flag("centered"), args.Flag("maximize")),
            _ => throw new NotSupportedException($"optimizer {optimizer}"),
        };
        args.Finish();
        return result;
    }

    public static OptimizerCase Sgd(double lr, double momentum, double dampening, double decay, bool nesterov, bool maximize) => new(
        new SgdSettings(lr, momentum, dampening, decay, nesterov, maximize),
        (groups, compute) => new Sgd(groups, lr, momentum, dampening, decay, nesterov, maximize, compute));

    public static OptimizerCase Adam(bool decoupled, double lr, (double First, double Second) betas, double eps, double decay, bool amsgrad, bool maximize) => new(
        new AdamSettings(lr, betas.First, betas.Second, eps, decay, decoupled, amsgrad, maximize),
        (groups, compute) => decoupled
            ? new AdamW(groups, lr, betas.First, betas.Second, eps, decay, amsgrad, maximize, compute)
            : new Adam(groups, lr, betas.First, betas.Second, eps, decay, amsgrad, maximize, compute));

    public static OptimizerCase Adadelta(double lr, double rho, double eps, double decay, bool maximize) => new(
        new AdadeltaSettings(lr, rho, eps, decay, maximize),
        (groups, compute) => new Adadelta(groups, lr, rho, eps, decay, maximize, compute));

    public static OptimizerCase Adagrad(double lr, double lrDecay, double decay, double initial, double eps, bool maximize) => new(
        new AdagradSettings(lr, lrDecay, eps, decay, maximize),
        (groups, compute) => new Adagrad(groups, lr, lrDecay, decay, initial, eps, maximize, compute))
    {
        InitialState = initial,
    };

    public static OptimizerCase Adamax(double lr, (double First, double Second) betas, double eps, double decay, bool maximize) => new(
        new AdamaxSettings(lr, betas.First, betas.Second, eps, decay, maximize),
        (groups, compute) => new Adamax(groups, lr, betas.First, betas.Second, eps, decay, maximize, compute));

    public static OptimizerCase NAdam(double lr, (double First, double Second) betas, double eps, double decay, double momentumDecay, bool repeat = true) => new(
        new NAdamSettings(lr, betas.First, betas.Second, eps, decay, momentumDecay, repeat, false),
        (groups, compute) => new NAdam(groups, lr, betas.First, betas.Second, eps, decay, momentumDecay, repeat, false, compute));

    public static OptimizerCase RAdam(double lr, (double First, double Second) betas, double eps, double decay) => new(
        new RAdamSettings(lr, betas.First, betas.Second, eps, decay, false),
        (groups, compute) => new RAdam(groups, lr, betas.First, betas.Second, eps, decay, false, compute));

    public static OptimizerCase RmsProp(double lr, double alpha, double eps, double decay, double momentum, bool centered, bool maximize) => new(
        new RmsPropSettings(lr, alpha, eps, decay, momentum, centered, maximize),
        (groups, compute) => new RmsProp(groups, lr, alpha, eps, decay, momentum, centered, maximize, compute));

    /// <summary>Fresh state for a parameter.</summary>
    public T[][] NewState<T>(int length)
        where T : IFloatingPointIeee754<T>
    {
        T[][] state = new T[StateCount][];
        for (int i = 0; i < StateCount; i++)
        {
            state[i] = new T[length];
            Array.Fill(state[i], T.CreateChecked(InitialState));
        }

        return state;
    }

    /// <summary>One step of the scalar definition.</summary>
    public void Step<T>(double lr, long step, T[] parameter, T[] gradient, T[][] state)
        where T : IFloatingPointIeee754<T>
    {
        switch (_settings)
        {
            case SgdSettings s:
                OptimizerReference.Sgd(s with { LearningRate = lr }, step, parameter, gradient, state.Length > 0 ? state[0] : []);
                break;
            case AdamSettings s:
                OptimizerReference.Adam(s with { LearningRate = lr }, step, parameter, gradient, state[0], state[1], state.Length > 2 ? state[2] : []);
                break;
            case AdadeltaSettings s:
                OptimizerReference.Adadelta(s with { LearningRate = lr }, parameter, gradient, state[0], state[1]);
                break;
            case AdagradSettings s:
                OptimizerReference.Adagrad(s with { LearningRate = lr }, step, parameter, gradient, state[0]);
                break;
            case AdamaxSettings s:
                OptimizerReference.Adamax(s with { LearningRate = lr }, step, parameter, gradient, state[0], state[1]);
                break;
            case NAdamSettings s:
                float product = 1;
                for (long t = 1; t <= step; t++)
                {
                    product = OptimizerKernels.NAdamProduct(s, t, product);
                }

                OptimizerReference.NAdam(s with { LearningRate = lr }, step, product, parameter, gradient, state[0], state[1]);
                break;
            case RAdamSettings s:
                OptimizerReference.RAdam(s with { LearningRate = lr }, step, parameter, gradient, state[0], state[1]);
                break;
            case RmsPropSettings s:
                OptimizerReference.RmsProp(s with { LearningRate = lr }, parameter, gradient, state[0], s.Momentum != 0 ? state[1] : [], s.Centered ? state[^1] : []);
                break;
            default:
                throw new NotSupportedException(_settings.ToString());
        }
    }
}
