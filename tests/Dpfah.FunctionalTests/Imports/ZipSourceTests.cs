using System.Buffers.Binary;
using System.IO.Compression;
using Dpfah.Engine.Imports;

namespace Dpfah.FunctionalTests.Imports;

public sealed class ZipSourceTests
{
    private const uint CentralHeader = 0x02014b50;
    private const int CentralFlags = 8, CentralSize = 24, LocalFlags = 6;

    [Fact]
    public async Task Paths_become_ids_and_folders_labels()
    {
        List<ImportEntry> entries = await ReadAsync(
            Archives.File("root.jpg"), Archives.File("train/dog/1.jpg", 70_000), Archives.File("./cat/1.jpg"), ("empty/", []), Archives.File("a\\b\\c.png"));

        Assert.Equal(["root.jpg", "train/dog/1.jpg", "cat/1.jpg", "a/b/c.png"], entries.Told());
        Assert.Equal([[], ["dog"], ["cat"], ["b"]], entries.Select(entry => entry.Labels));
        Assert.Equal(Archives.File("train/dog/1.jpg", 70_000).Bytes, entries[1].Bytes);
        Assert.All(
            await Archives.ReadAsync(Archives.Zip(Archives.File("dog/1.jpg")), ImportFormat.Zip, LabelSource.None), entry => Assert.Empty(entry.Labels));
    }

    [Fact]
    public async Task What_operating_systems_leave_behind_is_not_counted() =>
        Assert.Equal(["a.jpg"], (await ReadAsync(
            Archives.File("__MACOSX/._a.jpg"), Archives.File("x/.DS_Store"), Archives.File("Thumbs.db"), Archives.File("a.jpg"), Archives.File("b/._c.jpg"))).Told());

