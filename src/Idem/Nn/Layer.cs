// A module that maps one tensor to one tensor, and what a forward pass must be told to draw its dropout.

using Idem.Numerics.Kernels;
using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>A module of one input and one output.</summary>
public abstract class Layer : Module
{
    /// <summary>The output for an input.</summary>
    /// <param name="input">Shape as the layer says.</param>
    /// <param name="context">Which sequences of which step these are; needed only where training draws dropout by address.</param>
    public abstract Tensor Forward(Tensor input, ForwardContext? context = null);
}

/// <summary>
/// Where in a run a forward pass is, so that dropout is a pure function of (seed, step, sequence, site, element): the same
/// whatever shard, worker or replay computes it. The first dimension of every activation enumerates the sequences in order.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The step.</param>
/// <param name="FirstSequence">Index of the first sequence within the step's whole batch.</param>
/// <param name="Sequences">Number of sequences.</param>
public readonly record struct ForwardContext(ulong Seed, uint Step, uint FirstSequence, int Sequences)
{
    /// <summary>The address of a module's dropout: its path names the site.</summary>
    internal DropoutSite SiteOf(Module module, SiteStream stream, double probability) =>
        new(stream.Of(Seed, module.Path), probability, Step, FirstSequence);

    internal static ForwardContext Require(ForwardContext? context, Module module) => context ?? throw new InvalidOperationException(
        $"'{module.Path}' is training with dropout and must know which draw this is: pass a ForwardContext, or call Eval().");
}

/// <summary>The stream of a dropout site, derived once a seed: deriving hashes. Threads may share it; the race is benign.</summary>
internal sealed class SiteStream
{
    private Entry? _last;

    public RandomStream Of(ulong seed, string site)
    {
        Entry? entry = _last;
        if (entry is null || entry.Seed != seed || entry.Site != site)
        {
            _last = entry = new Entry(seed, site, new RandomStream(seed, "dropout", site));
        }

        return entry.Stream;
    }

    private sealed record Entry(ulong Seed, string Site, RandomStream Stream);
}
