// What an operator decides about a server. Nothing here changes an answer but for what the model is loaded with.

using System.Net;

namespace Idem.Server;

/// <summary>How a server listens, and how much of a machine it gives away.</summary>
public sealed record ServerSettings
{
    /// <summary>The address to listen on; only this machine by default.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>What clients must send as bearer token; null: nothing.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Whether <c>GET /metrics</c> answers.</summary>
    public bool Metrics { get; init; }

    /// <summary>Whether it is reached from this machine only.</summary>
    public bool IsLocal => IsLoopback(Host);

    /// <summary>Bounds of what a client may ask for.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>Told in one line of what is wrong with the server itself, never of a client's mistake.</summary>
    public Action<string> Report { get; init; } = static _ => { };

    /// <summary>Whether a host name or address is this machine's own, to itself.</summary>
    internal static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
}

/// <summary>Bounds of requests. What passes one is refused with a message that names it.</summary>
public sealed record ServerLimits
{
    /// <summary>Bytes of a request's body.</summary>
    public int BodyBytesMax { get; init; } = 4 << 20;

    /// <summary>Bytes of all headers of a request.</summary>
    public int HeaderBytesMax { get; init; } = 16 << 10;

    /// <summary>Headers of a request.</summary>
    public int HeadersMax { get; init; } = 64;

    /// <summary>Levels of objects and arrays within a body.</summary>
    public int JsonDepthMax { get; init; } = 128;

    /// <summary>Choices of a request: its prompts times <c>n</c>.</summary>
    public int ChoicesMax { get; init; } = 128;

    /// <summary>Turns of a conversation.</summary>
    public int MessagesMax { get; init; } = 4096;

    /// <summary>Most likely tokens that are reported at each place.</summary>
    public int TopLogProbabilitiesMax { get; init; } = 20;

    /// <summary>Stop strings.</summary>
    public int StopsMax { get; init; } = 16;

    /// <summary>Characters of a stop string.</summary>
    public int StopCharactersMax { get; init; } = 512;

    /// <summary>Characters of <c>user</c>.</summary>
    public int UserCharactersMax { get; init; } = 256;

    /// <summary>Entries of <c>logit_bias</c>.</summary>
    public int LogitBiasMax { get; init; } = 1024;

    /// <summary>Texts of an embeddings request.</summary>
    public int EmbeddingInputsMax { get; init; } = 256;

    /// <summary>Texts that may wait to be embedded; with so many, further requests are told to come back later.</summary>
    public int EmbeddingsQueuedMax { get; init; } = 1024;

    /// <summary>Connections at once; others are closed as they come.</summary>
    public int ConnectionsMax { get; init; } = 1024;

    /// <summary>Receipts that are kept, the newest.</summary>
    public int ReceiptsMax { get; init; } = 4096;

    /// <summary>Bytes of the receipts that are kept.</summary>
    public long ReceiptBytesMax { get; init; } = 64 << 20;

    /// <summary>Seconds in which a client must have sent its headers.</summary>
    public int HeaderTimeoutSeconds { get; init; } = 15;

    /// <summary>A client that sends slower than this, in bytes a second, is given up...</summary>
    public int BytesPerSecondMin { get; init; } = 240;

    /// <summary>...after so many seconds.</summary>
    public int GraceSeconds { get; init; } = 5;

    /// <summary>Seconds in which a client must take what lies ready of an answer (Kestrel's buffer, half of 64 KiB); then it is given up.</summary>
    public int StallSeconds { get; init; } = 30;
}
