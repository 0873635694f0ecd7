using Idem.Nn;
using Idem.Numerics.Random;
using Idem.Tensors;

namespace Idem.Tests.Nn;

public class ModuleTests
{
    private static Sequential Model(TorchRandom? random = null) =>
        new(new Linear(3, 4, random: random), new ReLU(), new Sequential(new LayerNorm(4), new Linear(4, 2, bias: false, random)));

    [Fact]
    public void Names_are_dotted_paths_in_order_of_declaration()
    {
        Sequential model = Model();
        string[] expected = ["0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.1.weight"];
        Assert.Equal(expected, model.NamedParameters().Select(p => p.Name));
        Assert.Equal(expected, model.Parameters().Select(p => p.Name));
        Assert.Equal((3 * 4) + 4 + 4 + 4 + (4 * 2), model.ParameterCount());
    }

    [Fact]
    public void Train_and_eval_reach_every_module()
    {
        Sequential model = Model();
        model.Eval();
        Assert.False(model[2].Training);
        Assert.All(model[2].Children, child => Assert.False(child.Training));
        model.Train();
        Assert.All(model[2].Children, child => Assert.True(child.Training));
    }

    [Fact]
    public void State_goes_from_model_to_model_and_every_difference_is_named()
    {
        Sequential from = Model(), to = Model();
        from.Initialize(5);
        to.LoadStateDict(new TensorStateSource(from.StateDict()));
        Assert.Equal(from.StateDict().SelectMany(p => p.Value.ToArray()), to.StateDict().SelectMany(p => p.Value.ToArray()));

        var bad = from.StateDict().Where(p => p.Key != "0.bias").Append(new("extra", Tensor.Zeros([1])))
            .Select(p => p.Key == "2.1.weight" ? new(p.Key, Tensor.Zeros([4, 2])) : p);
        string message = Assert.Throws<StateDictException>(() => to.LoadStateDict(new TensorStateSource(bad))).Message;
        Assert.Contains("'0.bias' is missing", message, StringComparison.Ordinal);
        Assert.Contains("'2.1.weight' has shape [4, 2], the model's is [2, 4]", message, StringComparison.Ordinal);
        Assert.Contains("'extra' is not a parameter", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Initial_values_depend_on_seed_and_name_only()
    {
        var small = new Sequential(new Linear(3, 4), new Linear(4, 4));
        var large = new Sequential(new Linear(3, 4), new Linear(4, 4), new Linear(4, 9));
        small.Initialize(1);
        large.Initialize(1);
        Assert.Equal(small.Parameters()[2].ToArray(), large.Parameters()[2].ToArray());
        Assert.All(small.Parameters()[2].ToArray(), v => Assert.InRange(v, -0.5f, 0.5f));
        float[] one = small.Parameters()[0].ToArray();
        small.Initialize(2);
        Assert.NotEqual(one, small.Parameters()[0].ToArray());
        Assert.Distinct(one);
    }

    [Fact]
    public void Shared_parameters_count_once()
    {
        var shared = new Linear(2, 2);
        var model = new Sequential(shared, new Tanh(), shared);
        Assert.Equal(2, model.Parameters().Count);
    }

    [Fact]
    public void Names_must_be_new()
    {
        var list = new ModuleList<Linear>();
        list.Append(new Linear(1, 1));
        list.Append(new Linear(1, 1));
        Assert.Equal("1.weight", list.NamedParameters()[2].Name);
        Assert.Throws<ArgumentException>(() => new Twice());
    }

    private sealed class Twice : Module
    {
        public Twice()
        {
            Add("a", new Linear(1, 1));
            Add("a", new Linear(1, 1));
        }
    }
}
