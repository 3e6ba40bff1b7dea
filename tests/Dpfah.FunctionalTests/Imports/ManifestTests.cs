using System.IO.Compression;
using Dpfah.Engine.Imports;

namespace Dpfah.FunctionalTests.Imports;

public sealed class ManifestTests
{
    private static readonly (string, byte[])[] Pictures = [Archives.File("dog/1.jpg"), Archives.File("dog/2.jpg"), Archives.File("dog/3.jpg")];

    public static TheoryData<string, string> Manifests => new()
    {
        {
            "manifest.csv",
            "entry,id,labels,metadata\r\ndog/1.jpg,p1,\"hound|big, old\",\"{\"\"n\"\": 1}\"\r\ndog/2.jpg,,,\r\ngone.jpg,p9,,\r\n"
        },
        {
            "manifest.ndjson",
            """
            {"entry":"dog/1.jpg","id":"p1","labels":["hound","big, old"],"metadata":{"n": 1}}

            {"entry":"./dog/2.jpg"}
            {"entry":"gone.jpg","id":"p9"}
            """
        },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    public async Task A_manifest_gives_ids_labels_and_metadata_wherever_it_stands(string name, string text)
    {
        foreach ((byte[] archive, ImportFormat format) in new[]
        {
            (Archives.Zip([.. Pictures, Archives.Text(name, text)]), ImportFormat.Zip),
            (Archives.Tar([Archives.Text(name, text), .. Pictures]), ImportFormat.Tar),
            (Archives.Tar([.. Pictures, Archives.Text("./" + name, text)]), ImportFormat.Tar),
            (Archives.Gzip(Archives.Tar([.. Pictures, Archives.Text(name, text)])), ImportFormat.TarGzip),
        })
        {
            List<ImportEntry> entries = await Archives.ReadAsync(archive, format);

            Assert.Equal(["p1", "dog/2.jpg", "dog/3.jpg", "p9: missing-entry"], entries.Told());
            Assert.Equal([["hound", "big, old"], [], [], []], entries.Select(entry => entry.Labels));
            Assert.Equal("{\"n\":1}", entries[0].Metadata);
            Assert.Null(entries[1].Metadata);

            Assert.Equal(["dog/1.jpg", "dog/2.jpg", "dog/3.jpg"], (await Archives.ReadAsync(archive, format, LabelSource.Folders)).Told());
        }
    }

    [Theory]
    [InlineData("manifest.csv", "", "is empty")]
    [InlineData("manifest.csv", "entry,size\n", "there is no column 'size'")]
    [InlineData("manifest.csv", "id,labels\n", "the column 'entry' is missing")]
    [InlineData("manifest.csv", "entry,id\na,b\nc\n", "line 3: The row has 1 fields; there are 2 columns.")]
    [InlineData("manifest.csv", "entry\na\na\n", "line 3: It names the entry 'a' again.")]
    [InlineData("manifest.csv", "entry,metadata\na,[]\n", "line 2: Metadata is a JSON object")]
    [InlineData("manifest.ndjson", "{\"entry\":\"a\"}\n{\"id\":\"b\"}", "line 2: It has no 'entry'")]
    [InlineData("manifest.ndjson", "{\"entry\":\"../a\"}", "line 1: 'entry' is a path")]
    [InlineData("manifest.ndjson", "{\"entry\":\"a\",\"image\":\"AAAA\"}", "There is no member 'image' here")]
    [InlineData("manifest.ndjson", "{\"entry\":\"a\",\"entry\":\"b\"}", "It is no JSON object")]
    [InlineData("manifest.ndjson", "{\"entry\":\"a\",\"labels\":\"x\"}", "'labels' is a list of texts")]
    [InlineData("manifest.ndjson", "{\"entry\":\"a\",\"preview\":true}", "'preview' is an object")]
    [InlineData("manifest.ndjson", "nonsense", "line 1: It is no JSON object")]
    public async Task A_manifest_that_is_wrong_refuses_the_archive_and_names_the_line(string name, string text, string expected)
    {
        byte[] archive = Archives.Zip([Archives.Text(name, text), .. Pictures]);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(archive, ImportFormat.Zip));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_may_be_as_long_as_its_archive()
    {
        // As an export has it: much metadata, small previews.
        string text = string.Concat(Enumerable.Range(0, 200).Select(i => $$$"""{"entry":"{{{i}}}.jpg","id":"p{{{i}}}","metadata":{"text":"{{{new string('x', 200)}}}"}}""" + "\n"));
        (string, byte[])[] files = [Archives.Text("manifest.ndjson", text), .. Enumerable.Range(0, 200).Select(i => Archives.File($"{i}.jpg"))];
        var limits = new ImportLimits { ManifestFloor = 10_000 };
        foreach ((byte[] archive, ImportFormat format) in new[] { (Archives.Tar(files), ImportFormat.Tar), (Archives.Zip(CompressionLevel.NoCompression, files), ImportFormat.Zip) })
        {
            List<ImportEntry> entries = await Archives.ReadAsync(archive, format, limits: limits);

            Assert.Equal(Enumerable.Range(0, 200).Select(i => $"p{i}"), entries.Told());
            Assert.All(entries, entry => Assert.Equal(211, entry.Metadata!.Length));
        }

        // Longer than its archive is what was compressed.
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(Archives.Gzip(Archives.Tar(files)), ImportFormat.TarGzip, limits: limits));
        Assert.StartsWith("manifest.ndjson has more than", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<InvalidDataException>(
            () => Archives.ReadAsync(Archives.Tar(files), ImportFormat.Tar, limits: limits with { ManifestLines = 199 }));
        Assert.StartsWith("manifest.ndjson, line 200: A manifest has at most 199 lines", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_line_that_names_an_entry_again_is_told_of_many()
    {
        string text = string.Concat(Enumerable.Range(0, 1000).Select(i => $"{{\"entry\":\"{(i < 600 ? i : i - 300)}.jpg\"}}\n"));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(Archives.Zip([Archives.Text("manifest.ndjson", text)]), ImportFormat.Zip));

        Assert.Equal("manifest.ndjson, line 601: It names the entry '300.jpg' again.", error.Message);
    }

    [Fact]
    public async Task An_archive_without_the_manifest_that_was_asked_for_is_refused()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(Archives.Zip(Pictures), ImportFormat.Zip, LabelSource.Manifest));
        await Assert.ThrowsAsync<InvalidDataException>(() => Archives.ReadAsync(Archives.Tar(Pictures), ImportFormat.Tar, LabelSource.Manifest));
    }

    [Fact]
    public async Task A_preview_is_told_with_its_origin()
    {
        string digest = new('a', 64);
        byte[] archive = Archives.Zip([
            Archives.Text("manifest.ndjson", $$$"""{"entry":"dog/1.jpg","id":"p","preview":{"decoder":"skia/4","sha256":"{{{digest}}}"}}"""), .. Pictures]);

        ImportEntry entry = (await Archives.ReadAsync(archive, ImportFormat.Zip))[0];

        Assert.Equal(("skia/4", digest), (entry.Preview!.Decoder, Convert.ToHexStringLower(entry.Preview.ContentDigest)));
    }
}
