// Large buffers in large pages: fewer page faults when they are first touched, fewer TLB misses ever after. A hint to the operating
// system that may be refused; nothing depends on it but speed. Only on request: training GPT-2 124M
// ran slower with them where it was measured (docs/log.md), perhaps since large arrays then share sets of the second-level cache.

using System.Runtime.InteropServices;

namespace Idem.Numerics;

/// <summary>Asks for memory to be backed by huge pages where the system gives them (Linux), if <c>IDEM_HUGE_PAGES=1</c>.</summary>
public static unsafe partial class HugePages
{
    private const nuint PageBytes = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    private static bool s_isSupported = OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("IDEM_HUGE_PAGES") == "1";

    /// <summary>Hints that the whole huge pages in this range should be such. Call it before the memory is first touched.</summary>
    public static void Advise(void* start, nuint bytes)
    {
        nuint first = ((nuint)start + PageBytes - 1) & ~(PageBytes - 1);
        nuint end = ((nuint)start + bytes) & ~(PageBytes - 1);
        if (!s_isSupported || end <= first)
        {
            return;
        }

        try
        {
            s_isSupported = Madvise((void*)first, end - first, AdviseHugePages) == 0;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            s_isSupported = false;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Madvise(void* start, nuint bytes, int advice);
}
