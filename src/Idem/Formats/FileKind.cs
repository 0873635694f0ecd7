// What lies at a path that is to be written: .NET calls devices and pipes files, and renaming over one replaces it.
// Linux says what a thing is through statx, whose layout is the same on every processor. On macOS nothing can be renamed over a device,
// since its /dev takes no new files; a pipe elsewhere is not told from a file there. Windows' devices have no folder to rename in.

using System.Runtime.InteropServices;

namespace Idem.Formats;

internal static unsafe partial class FileKind
{
    private const int LinksMax = 40; // as Linux follows

    /// <summary>The full path behind all symbolic links; a link to nothing leads to where its file would be.</summary>
    /// <exception cref="IOException">Links lead to each other in a circle.</exception>
    public static string Follow(string path)
    {
        string full = Path.GetFullPath(path);
        for (int i = 0; i < LinksMax; i++)
        {
            if (new FileInfo(full).LinkTarget is not { } next)
            {
                return full;
            }

            full = Path.GetFullPath(next, Path.GetDirectoryName(full)!);
        }

        throw new IOException($"{path} is a link that leads to itself: name a plain file");
    }

    /// <summary>What is there or behind links, if it is neither a plain file nor nothing. A link to an open pipe has a name that leads nowhere, and is a pipe.</summary>
    public static string? Other(string path)
    {
        if (Directory.Exists(path))
        {
            return "a folder";
        }

        return OperatingSystem.IsLinux() && TryGetMode(path, out int mode) ? (mode & LibC.TypeMask) switch
        {
            LibC.Regular => null,
            LibC.Pipe => "a pipe",
            LibC.Socket => "a socket",
            _ => "a device",
        } : null;
    }

    // False where nothing is there, or the C library is too old to say.
    private static bool TryGetMode(string path, out int mode)
    {
        byte* status = stackalloc byte[LibC.StatusBytes];
        mode = 0;
        try
        {
            if (LibC.StatX(LibC.WorkingFolder, path, 0, LibC.WantType, status) != 0)
            {
                return false;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }

        mode = *(ushort*)(status + LibC.ModeOffset);
        return true;
    }

    // linux/stat.h
    private static partial class LibC
    {
        public const int WorkingFolder = -100;
        public const uint WantType = 1;
        public const int StatusBytes = 256, ModeOffset = 28;
        public const int TypeMask = 0xF000, Pipe = 0x1000, Regular = 0x8000, Socket = 0xC000;

        [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int StatX(int folder, string path, int flags, uint mask, byte* status);
    }
}
