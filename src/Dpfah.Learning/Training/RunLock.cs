namespace Dpfah.Learning.Training;

/// <summary>Keeps two processes from working in one folder. It ends with its process, however that ends.</summary>
public static class RunLock
{
    private const string FileName = ".lock";

    /// <summary>Takes a folder for this process.</summary>
    /// <param name="folder">The folder; made where it is missing.</param>
    /// <returns>Frees the folder when it is disposed of; null when another process has it.</returns>
    public static IDisposable? TryTake(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
