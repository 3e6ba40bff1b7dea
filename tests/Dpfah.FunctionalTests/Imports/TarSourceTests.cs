using System.Formats.Tar;
using Dpfah.Engine.Imports;

namespace Dpfah.FunctionalTests.Imports;

public sealed class TarSourceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Paths_become_ids_and_folders_labels(bool compressed)
    {
        List<ImportEntry> entries = await ReadAsync(compressed, Archives.Tar(
            Archives.File("./dog/1.jpg", 70_000), Archives.File($"cat/{new string('x', 150)}.jpg"), Archives.File("._junk"), ("empty.jpg", [])));

        Assert.Equal(["dog/1.jpg", $"cat/{new string('x', 150)}.jpg", "empty.jpg"], entries.Told());
        Assert.Equal([["dog"], ["cat"], []], entries.Select(entry => entry.Labels));
        Assert.Equal(Archives.File("./dog/1.jpg", 70_000).Bytes, entries[0].Bytes);
    }

    [Fact]
    public async Task All_kinds_of_tar_are_read()
    {
        byte[] tar = Archives.Tar(writer =>
        {
            writer.WriteEntry(new V7TarEntry(TarEntryType.V7RegularFile, "v7") { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "ustar") { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, new string('g', 200)) { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "pax") { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "folder/"));
            writer.WriteEntry(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string> { ["a"] = "b" }));
        });

        Assert.Equal(["v7", "ustar", new string('g', 200), "pax"], (await ReadAsync(false, tar)).Told());
    }

    [Fact]
    public async Task Links_devices_and_names_that_lead_out_are_rejected()
    {
        byte[] tar = Archives.Tar(writer =>
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "symbolic") { LinkName = "/etc/passwd" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "hard") { LinkName = "../x" });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.CharacterDevice, "device") { DeviceMajor = 1, DeviceMinor = 5 });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.Fifo, "pipe"));
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "../../up") { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "/root") { DataStream = new MemoryStream([1]) });
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "good") { DataStream = new MemoryStream([1]) });
        });

        Assert.Equal(
            ["symbolic: link", "hard: link", "device: special-file", "pipe: special-file", "../../up: unsafe-name", "/root: unsafe-name", "good"],
            (await ReadAsync(false, tar)).Told());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_truncated_archive_gives_what_is_whole_and_ends_with_a_sentence(bool compressed)
    {
        byte[] tar = Archives.Tar(Enumerable.Range(0, 20).Select(i => Archives.File($"{i}.jpg", 5000)));
        byte[] half = compressed ? Archives.Gzip(tar)[..(Archives.Gzip(tar).Length / 2)] : tar[..(tar.Length / 2)];
        var entries = new List<ImportEntry>();

        var error = await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.CollectAsync(half, compressed ? ImportFormat.TarGzip : ImportFormat.Tar, entries));

        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.InRange(entries.Count, compressed ? 0 : 5, 19);
        Assert.All(entries, entry => Assert.Equal(5000, entry.Bytes!.Length));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 1024)]
    [InlineData(true, 1024)]
    [InlineData(false, 1100)]
    [InlineData(true, 1100)]
    public async Task An_archive_cut_between_two_entries_is_truncated(bool compressed, int zeros)
    {
        byte[] tar = Archives.Tar(writer => writer.WriteEntry(
            new UstarTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream(new byte[zeros]) }));
        byte[] cut = tar[..^1024];
        var entries = new List<ImportEntry>();

        Assert.Equal(["a"], (await ReadAsync(compressed, tar)).Told());
        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(() => Archives.CollectAsync(
            compressed ? Archives.Gzip(cut) : cut, compressed ? ImportFormat.TarGzip : ImportFormat.Tar, entries));

        Assert.StartsWith("The archive ends ", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], entries.Told());
    }

    [Fact]
    public async Task Damage_in_the_middle_ends_with_a_sentence()
    {
        byte[] tar = Archives.Tar(Enumerable.Range(0, 20).Select(i => Archives.File($"{i}.jpg", 5000)));
        tar.AsSpan(50_000, 20_000).Fill(0x55);
        var entries = new List<ImportEntry>();

        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.CollectAsync(tar, ImportFormat.Tar, entries));

        Assert.InRange(entries.Count, 1, 19);
    }

    [Theory]
    [InlineData('x', 2_000_000_000)]
    [InlineData('g', 2_000_000_000)]
    [InlineData('L', 2_000_000_000)]
    [InlineData('x', 8_000_000_000)]
    [InlineData('g', 8_000_000_000)]
    [InlineData('L', 8_000_000_000)]
    public async Task A_header_that_claims_gigabytes_is_not_believed(char type, long size)
    {
        byte[] tar = [.. Archives.TarHeader(type, size), .. new byte[4096]];

        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(false, tar));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_claims_gigabytes_is_rejected_or_ends_the_archive(bool compressed)
    {
        byte[] tar = [.. Archives.Tar(Archives.File("a"))[..^1024], .. Archives.TarHeader('0', 8_000_000_000), .. new byte[4096]];
        byte[] file = compressed ? Archives.Gzip(tar) : tar;
        var entries = new List<ImportEntry>();

        await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.CollectAsync(file, compressed ? ImportFormat.TarGzip : ImportFormat.Tar, entries));

        Assert.Equal(compressed ? ["a", "some name: too-large"] : ["a"], entries.Told());
    }

    [Fact]
    public async Task A_compressed_archive_that_unpacks_to_more_than_pictures_can_ends_with_a_sentence()
    {
        byte[] tar = Archives.Gzip(Archives.Tar(Enumerable.Range(0, 50).Select(i => ($"{i}.bmp", new byte[100_000]))));
        var error = await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.ReadAsync(tar, ImportFormat.TarGzip, LabelSource.Folders, new ImportLimits { ExpansionFloor = 1_000_000, Expansion = 1 }));
        Assert.Contains("unpacks to more than", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[0])]
    public async Task Bytes_that_are_no_archive_are_refused(byte[] bytes)
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(false, bytes));
        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(Archives.Gzip(bytes), ImportFormat.TarGzip));
        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(bytes, ImportFormat.Zip));
    }

    private static Task<List<ImportEntry>> ReadAsync(bool compressed, byte[] tar) =>
        Archives.ReadAsync(compressed ? Archives.Gzip(tar) : tar, compressed ? ImportFormat.TarGzip : ImportFormat.Tar);
}
