namespace Dpfah.Learning.Training;

/// <summary>Keeps two processes from working in one folder. It ends with its process, however that ends.</summary>
public static class RunLock
{
    private const string FileName = ".lock";

    /// <summary>Takes a folder for this process.</summary>
    /// <param name="folder">The folder; made where it is missing.</param>
    /// <returns>Frees the folder when it is disposed of; null when another process has it.</returns>
    /// <exception cref="IOException">The file of the lock cannot be made, such as on a full disk.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public static IDisposable? TryTake(string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, FileName);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException error) when (IsTaken(error))
        {
            return null;
        }
    }

    // The number of the system's error: flock's EWOULDBLOCK, Windows' sharing violation. A full disk has another.
    private static bool IsTaken(IOException error) =>
        error.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11);
}
