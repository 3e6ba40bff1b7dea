using System.Net;
using System.Text;
using Dpfah.Api.Images;
using Dpfah.FunctionalTests.Hosting;
using SkiaSharp;

namespace Dpfah.FunctionalTests.Images;

/// <summary>Previews over HTTP.</summary>
public abstract class PreviewTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_preview_is_a_small_jpeg_of_the_picture()
    {
        string collection = await client.CreateCollectionAsync();
        using var large = new SKBitmap(640, 480);
        large.Erase(SKColors.OrangeRed);
        ImageResponse image = await client.AddAsync(collection, "a", large.Encode(SKEncodedImageFormat.Png, 100).ToArray());

        Answer preview = await client.GetAsync(image.Preview);

        preview.AssertStatus(HttpStatusCode.OK);
        Assert.Equal("image/jpeg", preview.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("nosniff", preview.Headers.GetValues("X-Content-Type-Options").Single());
        using SKBitmap decoded = SKBitmap.Decode(preview.Body);
        Assert.Equal((341, 256), (decoded.Width, decoded.Height));
        Assert.Equal((341, 256), (image.Width, image.Height));
        SKColor middle = decoded.GetPixel(170, 128);
        Assert.InRange(middle.Red, 250, 255);
        Assert.InRange(middle.Blue, 0, 8);
    }

    [Fact]
    public async Task A_client_that_has_the_preview_is_told_that_nothing_changed()
    {
        string collection = await client.CreateCollectionAsync();
        ImageResponse image = await client.AddAsync(collection, "a", Pictures.Png(1));
        Answer first = await client.GetAsync(image.Preview);

        Answer same = await client.GetAsync(image.Preview, ("If-None-Match", first.ETag!));
        await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, "a"), """{"labels":["dog"]}""");
        Answer relabelled = await client.GetAsync(image.Preview, ("If-None-Match", first.ETag!));
        await client.PutAsync(collection, "a", Pictures.Png(2));
        Answer replaced = await client.GetAsync(image.Preview, ("If-None-Match", first.ETag!));

        Assert.Equal(HttpStatusCode.NotModified, same.Status);
        Assert.Empty(same.Body);
        Assert.Equal(HttpStatusCode.NotModified, relabelled.Status);
        Assert.Equal(HttpStatusCode.OK, replaced.Status);
        Assert.NotEqual(first.ETag, replaced.ETag);
        Assert.Contains("no-cache", first.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_tells_nothing_about_where_and_when_the_picture_was_taken()
    {
        string collection = await client.CreateCollectionAsync();
        byte[] picture = Pictures.JpegWithExif(1);
        ImageResponse image = await client.AddAsync(collection, "a", picture);

        byte[] preview = (await client.GetAsync(image.Preview)).Body;

        Assert.Contains(Pictures.ExifText, Encoding.Latin1.GetString(picture), StringComparison.Ordinal);
        Assert.DoesNotContain(Pictures.ExifText, Encoding.Latin1.GetString(preview), StringComparison.Ordinal);
        Assert.DoesNotContain("Exif", Encoding.Latin1.GetString(preview), StringComparison.Ordinal);

        // JFIF, tables, frame and scan: no other application block, and no comment.
        Assert.All(JpegMarkers(preview), marker => Assert.Contains(marker, new byte[] { 0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xDD }));
    }

    [Fact]
    public async Task The_preview_path_of_an_id_with_strange_characters_leads_to_its_preview()
    {
        string collection = await client.CreateCollectionAsync();
        foreach (string id in new[] { "a/b c.jpg", "100%", "?#&=+", "日本", "..", "." })
        {
            ImageResponse image = await client.AddAsync(collection, id, Pictures.Png(1));
            (await client.GetAsync(image.Preview)).AssertStatus(HttpStatusCode.OK);
        }
    }

    private static List<byte> JpegMarkers(byte[] jpeg)
    {
        var markers = new List<byte>();
        int at = 2;
        while (jpeg[at] == 0xFF)
        {
            markers.Add(jpeg[at + 1]);
            if (jpeg[at + 1] == 0xDA)
            {
                return markers; // Entropy-coded data up to the end.
            }

            at += 2 + (jpeg[at + 2] << 8) + jpeg[at + 3];
        }

        throw new InvalidDataException("The JPEG has no scan.");
    }
}

public sealed class PreviewTests_Postgres(PostgresService fixture) : PreviewTests(fixture), IClassFixture<PostgresService>;

public sealed class PreviewTests_Sqlite(SqliteService fixture) : PreviewTests(fixture), IClassFixture<SqliteService>;
