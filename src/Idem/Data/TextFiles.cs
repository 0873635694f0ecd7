// Finds and reads the files of a corpus. See TextCorpus for the rules.

using System.Buffers;
using System.Text.Unicode;
using Idem.Tokenizers;

namespace Idem.Data;

internal static class TextFiles
{
    /// <summary>A little below the longest string of the runtime.</summary>
    public const int CharactersMax = 1_000_000_000;

    private static readonly EnumerationOptions Visible = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint,
    };

    /// <summary>The file itself, or the files below a folder in ordinal order of their relative paths.</summary>
    public static IReadOnlyList<string> Find(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        if (!Directory.Exists(path))
        {
            throw new DataException(path, "there is no such file or folder.", "Check the path.") { IsAbsent = true };
        }

        string[] files;
        try
        {
            files = Directory.GetFiles(path, "*", Visible);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"it cannot be listed ({e.Message})", "Check its permissions and those of the folders below.", inner: e);
        }

        if (files.Length == 0)
        {
            throw new DataException(path, "the folder holds no files.", "Name a folder with text files.");
        }

        return [.. files.OrderBy(file => Path.GetRelativePath(path, file).Replace('\\', '/'), CodePointOrder.Instance)];
    }

    public static TextDocument Read(string file)
    {
        byte[] bytes;
        try
        {
            long length = new FileInfo(file).Length;
            if (length > CharactersMax)
            {
                throw new DataException(file, $"the file has {length} bytes, more than {CharactersMax}.", "Cut it; all text is held in memory.");
            }

            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(file, $"the file cannot be read ({e.Message})", "Check the path and its permissions.", inner: e) { IsAbsent = true };
        }

        return new TextDocument(file, Decode(file, bytes));
    }

    public static string Decode(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith<byte>([0xFF, 0xFE]) || bytes.StartsWith<byte>([0xFE, 0xFF]))
        {
            throw new DataException(file, "the file begins as UTF-16 text does.", "Convert it to UTF-8.", byteOffset: 0);
        }

        int mark = bytes.StartsWith<byte>([0xEF, 0xBB, 0xBF]) ? 3 : 0;
        ReadOnlySpan<byte> body = bytes[mark..];
        if (body.IsEmpty)
        {
            throw new DataException(file, "the file is empty.", "Remove it or name another.");
        }

        int zero = body.IndexOf((byte)0);
        if (zero >= 0)
        {
            throw new DataException(
                file, $"byte {mark + zero} is zero, so this is no text file.", "Remove it or convert it to UTF-8 text.", mark + zero);
        }

        char[] chars = ArrayPool<char>.Shared.Rent(body.Length);
        OperationStatus status = Utf8.ToUtf16(body, chars, out int read, out int written, replaceInvalidSequences: false);
        string text = new(chars, 0, written);
        ArrayPool<char>.Shared.Return(chars);
        return status == OperationStatus.Done
            ? text
            : throw new DataException(
                file,
                $"byte {mark + read} (0x{body[read]:X2}) does not begin a valid UTF-8 character.",
                "Convert the file to UTF-8, or remove the bytes.",
                mark + read);
    }
}
