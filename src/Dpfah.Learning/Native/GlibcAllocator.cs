using System.Runtime.InteropServices;

namespace Dpfah.Learning.Native;

/// <summary>Settings of glibc's malloc, which by default makes libtorch 2 to 6 times slower.</summary>
/// <remarks>
/// malloc maps each large block anew and gives it back when it is freed, so that every layer of a network pays for page
/// faults. With these settings freed memory is kept and used again; the price is that it is not returned to the system.
/// Another C library (musl, macOS, Windows) is left as it is.
/// </remarks>
internal static class GlibcAllocator
{
    // malloc.h
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapMax = -4;
    private const int ArenaMax = -8;

    /// <summary>Keeps freed memory for the next tensor. Works from any thread, at any time.</summary>
    public static void KeepFreedMemory()
    {
        if (!IsGlibc())
        {
            return;
        }

        // mallopt fails on a value out of range only; these are constants within theirs.
        _ = SetOption(MmapMax, 0);
        _ = SetOption(TrimThreshold, -1);
        _ = SetOption(TopPad, 64 << 20);

        // An arena keeps its own freed memory: few of them, for tensors of many threads.
        _ = SetOption(ArenaMax, 2);
    }

    /// <summary>
    /// Gives all freed memory back to the system after all. For when much was freed that is not soon wanted again, as with a network that is
    /// closed: threads that come and go use other arenas than those before them, and each would keep a network's worth.
    /// </summary>
    /// <remarks>What is wanted again pays for its page faults once: some ten milliseconds for 100 MB.</remarks>
    public static void ReturnFreedMemory()
    {
        if (IsGlibc())
        {
            _ = Trim(0);
        }
    }

    private static bool IsGlibc() =>
        NativeLibrary.TryLoad("libc.so.6", out nint libc) && NativeLibrary.TryGetExport(libc, "gnu_get_libc_version", out _);

    [DllImport("libc.so.6", EntryPoint = "mallopt")]
    private static extern int SetOption(int option, int value);

    [DllImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static extern int Trim(nuint keptBytes);
}
