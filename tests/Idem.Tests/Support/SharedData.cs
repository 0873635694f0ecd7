namespace Idem.Tests.Support;

/// <summary>Reference data beside the checkout (<c>../shared</c> from the project's root); tests skip where it is absent.</summary>
internal static class SharedData
{
    public static string ProjectRoot { get; } = FindProjectRoot();

    public static string? Root { get; } = FindShared();

    /// <summary>The full path of a file or folder below <c>shared</c>; skips the test when the folder is absent.</summary>
    public static string Require(string relative)
    {
        Xunit.Assert.SkipWhen(Root is null, "the reference data folder ../shared is not beside this checkout");
        return Path.Combine(Root!, relative);
    }

    private static string FindProjectRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Idem.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"Idem.slnx is in no folder above {AppContext.BaseDirectory}");
    }

    private static string? FindShared()
    {
        string candidate = Path.GetFullPath(Path.Combine(ProjectRoot, "..", "shared"));
        return Directory.Exists(Path.Combine(candidate, "reference")) ? candidate : null; // any folder may be called shared
    }
}
