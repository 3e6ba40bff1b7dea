using System.Formats.Tar;
using System.IO.Enumeration;
using System.IO.Pipelines;

namespace Dpfah.Cli;

/// <summary>What is imported: a file as it is, or a folder as a tar that is made while it is read.</summary>
internal sealed class ImportSourceFile : IDisposable
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        // What is passed over in silence would be deleted where the folder replaces a collection.
        IgnoreInaccessible = false,
    };

    private readonly CancellationTokenSource ending = new();
    private readonly Task packing;

    private ImportSourceFile(Stream stream, string? contentType, long? length, Func<CancellationToken, Task>? pack = null)
    {
        (Stream, ContentType, Length) = (stream, contentType, length);
        packing = pack is null ? Task.CompletedTask : Task.Run(() => pack(ending.Token));
    }

    /// <summary>The bytes.</summary>
    public Stream Stream { get; }

    /// <summary>What the bytes are, where their beginning does not say it; null when it does.</summary>
    public string? ContentType { get; }

    /// <summary>How many there are; null when that is not known.</summary>
    public long? Length { get; }

    /// <summary>Opens a file or a folder that is there.</summary>
    /// <exception cref="CommandException">The folder has no files, or cannot be listed whole; or it is neither a file nor a folder.</exception>
    public static ImportSourceFile Of(string path)
    {
        if (!Directory.Exists(path))
        {
            if (!FileKind.IsFile(path))
            {
                throw new CommandException($"'{path}' is a pipe, a device or a socket. Write what comes out of it to a file, and import that.");
            }

            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);
            string? type = Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".csv" => "text/csv",
                ".ndjson" or ".jsonl" => "application/x-ndjson",
                ".tar" => "application/x-tar",
                _ => null,
            };
            return new ImportSourceFile(file, type, file.Length);
        }

        string folder = Path.GetFullPath(path);
        List<(string Path, bool IsLink)> files = ListFiles(folder);
        if (files.Count == 0)
        {
            throw new CommandException($"The folder '{path}' has no files.");
        }

        var pipe = new Pipe();
        return new ImportSourceFile(pipe.Reader.AsStream(), "application/x-tar", null, token => PackAsync(folder, files, pipe.Writer, token));
    }

    /// <summary>Lists the files of a folder and of all below it, by name, so that the same folder always comes in the same order.</summary>
    /// <returns>Full paths. A link, to a file or to a folder, is listed and not followed: it may lead anywhere.</returns>
    /// <exception cref="CommandException">A folder cannot be listed.</exception>
    internal static List<(string Path, bool IsLink)> ListFiles(string folder)
    {
        try
        {
            var entries = new FileSystemEnumerable<(string Path, bool IsLink)>(
                folder, (ref FileSystemEntry entry) => (entry.ToFullPath(), IsLink(ref entry)), Everything)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
                ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry),
            };
            return [.. entries.OrderBy(entry => entry.Path, StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new CommandException($"The folder '{folder}' cannot be read whole, so nothing was imported: {error.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        Stream.Dispose();
        _ = packing.ContinueWith(_ => ending.Dispose(), TaskScheduler.Default);
    }

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static async Task PackAsync(
        string folder, IEnumerable<(string Path, bool IsLink)> files, PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            await using (var tar = new TarWriter(pipe.AsStream(leaveOpen: true), TarEntryFormat.Pax, leaveOpen: true))
            {
                foreach ((string file, bool isLink) in files)
                {
                    string name = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
                    if (isLink)
                    {
                        // The import rejects it, and so names it.
                        string? target = new FileInfo(file).LinkTarget;
                        var link = new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = string.IsNullOrEmpty(target) ? "?" : target };
                        await tar.WriteEntryAsync(link, cancellationToken);
                        continue;
                    }

                    if (!FileKind.IsFile(file))
                    {
                        // Rejected and named as well; a tar has an entry for some of these alone, and for the import they are all the same.
                        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Fifo, name), cancellationToken);
                        continue;
                    }

                    await using var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
                    await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = bytes }, cancellationToken);
                }
            }

            await pipe.CompleteAsync();
        }
        catch (Exception error)
        {
            await pipe.CompleteAsync(error);
        }
    }
}
