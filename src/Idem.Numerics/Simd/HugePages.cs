// Large buffers in large pages: fewer page faults when they are first touched, fewer TLB misses ever after. A hint to the operating
// system that may be refused; nothing depends on it but speed. Packed weights are read from front to back and gain; training GPT-2 124M
// ran slower where all its arrays had them (docs/log.md), perhaps since large arrays then share sets of the second-level cache.

using System.Runtime.InteropServices;

namespace Idem.Numerics;

/// <summary>
/// Asks for memory to be backed by huge pages where the system gives them (Linux): memory that is streamed, with <c>IDEM_HUGE_PAGES=1</c>
/// every large array, with <c>IDEM_HUGE_PAGES=0</c> none.
/// </summary>
public static unsafe partial class HugePages
{
    private const nuint PageBytes = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    private static readonly string? s_wish = Environment.GetEnvironmentVariable("IDEM_HUGE_PAGES");

    private static bool s_isSupported = OperatingSystem.IsLinux() && s_wish != "0";

    /// <summary>Hints that the whole huge pages in this range should be such. Call it before the memory is first touched.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="isStreamed">It is read from front to back.</param>
    public static void Advise(void* start, nuint bytes, bool isStreamed = false)
    {
        nuint first = ((nuint)start + PageBytes - 1) & ~(PageBytes - 1);
        nuint end = ((nuint)start + bytes) & ~(PageBytes - 1);
        if (!s_isSupported || end <= first || (!isStreamed && s_wish != "1"))
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
