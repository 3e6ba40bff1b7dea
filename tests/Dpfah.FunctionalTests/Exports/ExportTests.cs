using System.Formats.Tar;
using System.Net;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Core.Codes;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;

namespace Dpfah.FunctionalTests.Exports;

public abstract class ExportTests(ServiceFixture service)
{
    private ApiClient Client => service.Client;

    [Fact]
    public async Task Lines_and_matrix_have_every_picture_in_order()
    {
        SharedPictures shared = await service.FilledAsync();

        Answer lines = await Client.GetAsync($"/collections/{shared.Name}/export");
        Assert.Equal("application/x-ndjson", lines.ContentHeaders.ContentType?.MediaType);
        JsonElement[] items = [.. lines.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(shared.Images.Select(Tell), items.Select(item => string.Join(
            ' ',
            item.GetProperty("id").GetString(),
            item.GetProperty("code").GetString(),
            item.GetProperty("signature").GetString(),
            item.GetProperty("sha256").GetString(),
            string.Join('|', item.GetProperty("labels").EnumerateArray().Select(label => label.GetString())),
            item.TryGetProperty("metadata", out JsonElement metadata) ? metadata.GetRawText() : "")));

        CodeMatrix codes = NpyCodes.Read(new MemoryStream((await Client.GetAsync($"/collections/{shared.Name}/export?format=npy")).Body));
        Assert.Equal(shared.Images.Select(image => image.Code), Enumerable.Range(0, codes.Count).Select(i => codes[i].ToString()));
    }

    [Fact]
    public async Task An_archive_imports_back_to_the_same_pictures()
    {
        SharedPictures shared = await service.FilledAsync();
        Answer archive = await Client.GetAsync($"/collections/{shared.Name}/export?format=archive");
        Assert.Equal("application/x-tar", archive.ContentHeaders.ContentType?.MediaType);

        string collection = await Client.CreateCollectionAsync();
        (await Client.ImportAsync(collection, archive.Body)).AssertSucceeded(SharedPictures.Count);

        Assert.Equal(shared.Images.Select(Tell), (await Client.ListAsync(collection)).Select(Tell));
        string picture = shared.Images[7].Id;
        Assert.Equal(
            (await Client.GetAsync($"{ApiClient.ImagePath(shared.Name, picture)}/preview")).Body,
            (await Client.GetAsync($"{ApiClient.ImagePath(collection, picture)}/preview")).Body);
        (await Client.ImportAsync(collection, archive.Body)).AssertSucceeded(0, unchanged: SharedPictures.Count);

        // The original is known again as well.
        (await Client.PutAsync(collection, "p3", SharedPictures.Picture(3), shared.Images.Single(image => image.Id == "p3").Labels, SharedPictures.Metadata(3)))
            .AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_is_called_a_preview_and_is_none_is_rejected()
    {
        string digest = new('0', 64);
        string manifest = string.Concat(((string[])["png", "large", "exif", "good"]).Select(
            name => $"{{\"entry\":\"{name}\",\"preview\":{{\"decoder\":\"skia/4\",\"sha256\":\"{digest}\"}}}}\n"));
        string collection = await Client.CreateCollectionAsync();

        JobResponse job = await Client.ImportAsync(collection, Archives.Zip(
            Archives.Text("manifest.ndjson", manifest),
            ("png", Pictures.Png(1)),
            ("large", LargeJpeg()),
            ("exif", Pictures.JpegWithExif(1)),
            ("good", (await PreviewAsync()))));

        job.AssertSucceeded(1, rejected: 3);
        Assert.Equal(["png: not-a-preview", "large: not-a-preview", "exif: not-a-preview"], await Client.RejectionsAsync(job.Id));
        Assert.Equal(digest, (await Client.GetAsync(ApiClient.ImagePath(collection, "good"))).Read<ImageResponse>().Sha256);
    }

    [Fact]
    public async Task An_empty_collection_exports_and_wrong_parameters_are_refused()
    {
        string collection = await Client.CreateCollectionAsync();
        Assert.Empty((await Client.GetAsync($"/collections/{collection}/export?format=ndjson")).Body);
        using var tar = new TarReader(new MemoryStream((await Client.GetAsync($"/collections/{collection}/export?format=archive")).Body));
        Assert.Equal("manifest.ndjson", tar.GetNextEntry()?.Name);
        Assert.Equal("format", (await Client.GetAsync($"/collections/{collection}/export?format=zip")).ReadBadParameter().Parameter);
        (await Client.GetAsync("/collections/no-such/export")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    private async Task<byte[]> PreviewAsync()
    {
        SharedPictures shared = await service.FilledAsync();
        return (await Client.GetAsync($"{ApiClient.ImagePath(shared.Name, "p1")}/preview")).Body;
    }

    private static byte[] LargeJpeg()
    {
        using var bitmap = new SkiaSharp.SKBitmap(300, 257);
        return bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Jpeg, 90).ToArray();
    }

    private static string Tell(ImageResponse image) =>
        $"{image.Id} {image.Code} {image.Signature} {image.Sha256} {string.Join('|', image.Labels)} {(image.Metadata is { } metadata ? metadata.GetRawText() : "")}";
}

public sealed class ExportTests_Postgres(PostgresService service) : ExportTests(service), IClassFixture<PostgresService>;

public sealed class ExportTests_Sqlite(SqliteService service) : ExportTests(service), IClassFixture<SqliteService>;
