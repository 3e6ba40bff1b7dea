namespace Dpfah.Engine.Imports;

/// <summary>Paths of archive entries: they become ids and labels, and never the names of files.</summary>
internal static class EntryName
{
    /// <summary>Names of the manifest, in the root of the archive.</summary>
    public static readonly string[] Manifests = ["manifest.csv", "manifest.ndjson"];

    /// <summary>A path with '/' between its parts, and without a leading <c>./</c>.</summary>
    public static string Normalize(string path)
    {
        path = path.Replace('\\', '/');
        while (path.StartsWith("./", StringComparison.Ordinal))
        {
            path = path[2..];
        }

        return path;
    }

    /// <summary>Whether a normalized path is absolute, names a drive, or leads up.</summary>
    public static bool IsUnsafe(string path) =>
        path.StartsWith('/')
        || (path.Length >= 2 && path[1] == ':' && char.IsAsciiLetter(path[0]))
        || path.Split('/').Any(part => part is ".." or "." or "");

    /// <summary>Whether a normalized path is what operating systems leave in folders and archives: nobody means to import it.</summary>
    public static bool IsJunk(string path)
    {
        string name = path[(path.LastIndexOf('/') + 1)..];
        return path.StartsWith("__MACOSX/", StringComparison.Ordinal)
            || path.Contains("/__MACOSX/", StringComparison.Ordinal)
            || name is ".DS_Store" or "Thumbs.db" or "desktop.ini"
            || name.StartsWith("._", StringComparison.Ordinal);
    }

    /// <summary>The name of the folder in which an entry lies; null for one in the root.</summary>
    public static string? Folder(string path)
    {
        int end = path.LastIndexOf('/');
        return end <= 0 ? null : path[(path.LastIndexOf('/', end - 1) + 1)..end];
    }
}
