// Models that Hugging Face's tools have downloaded, by repository name. Read only: nothing is fetched, nothing is written.
// Layout: ROOT/models--OWNER--NAME/refs/REVISION holds a commit; snapshots/COMMIT is the folder.

using System.Text.RegularExpressions;

namespace Idem.Formats;

/// <summary>The local cache of the Hugging Face hub.</summary>
public static partial class HubCache
{
    /// <summary>Where the cache is: <c>HF_HUB_CACHE</c>, <c>HF_HOME/hub</c>, or its default place.</summary>
    public static string Root => Variable("HF_HUB_CACHE")
        ?? (Variable("HF_HOME") is { } home ? Path.Combine(home, "hub") : null)
        ?? Path.Combine(
            Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface", "hub");

    /// <summary>Whether a text may name a repository: NAME or OWNER/NAME, with @REVISION or without.</summary>
    public static bool IsName(string text) => Name().IsMatch(text);

    /// <summary>The folder of a repository's revision (<c>main</c> unless named).</summary>
    /// <exception cref="FileNotFoundException">It is not in the cache.</exception>
    public static string Find(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        string repository = at < 0 ? name : name[..at], revision = at < 0 ? "main" : name[(at + 1)..];
        string folder = Path.Combine(Root, "models--" + repository.Replace("/", "--", StringComparison.Ordinal));
        string reference = Path.Combine(folder, "refs", revision);
        string commit = File.Exists(reference) ? File.ReadAllText(reference).Trim() : revision;
        string snapshot = Path.Combine(folder, "snapshots", commit);
        return IsPlain(commit) && Directory.Exists(snapshot)
            ? snapshot
            : throw new FileNotFoundException(
                $"{name} does not exist: it is no file or folder, and {Root} has no model of that name and revision; fetch it with 'hf download {repository}', or name a model folder");
    }

    // A reference must not reach outside the cache.
    private static bool IsPlain(string commit) => Commit().IsMatch(commit) && commit is not ("." or "..");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(@[A-Za-z0-9][\w.-]*)?$", RegexOptions.ECMAScript)]
    private static partial Regex Name();

    [GeneratedRegex(@"^[\w.-]+$", RegexOptions.ECMAScript)]
    private static partial Regex Commit();
}
