// Who is next. Clients share the machine by what was computed for them: the waiting client that has had least goes first, and each
// client's sequences in the order of their arrival (start-time fair queueing, Goyal et al. 1996, over the token counters of Sheng et
// al., "Fairness in Serving Large Language Models", 2024). A client that has nothing waiting and comes with something starts at what
// the last one that began had had, so that nobody saves up claims by idling. Then the counts of clients that wait never differ by
// more than one prompt and the tokens of the sequences that run: everyone's turn comes.

namespace Idem.Inference.Scheduling;

/// <summary>Sequences that wait, by client.</summary>
internal sealed class FairQueue
{
    private readonly Dictionary<string, ClientQueue> _byName = []; // looked up by name, never enumerated
    private readonly List<ClientQueue> _clients = []; // those with a sequence here or running, in the order they came
    private long _now; // what the client of the last sequence that began had had before it

    /// <summary>Sequences that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a sequence.</summary>
    public void Add(Sequence sequence)
    {
        if (!_byName.TryGetValue(sequence.Client, out ClientQueue? client))
        {
            client = new ClientQueue(sequence.Client);
            _byName.Add(sequence.Client, client);
            _clients.Add(client);
        }

        if (client.Waiting.Count == 0)
        {
            client.Served = Math.Max(client.Served, _now);
        }

        client.Waiting.Add(sequence);
        Count++;
    }

    /// <summary>The sequence that is next; null if none is ready.</summary>
    public Sequence? Next()
    {
        ClientQueue? best = null;
        Sequence? next = null;
        foreach (ClientQueue client in _clients)
        {
            if ((best is null || client.Served < best.Served) && client.Waiting.Find(sequence => sequence.IsReady) is { } first)
            {
                (best, next) = (client, first);
            }
        }

        return next;
    }

    /// <summary>Takes a sequence out: it begins, or was cancelled.</summary>
    public void Remove(Sequence sequence, bool begins)
    {
        ClientQueue client = _byName[sequence.Client];
        client.Waiting.Remove(sequence);
        Count--;
        if (begins)
        {
            client.Running++;
            _now = Math.Max(_now, client.Served);
        }

        DropIfIdle(client);
    }

    /// <summary>Counts positions that were computed for a sequence's client.</summary>
    public void Charge(Sequence sequence, int positions) => _byName[sequence.Client].Served += positions;

    /// <summary>A sequence that had begun ended.</summary>
    public void End(Sequence sequence)
    {
        ClientQueue client = _byName[sequence.Client];
        client.Running--;
        DropIfIdle(client);
    }

    /// <summary>All sequences that wait.</summary>
    public IEnumerable<Sequence> All() => _clients.SelectMany(client => client.Waiting);

    /// <summary>Clients that have sequences waiting, with what was computed for them; for tests.</summary>
    public IEnumerable<(string Client, long Served)> Waiting() => _clients.Where(client => client.Waiting.Count > 0).Select(client => (client.Name, client.Served));

    private void DropIfIdle(ClientQueue client)
    {
        if (client.Waiting.Count == 0 && client.Running == 0)
        {
            _byName.Remove(client.Name);
            _clients.Remove(client);
        }
    }

    private sealed class ClientQueue(string name)
    {
        public string Name { get; } = name;

        public List<Sequence> Waiting { get; } = [];

        public int Running { get; set; }

        public long Served { get; set; }
    }
}
