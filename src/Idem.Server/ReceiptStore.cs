// The receipts of the latest answers, by their names. Bounded in number and in bytes: the oldest are forgotten.

namespace Idem.Server;

/// <summary>Safe to use from many threads.</summary>
/// <param name="countMax">Receipts at most.</param>
/// <param name="bytesMax">Their bytes at most, all together.</param>
internal sealed class ReceiptStore(int countMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Id, byte[] Bytes)>> _byId = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Id, byte[] Bytes)> _oldestFirst = [];
    private long _bytes;

    /// <summary>Keeps a receipt; one that is known counts as new again.</summary>
    public void Add(string id, byte[] receipt)
    {
        lock (_gate)
        {
            if (_byId.TryGetValue(id, out LinkedListNode<(string, byte[])>? known))
            {
                Forget(known);
            }

            _byId[id] = _oldestFirst.AddLast((id, receipt));
            _bytes += receipt.Length;
            while (_oldestFirst.First is { } oldest && (_oldestFirst.Count > countMax || _bytes > bytesMax))
            {
                Forget(oldest);
            }
        }
    }

    /// <summary>The bytes of a receipt; null where it is not kept.</summary>
    public byte[]? Find(string id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id)?.Value.Bytes;
        }
    }

    private void Forget(LinkedListNode<(string Id, byte[] Bytes)> node)
    {
        _oldestFirst.Remove(node);
        _byId.Remove(node.Value.Id);
        _bytes -= node.Value.Bytes.Length;
    }
}
