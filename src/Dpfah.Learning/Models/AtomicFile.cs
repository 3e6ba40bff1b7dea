namespace Dpfah.Learning.Models;

/// <summary>Files that are either there in full or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file beside its place, forces it to disk and renames it; an older file is replaced.</summary>
    /// <param name="path">Where the file will be.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file cannot be written; the older one is as it was.</exception>
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
        catch (ArgumentOutOfRangeException error)
        {
            // What .NET makes of EFBIG: beyond the file system's, or the user's, limit of a file's length.
            File.Delete(temporary);
            throw new IOException($"'{path}' is longer than a file may be here (see `ulimit -f`).", error);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Removes what a process left that was killed while it wrote a file. Only for who alone writes it.</summary>
    /// <param name="path">Where the file is to be.</param>
    public static void RemoveLeftovers(string path)
    {
        foreach (string leftover in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, $"{Path.GetFileName(path)}.*.tmp"))
        {
            File.Delete(leftover);
        }
    }
}
