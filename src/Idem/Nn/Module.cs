// A tree of named parameters, in the order in which they were added: PyTorch's names, so files need no translation.
// What this deliberately is not: found by reflection. A module adds its parameters and children in its constructor.

using Idem.Numerics;
using Idem.Numerics.Kernels;
using Idem.Tensors;

namespace Idem.Nn;

/// <summary>A part of a model: parameters and further modules, by name.</summary>
public abstract class Module
{
    private readonly List<(string Name, Parameter Parameter)> _parameters = [];
    private readonly List<(string Name, Module Child)> _children = [];

    /// <summary>The dotted path from the outermost module; empty for that one itself.</summary>
    public string Path { get; private set; } = "";

    /// <summary>True for training behaviour (dropout), false for evaluation.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>The direct children, in order.</summary>
    public IEnumerable<Module> Children
    {
        get
        {
            foreach ((_, Module child) in _children)
            {
                yield return child;
            }
        }
    }

    /// <summary>All parameters with their names: a module's own first, then its children's; shared ones once.</summary>
    public IReadOnlyList<NamedParameter> NamedParameters()
    {
        var found = new List<NamedParameter>();
        Collect(prefix: "", found, new HashSet<Parameter>(ReferenceEqualityComparer.Instance));
        return found;
    }

    /// <summary>All parameters, in the order of <see cref="NamedParameters"/>.</summary>
    public IReadOnlyList<Parameter> Parameters()
    {
        IReadOnlyList<NamedParameter> named = NamedParameters();
        var parameters = new Parameter[named.Count];
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] = named[i].Parameter;
        }

        return parameters;
    }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount()
    {
        long count = 0;
        foreach (Parameter parameter in Parameters())
        {
            count += parameter.Length;
        }

        return count;
    }

    /// <summary>Switches this module and everything in it to training or evaluation.</summary>
    /// <exception cref="InvalidOperationException">To training, of weights that are held packed for inference.</exception>
    public void Train(bool training = true)
    {
        if (training && _parameters.Find(p => p.Parameter.Packed is not null).Parameter is { } packed)
        {
            throw new InvalidOperationException($"'{packed.Name}' is held as {packed.Packed!.Dtype} for inference and cannot be trained: load the model without a dtype.");
        }

        Training = training;
        foreach ((_, Module child) in _children)
        {
            child.Train(training);
        }
    }

    /// <summary>Switches to evaluation.</summary>
    public void Eval() => Train(false);

    /// <summary>Forgets all gradients.</summary>
    public void ZeroGrad()
    {
        foreach ((_, Parameter parameter) in _parameters)
        {
            parameter.ZeroGrad();
        }

        foreach ((_, Module child) in _children)
        {
            child.ZeroGrad();
        }
    }

    /// <summary>
    /// Draws all parameters, each from the stream of (seed, "init", its full name), so no parameter's values depend on another's
    /// existence. Call it on the outermost module.
    /// </summary>
    public void Initialize(ulong seed)
    {
        InitializeOwn(seed);
        foreach ((_, Module child) in _children)
        {
            child.Initialize(seed);
        }
    }

    /// <summary>
    /// What a file of this module's weights holds, by name. The tensors are the parameters themselves: copy what must not change.
    /// </summary>
    public virtual IReadOnlyList<KeyValuePair<string, Tensor>> StateDict()
    {
        IReadOnlyList<NamedParameter> named = NamedParameters();
        var state = new KeyValuePair<string, Tensor>[named.Count];
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = new(named[i].Name, named[i].Parameter);
        }

        return state;
    }

    /// <summary>Copies values into all parameters; every name and shape must match.</summary>
    /// <param name="source">The values.</param>
    /// <param name="packed">
    /// If given, for inference only: linear layers, tables and output heads hold their weights packed for products, stored like this,
    /// in place of float32 values, and nothing requires a gradient. float32 has the bits of the unpacked model.
    /// </param>
    /// <exception cref="StateDictException">Names are missing or unknown, or shapes differ: all of them are listed.</exception>
    public virtual void LoadStateDict(IStateSource source, PackedDtype? packed = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckStateDict(source);
        IReadOnlyList<NamedParameter> named = NamedParameters();
        if (packed is null)
        {
            Compute.Current.For(named.Count, i => named[i].Parameter.Load(source, named[i].Name, null));
            return;
        }

        foreach ((string name, Parameter parameter) in named) // one after the other, each by all threads
        {
            parameter.Load(source, name, packed);
        }
    }

    /// <summary>Until disposed, operations of this thread are this module's, to those who watch.</summary>
    internal ModuleScope Enter() => Tape.EnterModule(Path);

    /// <summary>Throws unless a source has the parameters' names and shapes, and no others.</summary>
    /// <exception cref="StateDictException">Names are missing or unknown, or shapes differ: all of them are listed.</exception>
    internal void CheckStateDict(IStateSource source)
    {
        IReadOnlyList<NamedParameter> named = NamedParameters();
        var problems = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in named)
        {
            known.Add(name);
            if (!source.TryGetShape(name, out Shape shape))
            {
                problems.Add($"'{name}' is missing");
            }
            else if (shape != parameter.Shape)
            {
                problems.Add($"'{name}' has shape {shape}, the model's is {parameter.Shape}");
            }
        }

        foreach (string name in source.Names)
        {
            if (!known.Contains(name))
            {
                problems.Add($"'{name}' is not a parameter of the model");
            }
        }

        if (problems.Count > 0)
        {
            throw new StateDictException(GetType().Name, problems);
        }
    }

    /// <summary>Draws the parameters this module adds itself; nothing by default.</summary>
    protected virtual void InitializeOwn(ulong seed)
    {
    }

    /// <summary>Adds a parameter; returns it.</summary>
    protected Parameter Add(string name, Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        CheckName(name);
        _parameters.Add((name, parameter));
        parameter.Name = Join(Path, name);
        return parameter;
    }

    /// <summary>Adds a child; returns it.</summary>
    protected T Add<T>(string name, T child)
        where T : Module
    {
        ArgumentNullException.ThrowIfNull(child);
        CheckName(name);
        _children.Add((name, child));
        child.Rename(Join(Path, name));
        return child;
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;

    private void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Contains('.', StringComparison.Ordinal) || _parameters.Exists(p => p.Name == name) || _children.Exists(c => c.Name == name))
        {
            throw new ArgumentException($"{GetType().Name}: the name '{name}' is taken or holds a dot; each part of a module has a name of its own.", nameof(name));
        }
    }

    private void Rename(string path)
    {
        Path = path;
        foreach ((string name, Parameter parameter) in _parameters)
        {
            parameter.Name = Join(path, name);
        }

        foreach ((string name, Module child) in _children)
        {
            child.Rename(Join(path, name));
        }
    }

    private void Collect(string prefix, List<NamedParameter> found, HashSet<Parameter> seen)
    {
        foreach ((string name, Parameter parameter) in _parameters)
        {
            if (seen.Add(parameter))
            {
                found.Add(new NamedParameter(Join(prefix, name), parameter));
            }
        }

        foreach ((string name, Module child) in _children)
        {
            child.Collect(Join(prefix, name), found, seen);
        }
    }
}
