// POST /v1/embeddings: pooled states of an encoder or a decoder, computed between the steps of the engine where there is one.

using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Idem.Inference;
using Idem.Inference.Serving;
using Idem.Models;
using Idem.Server.Http;
using Idem.Server.Requests;
using Idem.Server.Responses;

namespace Idem.Server.Endpoints;

/// <summary>
/// Embeds texts, one after another, whoever sent them: each is one pass of the model, during which nothing is generated, and between which
/// others have their turn.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="host">The engine that owns it; null for an encoder, which has none.</param>
/// <param name="queuedMax">Texts that may wait before a request is refused.</param>
internal sealed class Embeddings(ServedModel model, EngineHost? host, int queuedMax) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private int _queued; // texts of all requests that are not done
    private double _secondsOfLate; // of a pass

    /// <exception cref="ApiException">Too many texts wait, or the server stops.</exception>
    public async Task<JsonObject> RunAsync(EmbeddingRequest request, CancellationToken cancellation)
    {
        JsonArray data = [];
        Enter(request.Inputs.Count);
        try
        {
            foreach (Prompt input in request.Inputs)
            {
                float[] pooled = await PoolAsync(input.Ids, cancellation);
                data.Add(new JsonObject { ["object"] = "embedding", ["index"] = data.Count, ["embedding"] = request.IsBase64 ? Base64(pooled) : Numbers(pooled) });
                Interlocked.Decrement(ref _queued);
            }
        }
        catch (EngineStoppedException stopped) when (RunningRequest.Refusal(stopped) is { } refusal)
        {
            throw refusal;
        }
        finally
        {
            Interlocked.Add(ref _queued, data.Count - request.Inputs.Count);
        }

        int tokens = request.Inputs.Sum(input => input.Ids.Length);
        JsonObject usage = Answer.Usage(tokens, 0, 0);
        usage.Remove("completion_tokens");
        return new JsonObject { ["object"] = "list", ["data"] = data, ["model"] = model.Name, ["system_fingerprint"] = model.Fingerprint, ["usage"] = usage };
    }

    public void Dispose() => _turn.Dispose();

    // As generations: a request comes in as long as there is a place, and then waits whole.
    private void Enter(int texts)
    {
        int queued = Interlocked.Add(ref _queued, texts) - texts;
        if (queued >= queuedMax)
        {
            Interlocked.Add(ref _queued, -texts);
            int seconds = (int)Math.Clamp(Math.Ceiling(queued * Volatile.Read(ref _secondsOfLate)), 1, 600);
            throw ApiException.Busy($"{queued} texts are waiting to be embedded, as many as may: try again in {seconds} s", seconds);
        }
    }

    private async Task<float[]> PoolAsync(int[] ids, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await (host is not null ? host.InvokeAsync(Pool) : Task.Run(() => Pool(model.Folder.Model), CancellationToken.None));
        }
        finally
        {
            _turn.Release();
        }

        float[] Pool(LanguageModel owned)
        {
            cancellation.ThrowIfCancellationRequested();
            long begin = Stopwatch.GetTimestamp();
            float[] pooled = HiddenStates.Of(owned, ids).Pooled;
            Volatile.Write(ref _secondsOfLate, Stopwatch.GetElapsedTime(begin).TotalSeconds);
            return pooled;
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
