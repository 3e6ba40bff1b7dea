namespace Dpfah.Cli;

/// <summary>What the program tells its caller when it ends.</summary>
internal static class ExitCode
{
    /// <summary>All that was asked for was done.</summary>
    public const int Success = 0;

    /// <summary>Something could not be done; what could be, was.</summary>
    public const int Failure = 1;

    /// <summary>The command line was not understood; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>Standard input was closed: whoever started the program is gone, and what was not done is left.</summary>
    public const int Orphaned = 3;

    /// <summary>The disk is full; what was written before is as it was.</summary>
    public const int DiskFull = 4;

    /// <summary>Stopped before the end by Ctrl+C; 128 and the signal's number, as shells have it.</summary>
    public const int Interrupted = 130;
}