    [Theory]
    [InlineData("../a.jpg")]
    [InlineData("a/../../b.jpg")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\a.jpg")]
    [InlineData("..\\a.jpg")]
    [InlineData("a//b.jpg")]
    public async Task Names_that_lead_out_are_rejected(string name)
    {
        List<ImportEntry> entries = await ReadAsync(Archives.File(name), Archives.File("good.jpg"));

        Assert.Equal([$"{name}: unsafe-name", "good.jpg"], entries.Told());
        Assert.Null(entries[0].Bytes);
    }

    [Fact]
    public async Task Names_that_are_no_ids_are_rejected()
    {
        string name = new('x', 257);
        Assert.Equal([$"{name[..256]}: bad-id", "a\uFFFDb.jpg: bad-id"], (await ReadAsync(Archives.File(name), Archives.File("a\tb.jpg"))).Told());
    }

    [Fact]
    public async Task Links_and_devices_are_rejected()
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, int type) in new[] { ("link", 0xA1FF), ("device", 0x2180), ("file", 0x81A4), ("folder", 0x41ED) })
            {
                ZipArchiveEntry entry = archive.CreateEntry(name);
                entry.ExternalAttributes = type << 16;
                using Stream bytes = entry.Open();
                bytes.Write("/etc/passwd"u8);
            }
        }

        Assert.Equal(["link: link", "device: special-file", "file"], (await Archives.ReadAsync(stream.ToArray(), ImportFormat.Zip)).Told());
    }

    [Fact]
    public async Task A_bomb_of_nested_archives_is_rejected_without_being_unpacked()
    {
        byte[] inner = Archives.Zip(("zeros", new byte[10 << 20]));
        (string, byte[])[] many = [.. Enumerable.Range(0, 16).Select(i => ($"lib{i}.zip", inner))];

        List<ImportEntry> entries = await ReadAsync([.. many, ("a.tar.gz", Archives.Gzip([1])), ("b.tar", Archives.Tar(Archives.File("x")))]);

        Assert.All(entries, entry => Assert.Equal("nested-archive", entry.Rejection?.Code));
        Assert.Equal(18, entries.Count);
    }

    [Fact]
    public async Task An_archive_that_unpacks_to_more_than_pictures_can_ends_with_a_sentence()
    {
        byte[] bomb = Archives.Zip(Enumerable.Range(0, 50).Select(i => ($"{i}.bmp", new byte[100_000])));
        var limits = new ImportLimits { ExpansionFloor = 1_000_000, Expansion = 1 };
        var entries = new List<ImportEntry>();

        var error = await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.CollectAsync(bomb, ImportFormat.Zip, entries, limits: limits));

        Assert.Contains("unpacks to more than", error.Message, StringComparison.Ordinal);
        Assert.InRange(entries.Count, 10, 49);
    }

    [Fact]
    public async Task An_entry_that_says_that_it_is_too_large_is_not_unpacked() => Assert.Equal(
        ["large.bmp: too-large", "b"],
        (await Archives.ReadAsync(
            Archives.Zip(("large.bmp", new byte[1001]), Archives.File("b")), ImportFormat.Zip, limits: new ImportLimits { PictureBytes = 1000 })).Told());

    [Theory]
    [InlineData(1)]
    [InlineData(99)]
    [InlineData(101)]
    [InlineData(20 << 20)]
    public async Task An_entry_that_lies_about_its_size_is_rejected(int claimed)
    {
        byte[] zip = Archives.Zip(Archives.File("liar"), Archives.File("good"));
        BinaryPrimitives.WriteInt32LittleEndian(zip.AsSpan(CentralOf(zip) + CentralSize), claimed);

        Assert.Equal(["liar: damaged", "good"], (await Archives.ReadAsync(zip, ImportFormat.Zip)).Told());
    }

    [Fact]
    public async Task An_entry_whose_bytes_changed_is_rejected_and_the_next_one_is_read()
    {
        byte[] zip = Archives.Zip(CompressionLevel.NoCompression, [Archives.File("broken"), Archives.File("good")]);
        zip[60] ^= 1;

        Assert.Equal(["broken: damaged", "good"], (await Archives.ReadAsync(zip, ImportFormat.Zip)).Told());
    }

    [Fact]
    public async Task An_encrypted_entry_is_rejected()
    {
        byte[] zip = Archives.Zip(Archives.File("secret"), Archives.File("good"));
        zip[LocalFlags] |= 1;
        zip[CentralOf(zip) + CentralFlags] |= 1;

        Assert.Equal(["secret: encrypted", "good"], (await Archives.ReadAsync(zip, ImportFormat.Zip)).Told());
    }

    [Fact]
    public async Task A_second_entry_of_the_same_id_is_rejected() => Assert.Equal(
        ["a", "b", "a: duplicate-id", "a: duplicate-id"],
        (await ReadAsync(Archives.File("a"), Archives.File("b"), Archives.File("a", 7), Archives.File("./a"))).Told());

    [Fact]
    public async Task A_truncated_archive_and_one_whose_directory_is_too_large_are_refused()
    {
        byte[] zip = Archives.Zip(Enumerable.Range(0, 1000).Select(i => Archives.File($"{i}")));
        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(zip[..^1000], ImportFormat.Zip));

        var error = await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.ReadAsync(zip, ImportFormat.Zip, limits: new ImportLimits { DirectoryBytes = 10_000 }));
        Assert.Contains("directory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Skipped_entries_keep_their_places_and_have_no_bytes()
    {
        byte[] zip = Archives.Zip(Archives.File("a"), Archives.File("../b"), Archives.File("c"), Archives.File("d"));

        List<ImportEntry> entries = await Archives.ReadAsync(zip, ImportFormat.Zip, skip: 3);

        Assert.Equal(["a", "../b: unsafe-name", "c", "d"], entries.Told());
        Assert.Equal([false, false, false, true], entries.Select(entry => entry.Bytes is not null));
    }

    private static Task<List<ImportEntry>> ReadAsync(params IEnumerable<(string, byte[])> files) =>
        Archives.ReadAsync(Archives.Zip(files), ImportFormat.Zip);

    /// <summary>Where the directory's first header begins.</summary>
    private static int CentralOf(byte[] zip)
    {
        var mark = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(mark, CentralHeader);
        return zip.AsSpan().IndexOf(mark);
    }
}
