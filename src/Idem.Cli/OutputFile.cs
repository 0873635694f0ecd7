// A file that a verb will write at its end: that it cannot be written shows before anything is computed.

using Idem.Formats;

namespace Idem.Cli;

internal static class OutputFile
{
    /// <summary>Creates a folder and those above it that are not there.</summary>
    public static void CreateFolder(string path)
    {
        string full = Path.GetFullPath(path);
        if (!Directory.Exists(full))
        {
            CreateFolder(Path.GetDirectoryName(full)!);
            DiskFileSystem.Instance.CreateDirectory(full);
        }
    }

    /// <summary>Throws where something that is no plain file is in its place, or its folder is not there.</summary>
    /// <param name="verb">Who writes it.</param>
    /// <param name="option">What names it.</param>
    /// <param name="file">The file.</param>
    /// <param name="made">A folder that the verb makes before it writes; null for none.</param>
    public static void Require(string verb, string option, string file, string? made = null)
    {
        if (string.IsNullOrWhiteSpace(Path.GetFileName(file)) || Directory.Exists(file))
        {
            throw new UsageException($"{verb}: {option} {file} is a folder: name a file");
        }

        string target;
        try
        {
            target = DiskFileSystem.Instance.Target(file);
        }
        catch (IOException exception)
        {
            throw new UsageException($"{verb}: {option} {exception.Message}");
        }

        if (Path.GetDirectoryName(target) is { } folder && !Directory.Exists(folder) && (made is null || Path.TrimEndingDirectorySeparator(Path.GetFullPath(made)) != folder))
        {
            throw new DirectoryNotFoundException($"{verb}: {option} {file}: the folder {folder} does not exist; create it, or name another");
        }
    }
}
