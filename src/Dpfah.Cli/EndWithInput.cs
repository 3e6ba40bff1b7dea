using System.Runtime.InteropServices;

namespace Dpfah.Cli;

/// <summary>Ends the program when its standard input is closed, as by the end of the process that started it, however that ended.</summary>
internal static class EndWithInput
{
    /// <summary>
    /// Begins to watch. The program is ended from where it is, within a batch or amid a file: all files of a run are written beside
    /// their places and renamed, so none is left half.
    /// </summary>
    public static void Watch()
    {
        // A thread of its own: the pool's may all be busy with pictures.
        new Thread(Wait) { IsBackground = true, Name = "standard input" }.Start();
    }

    private static void Wait()
    {
        using Stream input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        try
        {
            while (input.Read(ignored) > 0)
            {
            }
        }
        catch (IOException)
        {
            // As good as closed.
        }

        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(ExitCode.Orphaned);
        }

        ExitAtOnce(ExitCode.Orphaned);
    }

    // An orderly exit would take down libtorch while its threads compute, which ends in a segmentation fault.
    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ExitAtOnce(int exitCode);
}
