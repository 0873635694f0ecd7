// An open safetensors file: mapped, checked once, tensors as spans into the mapping.
// Deliberately not here: conversion of dtypes, names of any model, writing (SafeTensorsWriter).

using System.Diagnostics.CodeAnalysis;

namespace Idem.Formats;

/// <summary>The tensors of one safetensors file. Spans into it are valid until it is disposed.</summary>
public sealed class SafeTensorsFile : IDisposable
{
    private readonly FileContent? _content;
    private readonly NamedTensor[] _tensors;
    private readonly Dictionary<string, NamedTensor> _byName;

    private SafeTensorsFile(string path, SafeTensorsHeader header, FileContent? content, Func<SafeTensorsHeader.Entry, TensorData> data)
    {
        Path = path;
        Metadata = header.Metadata;
        _content = content;
        _tensors = [.. header.Entries.Select(e => new NamedTensor(e.Name, e.DType, e.Shape.AsSpan(), data(e)))];
        Array.Sort(_tensors, (a, b) => NameOrder.Instance.Compare(a.Name, b.Name));
        _byName = _tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>Where it was opened.</summary>
    public string Path { get; }

    /// <summary>The <c>__metadata__</c> strings, in ordinal order.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in ordinal name order.</summary>
    public IReadOnlyList<NamedTensor> Tensors => _tensors;

    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="SafeTensorsException">The file is absent or malformed.</exception>
    /// <exception cref="IOException">The disk failed, or the file may not be read.</exception>
    public static SafeTensorsFile Open(string path) => Open(DiskFileSystem.Instance, path);

    /// <summary>As <see cref="Open(string)"/>, of any file system.</summary>
    /// <exception cref="SafeTensorsException">The file is absent or malformed.</exception>
    /// <exception cref="IOException">The disk failed, or the file may not be read.</exception>
    public static SafeTensorsFile Open(IFileSystem files, string path)
    {
        FileContent content;
        try
        {
            content = files.OpenContent(path);
        }
        catch (Exception e) when (ReadFailure.Is(path, e))
        {
            throw ReadFailure.Of(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new SafeTensorsException(path, null, $"cannot be opened ({e.Message.TrimEnd('.')})", "Check the path", e);
        }

        try
        {
            int length = SafeTensorsHeader.ReadLength(content.Bytes(0, (int)Math.Min(8, content.Length)), content.Length, path);
            long start = 8L + length;
            var header = SafeTensorsHeader.Parse(content.Bytes(8, length), content.Length - start, path);
            return new SafeTensorsFile(path, header, content, e => content.Window(start + e.Begin, e.End - e.Begin));
        }
        catch (Exception e)
        {
            content.Dispose();
            if (ReadFailure.Is(path, e))
            {
                throw ReadFailure.Of(path, e);
            }

            // A pickle's first bytes are no header: what it is says more than what they would mean.
            if (e is SafeTensorsException && SafeTensorsFolder.OtherFormat(path) is { } other)
            {
                throw other;
            }

            throw;
        }
    }

    /// <summary>Checks a file held in memory; <paramref name="name"/> stands for its path in messages.</summary>
    /// <exception cref="SafeTensorsException">The bytes are malformed.</exception>
    public static SafeTensorsFile Parse(ReadOnlyMemory<byte> bytes, string name)
    {
        int length = SafeTensorsHeader.ReadLength(bytes.Span[..Math.Min(8, bytes.Length)], bytes.Length, name);
        ReadOnlyMemory<byte> data = bytes[(8 + length)..];
        var header = SafeTensorsHeader.Parse(bytes.Span.Slice(8, length), data.Length, name);
        return new SafeTensorsFile(name, header, null, e => TensorData.Of(data[(int)e.Begin..(int)e.End]));
    }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="SafeTensorsException">There is none.</exception>
    public NamedTensor this[string name] => TryGet(name, out NamedTensor? tensor)
        ? tensor
        : throw new SafeTensorsException(Path, name, "is not in the file", $"It holds {_tensors.Length} tensors; check the model type and the name");

    /// <summary>Looks a tensor up.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out NamedTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Unmaps the file; spans into it are invalid from here on.</summary>
    public void Dispose() => _content?.Dispose();
}
