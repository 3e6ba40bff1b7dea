namespace Dpfah.Engine.Hosting;

/// <summary>Files for what is too large for memory and is not needed for long.</summary>
/// <remarks>
/// In the data folder, which an operator has given room: in a container the system's own folder for such files is often memory.
/// </remarks>
internal static class TemporaryFile
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Makes an empty file to write and read.</summary>
    /// <param name="folder">An existing folder on a disk with room.</param>
    /// <returns>The file. Its name goes at once where the system allows that, so that a killed process leaves nothing; else when it is closed.</returns>
    public static FileStream Create(string folder)
    {
        string path = Path.Combine(folder, $".temporary-{Guid.NewGuid():n}");
        var file = new FileStream(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, BufferBytes, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path);
        }

        return file;
    }
}
