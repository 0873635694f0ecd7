// POST /v1/embeddings: pooled states of an encoder or a decoder, computed between the steps of the engine where there is one.

using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Server.Requests;
using Idem.Server.Responses;

namespace Idem.Server.Endpoints;

/// <summary>Embeds texts, one after another: each is one pass of the model, between which others have their turn.</summary>
/// <param name="model">The model.</param>
/// <param name="host">The engine that owns it; null for an encoder, which has none.</param>
internal sealed class Embeddings(ServedModel model, EngineHost? host) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public async Task<JsonObject> RunAsync(EmbeddingRequest request, CancellationToken cancellation)
    {
        JsonArray data = [];
        foreach (Prompt input in request.Inputs)
        {
            float[] pooled = await PoolAsync(input.Ids, cancellation);
            data.Add(new JsonObject { ["object"] = "embedding", ["index"] = data.Count, ["embedding"] = request.IsBase64 ? Base64(pooled) : Numbers(pooled) });
        }

        int tokens = request.Inputs.Sum(input => input.Ids.Length);
        JsonObject usage = Answer.Usage(tokens, 0, 0);
        usage.Remove("completion_tokens");
        return new JsonObject { ["object"] = "list", ["data"] = data, ["model"] = model.Name, ["system_fingerprint"] = model.Fingerprint, ["usage"] = usage };
    }

    public void Dispose() => _turn.Dispose();

    private async Task<float[]> PoolAsync(int[] ids, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return host is not null
                ? await host.InvokeAsync(decoder => HiddenStates.Of(decoder, ids).Pooled)
                : await Task.Run(() => HiddenStates.Of(model.Folder.Model, ids).Pooled, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static JsonArray Numbers(float[] values) => [.. values.Select(value => JsonValue.Create((double)value))];

    private static string Base64(float[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return Convert.ToBase64String(bytes);
    }
}
