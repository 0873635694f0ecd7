// The text a model learns from: whole files, in a stated order, every byte of them valid. Nothing is cleaned, converted or
// left out in silence: what cannot be read as UTF-8 text is an error. Everything is held in memory.
//
// A path that names a file is read whatever it is called. A path that names a folder stands for all files below it, in ordinal
// order of their relative paths (with '/'), without hidden ones (a name that begins with '.') and without links.
// All files are plain text: no format is unpacked, whatever the extension.

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Idem.Data;

/// <summary>One file's text, or a text made by a program.</summary>
/// <param name="Name">The path as it was found; it has no part in the digest.</param>
/// <param name="Text">The text, without a byte order mark.</param>
public sealed record TextDocument(string Name, string Text);

/// <summary>An ordered list of documents with a digest.</summary>
public sealed class TextCorpus
{
    private const string DigestHeader = "idem-data-1\n";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A corpus of documents made elsewhere.</summary>
    /// <exception cref="DataException">There is no document, or one of them is empty or not well-formed.</exception>
    public TextCorpus(IReadOnlyList<TextDocument> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (documents.Count == 0)
        {
            throw new DataException("The corpus", "it has no documents.", "Name at least one text file.");
        }

        Documents = documents;
        Text = Join(documents);
        Digest = ComputeDigest(documents);
    }

    /// <summary>The documents in order.</summary>
    public IReadOnlyList<TextDocument> Documents { get; }

    /// <summary>All documents one behind the other; one that does not end with a line feed gets one if another follows.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of the documents and their boundaries, "sha256:" and 64 lower-case hex digits (docs/formats.md, "Data digest").</summary>
    public string Digest { get; }

    /// <summary>Reads files and folders in the given order.</summary>
    /// <exception cref="DataException">A path is missing or unreadable, or a file is not UTF-8 text.</exception>
    public static TextCorpus Load(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return new TextCorpus([.. paths.SelectMany(TextFiles.Find).Select(TextFiles.Read)]);
    }

    private static string Join(IReadOnlyList<TextDocument> documents)
    {
        if (documents.Count == 1)
        {
            return documents[0].Text;
        }

        long length = documents.Sum(document => (long)document.Text.Length + 1);
        if (length > TextFiles.CharactersMax)
        {
            throw new DataException(
                "The corpus", $"it has more than {TextFiles.CharactersMax} characters.", "Train on fewer files; all text is held in memory.");
        }

        var text = new StringBuilder((int)length);
        for (int i = 0; i < documents.Count; i++)
        {
            text.Append(documents[i].Text);
            if (i + 1 < documents.Count && !documents[i].Text.EndsWith('\n'))
            {
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static string ComputeDigest(IReadOnlyList<TextDocument> documents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(DigestHeader));
        Span<byte> length = stackalloc byte[8];
        foreach (TextDocument document in documents)
        {
            byte[] bytes;
            try
            {
                bytes = StrictUtf8.GetBytes(document.Text);
            }
            catch (EncoderFallbackException e)
            {
                throw new DataException(document.Name, $"unpaired surrogate at index {e.Index}.", "Decode the text again from its bytes.", inner: e);
            }

            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
