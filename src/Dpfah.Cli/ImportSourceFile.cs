using System.Formats.Tar;
using System.IO.Pipelines;

namespace Dpfah.Cli;

/// <summary>What is imported: a file as it is, or a folder as a tar that is made while it is read.</summary>
internal sealed class ImportSourceFile : IDisposable
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        // A link may lead anywhere.
        AttributesToSkip = FileAttributes.ReparsePoint,
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
    /// <exception cref="CommandException">The folder has no files.</exception>
    public static ImportSourceFile Of(string path)
    {
        if (!Directory.Exists(path))
        {
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
        if (!Directory.EnumerateFiles(folder, "*", Everything).Any())
        {
            throw new CommandException($"The folder '{path}' has no files.");
        }

        var pipe = new Pipe();
        return new ImportSourceFile(pipe.Reader.AsStream(), "application/x-tar", null, token => PackAsync(folder, pipe.Writer, token));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        Stream.Dispose();
        _ = packing.ContinueWith(_ => ending.Dispose(), TaskScheduler.Default);
    }

    private static async Task PackAsync(string folder, PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            await using (var tar = new TarWriter(pipe.AsStream(leaveOpen: true), TarEntryFormat.Pax, leaveOpen: true))
            {
                // By name, so that the same folder always comes in the same order.
                foreach (string file in Directory.EnumerateFiles(folder, "*", Everything).Order(StringComparer.Ordinal))
                {
                    await using var bytes = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
                    string name = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
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
