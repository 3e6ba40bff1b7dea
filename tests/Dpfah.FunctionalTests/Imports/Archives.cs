using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Imports.Sources;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>Makes archives, whole and hostile ones, and reads them as an import does.</summary>
internal static class Archives
{
    /// <summary>A file of an archive.</summary>
    public static (string Name, byte[] Bytes) File(string name, int length = 100) =>
        (name, [.. Enumerable.Range(0, length).Select(i => (byte)(i + name.Length))]);

    public static (string Name, byte[] Bytes) Text(string name, string text) => (name, Encoding.UTF8.GetBytes(text));

    public static byte[] Zip(params IEnumerable<(string Name, byte[] Bytes)> files) => Zip(CompressionLevel.Fastest, files);

    public static byte[] Zip(CompressionLevel level, IEnumerable<(string Name, byte[] Bytes)> files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in files)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Tar(params IEnumerable<(string Name, byte[] Bytes)> files) => Tar(writer =>
    {
        foreach ((string name, byte[] bytes) in files)
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }
    });

    public static byte[] Tar(Action<TarWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            write(writer);
        }

        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>A header of a tar that claims any size, with nothing behind it.</summary>
    public static byte[] TarHeader(char type, long size)
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes("some name").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\00000000\00000000\0").CopyTo(header, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0')).CopyTo(header, 124);
        Encoding.ASCII.GetBytes("00000000000\0").CopyTo(header, 136);
        header.AsSpan(148, 8).Fill((byte)' ');
        header[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar\00000").CopyTo(header, 257);
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }

    /// <summary>Reads all entries.</summary>
    public static async Task<List<ImportEntry>> ReadAsync(
        byte[] bytes, ImportFormat format, LabelSource labels = LabelSource.Auto, ImportLimits? limits = null, long skip = 0)
    {
        var entries = new List<ImportEntry>();
        await CollectAsync(bytes, format, entries, labels, limits, skip);
        return entries;
    }

    /// <summary>Reads entries into a list, which has those before the damage when the reading fails.</summary>
    public static async Task CollectAsync(
        byte[] bytes, ImportFormat format, List<ImportEntry> entries, LabelSource labels = LabelSource.Auto, ImportLimits? limits = null, long skip = 0)
    {
        using var stream = new MemoryStream(bytes);
        await foreach (ImportEntry entry in ImportSource.ReadAsync(
            stream, format, labels, new IdSet(), number => number < skip, Path.GetTempPath(), limits ?? ImportLimits.Default, CancellationToken.None))
        {
            entries.Add(entry);
        }
    }

    /// <summary>Ids of what can be indexed, and codes of what cannot, as a text for assertions.</summary>
    public static string[] Told(this IEnumerable<ImportEntry> entries) =>
        [.. entries.Select(entry => entry.Rejection is { } rejection ? $"{entry.Item}: {rejection.Code}" : entry.Id!)];
}
