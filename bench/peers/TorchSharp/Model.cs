// A GPT-2 in TorchSharp as its users write one: the same calls as ../pytorch/model.py where TorchSharp has them. Its AdamW is its
// own, not fused: TorchSharp offers no other.

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharpPeer;

/// <summary>The shapes of ../pytorch/model.py; positions are the length that is trained.</summary>
internal sealed record Config(int Vocabulary, int Layers, int Heads, int Width, bool Bias)
{
    public static Config Get(string name) => name switch
    {
        "gpt2" => new(50257, 12, 12, 768, true),
        "gpt2-tiny" => new(1200, 4, 4, 128, true),
        _ => new(65, 4, 4, 128, false),
    };
}

internal sealed class Block : nn.Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly LayerNorm ln_1, ln_2;
    private readonly Linear c_attn, c_proj, c_fc, c_out;

    public Block(Config config)
        : base("block")
    {
        _heads = config.Heads;
        int width = config.Width;
        ln_1 = nn.LayerNorm(width, bias: config.Bias);
        c_attn = nn.Linear(width, 3 * width, config.Bias);
        c_proj = nn.Linear(width, width, config.Bias);
        ln_2 = nn.LayerNorm(width, bias: config.Bias);
        c_fc = nn.Linear(width, 4 * width, config.Bias);
        c_out = nn.Linear(4 * width, width, config.Bias);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        long b = x.shape[0], t = x.shape[1], c = x.shape[2];
        Tensor[] qkv = [.. c_attn.call(ln_1.call(x)).split(c, dim: 2).Select(part => part.view(b, t, _heads, c / _heads).transpose(1, 2))];
        Tensor y = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: true);
        x = x + c_proj.call(y.transpose(1, 2).contiguous().view(b, t, c));
        return x + c_out.call(F.gelu(c_fc.call(ln_2.call(x))));
    }
}

internal sealed class Gpt : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding wte, wpe;
    private readonly ModuleList<Block> blocks;
    private readonly LayerNorm ln_f;
    private readonly Tensor _positions;

    public Gpt(Config config, int length)
        : base("gpt")
    {
        wte = nn.Embedding(config.Vocabulary, config.Width);
        wpe = nn.Embedding(length, config.Width);
        blocks = new ModuleList<Block>([.. Enumerable.Range(0, config.Layers).Select(_ => new Block(config))]);
        ln_f = nn.LayerNorm(config.Width, bias: config.Bias);
        _positions = arange(length);
        RegisterComponents();
        foreach (Parameter parameter in parameters().Where(parameter => parameter.dim() >= 2))
        {
            nn.init.normal_(parameter, 0, 0.02);
        }
    }

    public override Tensor forward(Tensor ids, Tensor targets)
    {
        Tensor x = wte.call(ids) + wpe.call(_positions);
        foreach (Block block in blocks)
        {
            x = block.call(x);
        }

        Tensor logits = F.linear(ln_f.call(x), wte.weight!);
        return F.cross_entropy(logits.view(-1, logits.shape[^1]), targets.view(-1));
    }
}
