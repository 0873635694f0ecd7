// A file that a verb will write at its end: that it cannot be written shows before anything is computed.

namespace Idem.Cli;

internal static class OutputFile
{
    /// <summary>Throws where the file is a folder, or its folder is not there.</summary>
    public static void Require(string verb, string option, string file)
    {
        if (Directory.Exists(file))
        {
            throw new UsageException($"{verb}: {option} {file} is a folder: name a file");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{verb}: {option} {file}: the folder {folder} does not exist; create it, or name another");
        }
    }
}
