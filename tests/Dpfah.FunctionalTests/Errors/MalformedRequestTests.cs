using System.Net;
using System.Text;
using CsCheck;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>Random requests that mostly make no sense: each is answered, and none by an error of the service.</summary>
public abstract class MalformedRequestTests(ServiceFixture fixture)
{
    private const int Requests = 300;

    private static readonly Gen<string> Method = OneOf("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO");

    private static readonly Gen<string> Text = Gen.OneOf(
        OneOf(
            "default", "a", "", "0", "-1", "abc", "1:x", "null", "{}", "image", "..", "%", "%00", "%2e%2e", "%zz", "%ff", "é", "+", "😀", "1e9",
            "metadata", "\"x\""),
        Gen.Char[' ', '~'].Array[0, 12].Select(chars => new string(chars)),
        Gen.Byte.Array[0, 12].Select(bytes => string.Concat(bytes.Select(b => $"%{b:x2}"))));

    private static readonly Gen<string> Path = Gen.OneOf(
        OneOf(
            "/search", "/search/code", "/compare", "/collections", "/models", "/health/ready", "/openapi/v1.json", "/swagger/", "/",
            "/collections/default/images"),
        Text.Select(text => $"/collections/{Safe(text)}"),
        Text.Select(text => $"/collections/default/images/{Safe(text)}"),
        Text.Select(text => $"/collections/default/images/{Safe(text)}/preview"),
        Text.Select(text => $"/collections/default/images/{Safe(text)}/similar"),
        Text.Select(text => $"/{Safe(text)}"));

    private static readonly Gen<string> Query = Gen.Select(
        OneOf("k", "radius", "label", "cursor", "include", "collection", "limit", "id", "minPosition", "x", ""),
        Text,
        (name, value) => $"{name}={Safe(value)}").Array[0, 3].Select(parts => parts.Length == 0 ? "" : "?" + string.Join('&', parts));

    private static readonly Gen<string> ContentType = Gen.OneOf(
        OneOf(
            "", "application/json", "application/octet-stream", "image/png", "text/plain", "multipart/form-data",
            "multipart/form-data; boundary=b", "multipart/mixed; boundary=b", ";;"),
        Gen.Char[' ', '~'].Array[0, 20].Select(chars => new string(chars)));

    private static readonly Gen<byte[]> Body = Gen.OneOf(
        Gen.Byte.Array[0, 60],
        Gen.Int[0, 1000].Select(Gen.Int[0, 400], (seed, length) => Pictures.Png(seed).Take(length).ToArray()),
        OneOf(
            """{"code":"0000000000000000"}""", """{"code":null,"signature":[]}""", """{"labels":{"a":1}}""", """{"metadata":"x"}""",
            "[[[[[[[[[[[[[[[[[[[[", "{\"a\":",
            "--b\r\nContent-Disposition: form-data; name=image\r\n\r\nx\r\n--b--\r\n",
            "--b\r\nContent-Disposition: form-data; name=metadata\r\n\r\n{\"\\udfff\":0}\r\n--b--\r\n",
            "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
            "--b\r\nContent-Disposition: ;;;=\r\nA: b\r\n\r\n--b", "--b--").Select(Encoding.UTF8.GetBytes));

    private static readonly Gen<(string, string)> Header = Gen.Select(
        OneOf(
            "If-Match", "If-None-Match", "Authorization", "X-Api-Key", "Accept", "Range", "Content-Encoding", "Expect", "X-HTTP-Method-Override"),
        Text,
        (name, value) => (name, Safe(value)));

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task No_request_is_answered_by_an_error_of_the_service()
    {
        int answered = 0;
        await Gen.Select(Method, Path, Query, ContentType, Body, Header).SampleAsync(
            async (method, path, query, contentType, bytes, header) =>
            {
                HttpContent? body = method is "TRACE" ? null : new ByteArrayContent(bytes);
                body?.Headers.TryAddWithoutValidation("Content-Type", contentType);
                Answer answer = await client.SendAsync(new HttpMethod(method), path + query, body, header);
                Assert.True((int)answer.Status < 500, $"{(int)answer.Status} {answer.Text} {answer.Errors}");

                // A bad request that the server refuses before the service sees it has no body.
                if ((int)answer.Status >= 400 && answer.Body.Length > 0)
                {
                    answer.ReadProblem();
                }

                Interlocked.Increment(ref answered);
            },
            iter: Requests,
            threads: 4);

        (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
        Counts.Report($"malformed-requests-{fixture.Database.Provider}", answered, Requests);
    }

    [Theory]
    [InlineData("\r\n\r\n")]
    [InlineData("GET\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /collections/default/images/%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n")]
    [InlineData("POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST /search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")]
    [InlineData("POST /search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf of it")]
    public async Task What_is_no_http_does_no_harm(string request)
    {
        string response = await RawHttp.SendAsync(fixture.Service.Address, request, hangUp: true);

        Assert.Matches("^($|HTTP/1.1 (4[0-9][0-9]|505) )", response);
        (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(n => texts[n]);

    /// <summary>Leaves escapes as they are, and encodes what would not be one line of a request.</summary>
    private static string Safe(string text) =>
        string.Concat(text.EnumerateRunes().Select(c =>
            c.Value is > ' ' and < '\x7F' and not '#' ? c.ToString() : Uri.EscapeDataString(c.ToString())));
}

public sealed class MalformedRequestTests_Postgres(PostgresService fixture) : MalformedRequestTests(fixture), IClassFixture<PostgresService>;

public sealed class MalformedRequestTests_Sqlite(SqliteService fixture) : MalformedRequestTests(fixture), IClassFixture<SqliteService>;
