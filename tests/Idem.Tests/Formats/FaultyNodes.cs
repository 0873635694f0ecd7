// Files and folders of FaultyFileSystem: what is visible, what is on the medium, and the changes between the two in their order.

namespace Idem.Tests.Formats;

internal sealed class FaultyFile
{
    private List<byte> _durable = [];
    private List<Change> _unflushed = [];

    public FaultyFile()
    {
    }

    /// <summary>A file that is on the medium.</summary>
    public FaultyFile(IReadOnlyCollection<byte> content)
    {
        Content = [.. content];
        _durable = [.. content];
    }

    public List<byte> Content { get; private init; } = [];

    public void Append(byte[] bytes)
    {
        _unflushed.Add(new Change(Content.Count, bytes));
        Content.AddRange(bytes);
    }

    public void Truncate(int length)
    {
        Change change = new(length, null);
        _unflushed.Add(change);
        change.ApplyTo(Content);
    }

    public void Flush()
    {
        _unflushed.ForEach(change => change.ApplyTo(_durable));
        _unflushed.Clear();
    }

    /// <summary>What was not flushed stays visible, and will never reach the medium.</summary>
    public void LoseUnflushed() => _unflushed.Clear();

    public FaultyFile AfterCrash(CrashKind kind, Random random)
    {
        switch (kind)
        {
            case CrashKind.Kill:
                return new FaultyFile { Content = [.. Content], _durable = [.. _durable], _unflushed = [.. _unflushed] };
            case CrashKind.PowerCutTorn when Content.Count > _durable.Count:
                return new FaultyFile([.. Content.Take(_durable.Count + ((Content.Count - _durable.Count + 1) / 2))]);
            case CrashKind.PowerCutReordered:
                List<byte> left = [.. _durable];
                _unflushed.ForEach(change => change.Survivor(random)?.ApplyTo(left));
                return new FaultyFile(left);
            default:
                return new FaultyFile(_durable);
        }
    }

    /// <summary>Bytes at an offset, or, without bytes, the end of the file.</summary>
    private sealed record Change(int Offset, byte[]? Bytes)
    {
        public void ApplyTo(List<byte> content)
        {
            int end = Offset + (Bytes?.Length ?? 0);
            if (content.Count < end)
            {
                content.AddRange(new byte[end - content.Count]);
            }

            if (Bytes is null)
            {
                content.RemoveRange(Offset, content.Count - Offset);
            }

            for (int i = 0; i < Bytes?.Length; i++)
            {
                content[Offset + i] = Bytes[i];
            }
        }

        // Half survive whole, a quarter in part, a quarter not at all.
        public Change? Survivor(Random random) => random.Next(4) switch
        {
            0 => null,
            1 => this with { Bytes = Bytes?[..random.Next(Bytes.Length + 1)] },
            _ => this,
        };
    }
}

internal sealed class FaultyFolder
{
    private Dictionary<string, object> _durable = [];
    private List<Change> _unflushed = [];

    public Dictionary<string, object> Entries { get; private init; } = [];

    public void Put(string name, object entry)
    {
        if (entry is FaultyFolder && Entries.ContainsKey(name))
        {
            throw new IOException($"{name} exists");
        }

        Do(new Change(null, name, entry));
    }

    public void Remove(string name) => Do(new Change(name, null, Entries[name]));

    /// <summary>Atomic: on the medium the entry has one name or the other.</summary>
    public void Rename(string from, string to) => Do(new Change(from, to, Entries[from]));

    public void Flush()
    {
        _durable = new(Entries);
        _unflushed.Clear();
    }

    public FaultyFolder AfterCrash(CrashKind kind, Random random)
    {
        Dictionary<string, object> left = new(kind is CrashKind.PowerCut or CrashKind.PowerCutReordered ? _durable : Entries);
        if (kind == CrashKind.PowerCutReordered)
        {
            _unflushed.ForEach(change =>
            {
                if (random.Next(2) == 0)
                {
                    change.ApplyTo(left);
                }
            });
        }

        // An entry is one file or folder, under whichever names it has.
        Dictionary<object, object> copies = [];
        object Copy(object entry)
        {
            if (!copies.TryGetValue(entry, out object? copy))
            {
                copy = entry is FaultyFolder folder ? folder.AfterCrash(kind, random) : ((FaultyFile)entry).AfterCrash(kind, random);
                copies.Add(entry, copy);
            }

            return copy;
        }

        Dictionary<string, object> visible = left.ToDictionary(entry => entry.Key, entry => Copy(entry.Value));
        return kind == CrashKind.Kill
            ? new FaultyFolder
            {
                Entries = visible,
                _durable = _durable.ToDictionary(entry => entry.Key, entry => Copy(entry.Value)),
                _unflushed = [.. _unflushed.Select(change => change with { Entry = Copy(change.Entry) })],
            }
            : new FaultyFolder { Entries = visible, _durable = new(visible) };
    }

    private void Do(Change change)
    {
        _unflushed.Add(change);
        change.ApplyTo(Entries);
    }

    private sealed record Change(string? From, string? To, object Entry)
    {
        public void ApplyTo(Dictionary<string, object> entries)
        {
            if (From is not null && entries.TryGetValue(From, out object? there) && there == Entry)
            {
                entries.Remove(From);
            }

            if (To is not null)
            {
                entries[To] = Entry;
            }
        }
    }
}
