// A file that the system could not open or read, apart from one whose bytes are wrong: a failing disk or a missing permission is no damage
// of the file. What is absent, or a folder in a file's place, is no such failure: something is not as its format says.

namespace Idem.Formats;

internal static class ReadFailure
{
    /// <summary>Whether the system refused or failed to read a file that is there.</summary>
    public static bool Is(string path, Exception exception) =>
        exception is UnauthorizedAccessException or IOException and not (CorruptFileException or FileNotFoundException or DirectoryNotFoundException) && !Directory.Exists(path);

    /// <summary>The failure, with the file's name.</summary>
    public static IOException Of(string path, Exception exception) =>
        new($"{path}: cannot be read ({exception.Message.TrimEnd('.')}). Check its permissions and the disk", exception);
}
