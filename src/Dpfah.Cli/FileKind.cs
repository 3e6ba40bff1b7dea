using System.Runtime.InteropServices;

namespace Dpfah.Cli;

/// <summary>Tells files from what only looks like one: to open a pipe would wait for somebody who writes to it, perhaps for ever.</summary>
internal static partial class FileKind
{
    // From linux/stat.h and fcntl.h.
    private const int WorkingFolder = -100;
    private const uint TypeWanted = 1;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    /// <summary>Whether a path that is no folder leads to a file: to no pipe, device or socket. Links are followed.</summary>
    /// <param name="path">The path.</param>
    /// <returns>True as well where nothing is known of it, such as when it is gone: to open it tells more.</returns>
    public static bool IsFile(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        var status = default(Status);
        return Read(WorkingFolder, path, 0, TypeWanted, ref status) != 0 || (status.Mode & TypeMask) == RegularFile;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Read(int folder, string path, int flags, uint wanted, ref Status status);

    /// <summary><c>struct statx</c>, which is the same on all processors; of it the mode.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(28)]
        public ushort Mode;
    }
}
