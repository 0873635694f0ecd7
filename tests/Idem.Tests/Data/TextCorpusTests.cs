using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Idem.Data;
using Xunit;

namespace Idem.Tests.Data;

public sealed class TextCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("idem-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FoldersAreReadInOrdinalOrderWithoutHiddenFiles()
    {
        foreach (string name in (string[])["b.txt", "\uE000", "\U0001F600", "B.md", "a/z.jsonl", "a.txt", "a/.hidden", ".git/config", "a/b/c"])
        {
            Write(name, Encoding.UTF8.GetBytes(name));
        }

        TextCorpus corpus = TextCorpus.Load([_folder]);
        Assert.Equal(["B.md", "a.txt", "a/b/c", "a/z.jsonl", "b.txt", "\uE000", "\U0001F600"], corpus.Documents.Select(document => document.Text));
        Assert.Equal("B.md\na.txt\na/b/c\na/z.jsonl\nb.txt\n\uE000\n\U0001F600", corpus.Text);
        Assert.Equal(["a/.hidden", "b.txt"], TextCorpus.Load([Path_("a/.hidden"), Path_("b.txt")]).Documents.Select(document => document.Text));
    }

    [Fact]
    public void DocumentsAreJoinedByOneLineFeed()
    {
        var corpus = new TextCorpus([new("1", "a\n"), new("2", "b"), new("3", "c")]);
        Assert.Equal("a\nb\nc", corpus.Text);
    }

    [Fact]
    public void DigestIsOfLengthsAndBytes()
    {
        byte[] expected =
        [
            .. "idem-data-1\n"u8, .. Length(3), .. "a\u00E9"u8, .. Length(1), .. "b"u8,
        ];
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(expected)), new TextCorpus([new("x", "a\u00E9"), new("y", "b")]).Digest);
        Assert.Equal(new TextCorpus([new("x", "ab")]).Digest, new TextCorpus([new("other", "ab")]).Digest);
        Assert.NotEqual(new TextCorpus([new("x", "ab"), new("y", "c")]).Digest, new TextCorpus([new("x", "a"), new("y", "bc")]).Digest);

        static byte[] Length(ulong length)
        {
            byte[] bytes = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            return bytes;
        }
    }

    [Fact]
    public void OneByteOrderMarkIsNotText()
    {
        Write("a", [0xEF, 0xBB, 0xBF, .. "a\r\n\uFEFF"u8]);
        Assert.Equal("a\r\n\uFEFF", TextCorpus.Load([Path_("a")]).Text);
        Write("b", [.. "a\r\n\uFEFF"u8]);
        Assert.Equal(TextCorpus.Load([Path_("b")]).Digest, TextCorpus.Load([Path_("a")]).Digest);
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0xFF, 0x62 }, 1)]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, 0x61, 0xC3 }, 4)]
    [InlineData(new byte[] { 0x61, 0xC0, 0x80 }, 1)]
    [InlineData(new byte[] { 0x61, 0x62, 0xED, 0xA0, 0x80 }, 2)]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 }, 0)]
    [InlineData(new byte[] { 0x61, 0x00, 0x62 }, 1)]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61, 0x00 }, 0)]
    public void WrongBytesAreNamedWithTheirOffset(byte[] bytes, long offset)
    {
        Write("bad.txt", bytes);
        var error = Assert.Throws<DataException>(() => TextCorpus.Load([_folder]));
        Assert.Equal(offset, error.ByteOffset);
        Assert.EndsWith("bad.txt", error.Place, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void NothingToReadIsAnError()
    {
        Assert.Contains("no files", Assert.Throws<DataException>(() => TextCorpus.Load([_folder])).Message, StringComparison.Ordinal);
        Write("empty", []);
        Assert.Contains("empty", Assert.Throws<DataException>(() => TextCorpus.Load([_folder])).Message, StringComparison.Ordinal);
        Assert.Contains("no such", Assert.Throws<DataException>(() => TextCorpus.Load([Path_("none")])).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => TextCorpus.Load([]));
        Assert.Throws<DataException>(() => new TextCorpus([new("x", "\uD800")]));
    }

    private string Path_(string name) => Path.Combine(_folder, name);

    private void Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path_(name))!);
        File.WriteAllBytes(Path_(name), bytes);
    }
}
