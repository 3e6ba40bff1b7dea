using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Dpfah.Api.Collections;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>What is sent instead of a picture, through each door that takes one.</summary>
public abstract class BadPictureTests(ServiceFixture fixture)
{
    private const int MaxBodyBytes = 20 * 1024 * 1024;

    private readonly ApiClient client = fixture.Client;

    public static TheoryData<string> Doors =>
    [
        "POST /search", "POST /compare?id=other", "POST /collections/default/images", "PUT /collections/default/images/bad",
    ];

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_text_file_called_cat_jpg_is_no_picture(string door)
    {
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent("Miaow."u8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } }, "image", "cat.jpg" },
        };

        Problem problem = (await SendAsync(door, form)).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-an-image");

        Assert.Contains("JPEG", problem.Detail, StringComparison.Ordinal);
        await AssertNothingIsThereAsync();
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task A_truncated_jpeg_is_refused(string door)
    {
        (await SendAsync(door, ApiClient.Raw(Pictures.TruncatedJpeg(1)))).ReadProblem(HttpStatusCode.UnprocessableEntity, "undecodable");
        await AssertNothingIsThereAsync();
    }

    [Fact]
    public async Task A_picture_that_was_there_stays_when_a_damaged_one_is_put_in_its_place()
    {
        string collection = await client.CreateCollectionAsync();
        string? tag = (await client.PutAsync(collection, "a", Pictures.Png(1))).ETag;

        (await client.PutAsync(collection, "a", Pictures.TruncatedJpeg(2))).ReadProblem(HttpStatusCode.UnprocessableEntity, "undecodable");

        Assert.Equal(tag, (await client.GetAsync(ApiClient.ImagePath(collection, "a"))).ETag);
    }

    [Fact]
    public async Task A_picture_that_declares_3600_megapixels_is_refused_at_once_and_without_memory()
    {
        byte[] bomb = Pictures.PngDeclaring(60_000, 60_000);
        Assert.InRange(bomb.Length, 1, 50_000);
        await client.SearchAsync(bomb);
        long before = GC.GetTotalAllocatedBytes(precise: true);

        var times = new List<TimeSpan>();
        for (int n = 0; n < 10; n++)
        {
            var clock = Stopwatch.StartNew();
            Problem problem = (await client.SearchAsync(bomb)).ReadProblem(HttpStatusCode.UnprocessableEntity, "too-many-pixels");
            times.Add(clock.Elapsed);
            Assert.Contains("60000 x 60000", problem.Detail, StringComparison.Ordinal);
            Assert.Contains("40 megapixels", problem.Detail, StringComparison.Ordinal);
        }

        // The promise is 50 ms; tests have tenfold slack, and other tests beside them that allocate too.
        Assert.True(times.Order().ElementAt(times.Count / 2) < TimeSpan.FromMilliseconds(500), $"Median of {string.Join(", ", times)}");
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 1_000_000_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_more_than_20_mebibytes_is_too_large(bool lengthIsDeclared)
    {
        using var content = new ByteArrayContent(new byte[MaxBodyBytes + 1]);
        using var chunked = new StreamContent(new MemoryStream(new byte[MaxBodyBytes + 1]));
        HttpContent body = lengthIsDeclared ? content : chunked;
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");

        // Asks first, as curl does with large bodies: else the connection may break before the answer is read.
        (string, string)[] headers = lengthIsDeclared ? [("Expect", "100-continue")] : [("Expect", "100-continue"), ("Transfer-Encoding", "chunked")];
        Answer answer = await client.SendAsync(HttpMethod.Post, "/search", body, headers);

        Assert.Contains("20,971,520", answer.ReadProblem(HttpStatusCode.RequestEntityTooLarge, "too-large").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_20_mebibytes_is_read()
    {
        (await client.SearchAsync(new byte[MaxBodyBytes])).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-an-image");
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task An_empty_body_is_no_picture(string door)
    {
        foreach ((string contentType, string body) in new[] { ("image/png", ""), ("multipart/form-data; boundary=b", "--b--\r\n") })
        {
            var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            Problem problem = (await SendAsync(door, content)).ReadBadParameter();
            Assert.Equal("image", problem.Parameter);
            Assert.Contains("'image'", problem.Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public async Task Multipart_that_is_broken_is_refused(string door)
    {
        string whole = Encoding.Latin1.GetString(await ApiClient.Form(Pictures.Png(1)).ReadAsByteArrayAsync());
        (string ContentType, string Body)[] broken =
        [
            ("multipart/form-data", whole),
            ("multipart/form-data; boundary=", whole),
            ("multipart/form-data; boundary=\"\"", whole),
            ($"multipart/form-data; boundary={new string('b', 71)}", whole),
            ("multipart/form-data; boundary=other", whole),
            ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=image\r\n\r\nno end"),
            ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=image\r\n"),
            ("multipart/form-data; boundary=b", "--b\r\nno header\r\n\r\nx\r\n--b--\r\n"),
            ("multipart/form-data; boundary=b", "--b\r\n\r\nno disposition\r\n--b--\r\n"),
            ("multipart/form-data; boundary=b", $"--b\r\nContent-Disposition: form-data; x={new string('x', 40_000)}\r\n\r\nx\r\n--b--\r\n"),
        ];

        foreach ((string contentType, string body) in broken)
        {
            var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            Answer answer = await SendAsync(door, content);
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{contentType} {body[..Math.Min(60, body.Length)]}: {answer.Text}");
            answer.ReadBadBody();
        }

        await AssertNothingIsThereAsync();
    }

    [Fact]
    public async Task Fields_of_a_form_are_checked_by_name()
    {
        (string Field, string[] Values)[] wrong =
        [
            ("lables", ["dog"]),
            ("Image", ["x"]),
            ("file", ["x"]),
            ("id", ["a", "b"]),
            ("id", [""]),
            ("metadata", ["{}", "{}"]),
            ("metadata", ["[]"]),
            ("metadata", ["{"]),
            ("metadata", ["{\"a\":1,\"a\":2}"]),
            ("metadata", [$"{{\"a\":\"{new string('x', 16 * 1024)}\"}}"]),
            ("metadata", [$"{{\"a\":{new string('[', 20)}{new string(']', 20)}}}"]),
            ("metadata", ["{\"a\":\"\\ud800\"}"]),
            ("metadata", ["{\"\\udc00\":1}"]),
            ("labels", [""]),
            ("labels", ["a\nb"]),
            ("labels", [new string('x', 129)]),
            ("labels", [.. Enumerable.Range(0, 65).Select(n => $"l{n}")]),
            ("labels", [new string('x', 70_000)]),
        ];

        foreach ((string field, string[] values) in wrong)
        {
            using MultipartFormDataContent form = ApiClient.Form(Pictures.Png(1));
            Array.ForEach(values, value => form.Add(new StringContent(value), field));
            Answer answer = await client.SendAsync(HttpMethod.Post, "/collections/default/images", form);
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{field} {values[0]}: {answer.Text} {answer.Errors}");
            Problem problem = answer.ReadBadParameter();
            Assert.Equal(field, problem.Parameter);
        }

        await AssertNothingIsThereAsync();
    }

    [Fact]
    public async Task A_door_takes_its_own_fields_and_no_more_pictures_than_it_needs()
    {
        using MultipartFormDataContent twice = ApiClient.Form(Pictures.Png(1));
        twice.Add(ApiClient.Raw(Pictures.Png(2)), "image", "2.png");
        using MultipartFormDataContent labelled = ApiClient.Form(Pictures.Png(1), ["dog"]);
        using MultipartFormDataContent named = ApiClient.Form(Pictures.Png(1));
        named.Add(new StringContent("a"), "id");

        Assert.Equal("image", (await SendAsync("POST /search", twice)).ReadBadParameter().Parameter);
        Assert.Equal("labels", (await SendAsync("POST /search", labelled)).ReadBadParameter().Parameter);
        Assert.Equal("id", (await SendAsync("PUT /collections/default/images/bad", named)).ReadBadParameter().Parameter);
    }

    private Task<Answer> SendAsync(string door, HttpContent content)
    {
        string[] parts = door.Split(' ');
        return client.SendAsync(new HttpMethod(parts[0]), parts[1], content);
    }

    private async Task AssertNothingIsThereAsync()
    {
        Assert.Empty(await client.ListAsync("default"));
        Assert.Equal(0, (await client.GetAsync("/collections/default")).Read<CollectionResponse>().Pictures);
    }
}

public sealed class BadPictureTests_Postgres(PostgresService fixture) : BadPictureTests(fixture), IClassFixture<PostgresService>;

public sealed class BadPictureTests_Sqlite(SqliteService fixture) : BadPictureTests(fixture), IClassFixture<SqliteService>;
