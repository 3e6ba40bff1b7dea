namespace Dpfah.Learning.Models;

/// <summary>Files that are either there in full or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file beside its place, forces it to disk and renames it; an older file is replaced.</summary>
    /// <param name="path">Where the file will be.</param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string path, Action<FileStream> write)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
