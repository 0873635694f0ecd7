// DSSE: a payload with signatures over it (https://github.com/secure-systems-lab/dsse, protocol v1). What is signed is the
// pre-authentication encoding, so that no other use of a key can be taken for one of these. Set in stone by that protocol.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Idem.Attestation;

/// <summary>A signature in an envelope.</summary>
/// <param name="KeyId">Names the key; a hint, which decides nothing.</param>
/// <param name="Bytes">The signature.</param>
public sealed record EnvelopeSignature(string KeyId, byte[] Bytes);

/// <summary>A signed payload.</summary>
/// <param name="PayloadType">What the payload is.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="Signatures">At least one.</param>
public sealed record Envelope(string PayloadType, byte[] Payload, IReadOnlyList<EnvelopeSignature> Signatures)
{
    /// <summary>The payload type of in-toto statements.</summary>
    public const string InToto = "application/vnd.in-toto+json";

    private const long BytesMax = 256L << 20;

    /// <summary>Signs a payload.</summary>
    public static Envelope Sign(string payloadType, byte[] payload, SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new Envelope(payloadType, payload, [new EnvelopeSignature(key.Public.KeyId, key.Sign(Encode(payloadType, payload)))]);
    }

    /// <summary>Whether one of the signatures is of this key.</summary>
    public bool IsSignedBy(VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] signed = Encode(PayloadType, Payload);
        return Signatures.Any(signature => key.Verify(signed, signature.Bytes));
    }

    /// <summary>The bytes that are signed: "DSSEv1", the type's length, the type, the payload's length, the payload.</summary>
    public static byte[] Encode(string payloadType, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        byte[] begin = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"DSSEv1 {Encoding.UTF8.GetByteCount(payloadType)} {payloadType} {payload.Length} "));
        return [.. begin, .. payload];
    }

    /// <summary>The file: one line of JSON.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["payloadType"] = PayloadType,
        ["payload"] = Convert.ToBase64String(Payload),
        ["signatures"] = new JsonArray([.. Signatures.Select(signature => new JsonObject
        {
            ["keyid"] = signature.KeyId, ["sig"] = Convert.ToBase64String(signature.Bytes),
        })]),
    }.ToJsonString(Statement.Json) + "\n");

    /// <summary>Reads a file.</summary>
    /// <exception cref="AttestationException">It is not an envelope.</exception>
    public static Envelope Read(string file)
    {
        if (new FileInfo(file).Length > BytesMax)
        {
            throw new AttestationException(file, $"is not an envelope: it has more than {BytesMax} bytes", Redo);
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            JsonElement root = json.RootElement;
            Envelope envelope = new(
                Text(root, "payloadType"), Bytes(root, "payload"),
                [.. Member(root, "signatures").EnumerateArray().Select(signature => new EnvelopeSignature(
                    signature.TryGetProperty("keyid", out _) ? Text(signature, "keyid") : "", Bytes(signature, "sig")))]);
            return envelope.Signatures.Count > 0 ? envelope : throw new AttestationException(file, "has no signature", Redo);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new AttestationException(file, $"is not a DSSE envelope ({exception.Message.TrimEnd('.')})", Redo, exception);
        }
    }

    private const string Redo = "Name a file that 'idem attest' wrote";

    private static JsonElement Member(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement member) ? member : throw new FormatException($"it has no {name}");

    private static string Text(JsonElement item, string name) => Member(item, name).GetString() ?? throw new FormatException($"{name} is null");

    // The protocol lets writers choose the alphabet of base64.
    private static byte[] Bytes(JsonElement item, string name) => Convert.FromBase64String(Text(item, name).Replace('-', '+').Replace('_', '/'));
}
