using System.Net;
using System.Text;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>Parameters, bodies, paths and methods that are not what they should be.</summary>
public abstract class BadRequestTests(ServiceFixture fixture)
{
    private static readonly string Code = new('0', 16);

    private readonly ApiClient client = fixture.Client;

    [Theory]
    [InlineData("k", "0")]
    [InlineData("k", "-1")]
    [InlineData("k", "1001")]
    [InlineData("k", "abc")]
    [InlineData("k", "1.5")]
    [InlineData("k", "99999999999999999999")]
    [InlineData("k", "")]
    [InlineData("radius", "-1")]
    [InlineData("radius", "65")]
    [InlineData("radius", "1025")]
    [InlineData("radius", "x")]
    [InlineData("confidence", "0")]
    [InlineData("confidence", "1.5")]
    [InlineData("confidence", "nan")]
    [InlineData("confidence", "1e-1")]
    [InlineData("label", "")]
    [InlineData("include", "everything")]
    [InlineData("include", "Metadata")]
    [InlineData("minPosition", "")]
    [InlineData("cursor", "")]
    [InlineData("offset", "10")]
    [InlineData("K", "10")]
    public async Task A_search_refuses_a_parameter_by_name_and_value(string name, string value)
    {
        string picture = $"/search?{name}={value}";
        Answer[] answers =
        [
            await client.SendAsync(HttpMethod.Post, picture, ApiClient.Raw(Pictures.Png(1))),
            await client.SendJsonAsync(HttpMethod.Post, $"/search/code?{name}={value}", $$"""{"code":"{{Code}}"}"""),
        ];

        Assert.All(answers, answer =>
        {
            Problem problem = answer.ReadBadParameter();
            Assert.Equal(name, problem.Parameter);
            Assert.Contains($"'{name}'", problem.Detail, StringComparison.Ordinal);
            if (value.Length > 0 && name is not ("offset" or "K"))
            {
                Assert.Contains(value, problem.Detail, StringComparison.Ordinal);
            }
        });
    }

    [Theory]
    [InlineData("POST /search?k=1&k=2", "k")]
    [InlineData("POST /search?collection=a&collection=a", "collection")]
    [InlineData("POST /search?confidence=0.5&radius=3", "confidence")]
    [InlineData("POST /search/code?collection=default", "collection")]
    [InlineData("POST /compare?k=1", "k")]
    [InlineData("GET /collections?limit=0", "limit")]
    [InlineData("GET /collections?limit=501", "limit")]
    [InlineData("GET /collections?cursor=A", "cursor")]
    [InlineData("GET /collections?name=a", "name")]
    [InlineData("GET /collections/default?x=1", "x")]
    [InlineData("PUT /collections/default?x=1", "x")]
    [InlineData("PUT /collections/default?model=hash-64", "model")]
    [InlineData("DELETE /collections/nobody?force=true", "force")]
    [InlineData("GET /models?limit=501", "limit")]
    [InlineData("GET /models?cursor=hash-64", "cursor")]
    [InlineData("GET /models?cursor=0", "cursor")]
    [InlineData("GET /models?collection=default", "collection")]
    [InlineData("GET /collections/default/images?limit=abc", "limit")]
    [InlineData("GET /collections/default/images?cursor=abc", "cursor")]
    [InlineData("GET /collections/default/images?cursor=aTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", "cursor")]
    [InlineData("GET /collections/default/images?labels=dog", "labels")]
    [InlineData("POST /collections/default/images?id=a", "id")]
    [InlineData("PUT /collections/default/images/a?label=dog", "label")]
    [InlineData("GET /collections/default/images/a?include=metadata", "include")]
    [InlineData("PATCH /collections/default/images/a?labels=dog", "labels")]
    [InlineData("DELETE /collections/default/images/a?x", "x")]
    [InlineData("GET /collections/default/images/a/preview?size=10", "size")]
    [InlineData("GET /collections/default/images/a/similar?collection=default", "collection")]
    [InlineData("GET /collections/default/images/a/similar?k=0", "k")]
    public async Task No_parameter_is_ignored(string request, string parameter)
    {
        string[] parts = request.Split(' ', 2);

        Problem problem = (await client.SendAsync(new HttpMethod(parts[0]), parts[1])).ReadBadParameter();

        Assert.Equal(parameter, problem.Parameter);
        Assert.Contains($"'{parameter}'", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code", "00")]
    [InlineData("code", "000000000000000000")]
    [InlineData("code", "000000000000000x")]
    [InlineData("code", "0000 0000 000000")]
    [InlineData("code", "")]
    [InlineData("signature", "00")]
    [InlineData("signature", "zz")]
    [InlineData("signature", "")]
    public async Task A_code_of_another_length_or_alphabet_is_refused(string name, string value)
    {
        string json = name == "code" ? $$"""{"code":"{{value}}"}""" : $$"""{"code":"{{Code}}","signature":"{{value}}"}""";

        Problem problem = (await client.SendJsonAsync(HttpMethod.Post, "/search/code", json)).ReadBadParameter();

        Assert.Equal(name, problem.Parameter);
        Assert.Contains(name == "code" ? "16 hex digits" : "64 hex digits", problem.Detail, StringComparison.Ordinal);
        Assert.Contains($"{value.Length} characters", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"00\"")]
    [InlineData("{\"code\":7}")]
    [InlineData("{\"code\":[\"00\"]}")]
    [InlineData("{\"code\":\"0000000000000000\",\"codes\":[]}")]
    [InlineData("{\"code\":\"0000000000000000\",\"code\":\"0000000000000000\"}")]
    [InlineData("{\"code\":\"0000000000000000\"} x")]
    [InlineData("{\"code\":\"\\ud800\"}")]
    [InlineData("{\"code\":\"\u0001\"}")]
    [InlineData("{\"metadata\":{\"\\udc00\":1}}")]
    [InlineData("// code\n{}")]
    public async Task Json_that_is_not_as_it_should_be_is_refused(string json)
    {
        foreach (string target in new[] { "POST /search/code", "PATCH /collections/default/images/a" })
        {
            string[] parts = target.Split(' ');
            (await client.SendJsonAsync(new HttpMethod(parts[0]), parts[1], json)).ReadBadBody();
        }
    }

    [Fact]
    public async Task A_member_that_is_not_known_is_named()
    {
        Problem problem = (await client.SendJsonAsync(HttpMethod.Post, "/search/code", """{"code":"0000000000000000","limit":3}""")).ReadBadBody();

        Assert.Contains("'limit'", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("not a type")]
    public async Task Json_under_another_content_type_is_refused(string contentType)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"code":"{{Code}}"}"""));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        Problem problem = (await client.SendAsync(HttpMethod.Post, "/search/code", content))
            .ReadProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-content-type");

        Assert.Contains("application/json", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_a_limit_of_its_own()
    {
        string json = $$"""{"code":"{{new string('0', 300_000)}}"}""";

        Problem problem = (await client.SendJsonAsync(HttpMethod.Post, "/search/code", json))
            .ReadProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");

        Assert.Contains("262,144", problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("picture", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"labels":[null]}""", "labels")]
    [InlineData("""{"labels":[""]}""", "labels")]
    [InlineData("""{"labels":["a\u0000"]}""", "labels")]
    [InlineData("""{"metadata":7}""", "metadata")]
    [InlineData("""{"metadata":[]}""", "metadata")]
    [InlineData("""{"metadata":{"a":[[[[[[[[[1]]]]]]]]]}}""", "metadata")]
    [InlineData("""{"metadata":{"a":"\ud800"}}""", "metadata")]
    public async Task A_patch_is_checked_as_an_upload_is(string json, string parameter)
    {
        string collection = await client.CreateCollectionAsync();
        string? tag = (await client.PutAsync(collection, "a", Pictures.Png(1), ["dog"])).ETag;

        Answer answer = await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, "a"), json);

        Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{answer.Text} {answer.Errors}");
        Assert.Equal(parameter, answer.ReadBadParameter().Parameter);
        Assert.Equal(tag, (await client.GetAsync(ApiClient.ImagePath(collection, "a"))).ETag);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"labels":null}""")]
    public async Task A_patch_that_changes_nothing_says_what_it_could(string json)
    {
        await client.PutAsync("default", "patched", Pictures.Png(1));

        Problem problem = (await client.SendJsonAsync(HttpMethod.Patch, "/collections/default/images/patched", json)).ReadBadBody();

        Assert.Contains("'labels'", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/nothing")]
    [InlineData("POST", "/search/picture")]
    [InlineData("GET", "/collections/default/pictures")]
    [InlineData("GET", "/collections/default/images/a/b/c")]
    [InlineData("GET", "/collections/default/images/a/heat")]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/openapi/v2.json")]
    public async Task An_unknown_path_is_told_as_such(string method, string path)
    {
        Problem problem = (await client.SendAsync(new HttpMethod(method), path)).ReadProblem(HttpStatusCode.NotFound, "no-such-path");

        Assert.Contains($"'{path}'", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/search", "POST")]
    [InlineData("DELETE", "/search/code", "POST")]
    [InlineData("POST", "/collections", "GET")]
    [InlineData("POST", "/collections/default", "DELETE, GET, PUT")]
    [InlineData("PUT", "/models", "GET, POST")]
    [InlineData("PUT", "/collections/default/images", "GET, POST")]
    [InlineData("POST", "/collections/default/images/a%2F100%25", "DELETE, GET, PATCH, PUT")]
    [InlineData("PUT", "/collections/default/images/a/preview", "GET")]
    [InlineData("FOO", "/health/ready", "GET")]
    public async Task A_method_that_a_path_does_not_take_is_told_with_those_it_takes(string method, string path, string allowed)
    {
        Answer answer = await client.SendAsync(new HttpMethod(method), path);

        Problem problem = answer.ReadProblem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        Assert.Equal(allowed, string.Join(", ", answer.ContentHeaders.Allow.Order(StringComparer.Ordinal)));
        Assert.Contains(method, problem.Detail, StringComparison.Ordinal);
        Assert.Contains($"'{path}'", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collection_is_not_made_by_a_body_that_is_not_as_it_should_be()
    {
        foreach (string json in new[] { "{", "[]", "7", """{"model":7}""", """{"model":"hash-64","bits":32}""" })
        {
            (await client.SendJsonAsync(HttpMethod.Put, "/collections/with-body", json)).ReadBadBody();
        }

        (await client.SendAsync(HttpMethod.Put, "/collections/with-body", ApiClient.Form(Pictures.Png(1))))
            .ReadProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-content-type");
        (await client.SendJsonAsync(HttpMethod.Put, "/collections/with-body", $$"""{"model":"{{new string('m', 300_000)}}"}"""))
            .ReadProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
        (await client.GetAsync("/collections/with-body")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    [Fact]
    public async Task An_unknown_collection_is_named_by_every_call()
    {
        Answer[] answers =
        [
            await client.SearchAsync(Pictures.Png(1), "?collection=nobody"),
            await client.SendJsonAsync(HttpMethod.Post, "/search/code", $$"""{"code":"{{Code}}","collection":"nobody"}"""),
            await client.SendAsync(HttpMethod.Post, "/compare?collection=nobody&id=a&id=b"),
            await client.GetAsync("/collections/nobody"),
            await client.DeleteAsync("/collections/nobody"),
            await client.GetAsync("/collections/nobody/images"),
            await client.PutAsync("nobody", "a", Pictures.Png(1)),
            await client.SendAsync(HttpMethod.Post, "/collections/nobody/images", ApiClient.Raw(Pictures.Png(1))),
            await client.GetAsync("/collections/nobody/images/a"),
            await client.SendJsonAsync(HttpMethod.Patch, "/collections/nobody/images/a", """{"labels":[]}"""),
            await client.DeleteAsync("/collections/nobody/images/a"),
            await client.GetAsync("/collections/nobody/images/a/preview"),
            await client.GetAsync("/collections/nobody/images/a/similar"),
        ];

        Assert.All(answers, answer =>
        {
            Problem problem = answer.ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
            Assert.Equal("collection", problem.Parameter);
            Assert.Contains("'nobody'", problem.Detail, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("POST /search?label=%00", "label")]
    [InlineData("POST /search/code?label=a%0Ab", "label")]
    [InlineData("GET /collections/default/images?label=%00", "label")]
    [InlineData("GET /collections/default/images/a/similar?label=%00", "label")]
    [InlineData("POST /compare?id=%00&id=a", "id")]
    public async Task Text_that_no_picture_can_have_is_refused_before_the_database_sees_it(string request, string parameter)
    {
        string[] parts = request.Split(' ');
        HttpContent? body = parts[1].StartsWith("/search/code", StringComparison.Ordinal)
            ? new StringContent($$"""{"code":"{{Code}}"}""", Encoding.UTF8, "application/json")
            : null;

        Problem problem = (await client.SendAsync(new HttpMethod(parts[0]), parts[1], body)).ReadBadParameter();

        Assert.Equal(parameter, problem.Parameter);
        Assert.Contains("printable", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_without_a_content_type_is_refused()
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"code":"{{Code}}"}"""));

        Problem problem = (await client.SendAsync(HttpMethod.Post, "/search/code", content)).ReadBadBody();

        Assert.Contains("application/json", problem.Detail, StringComparison.Ordinal);
    }
}

public sealed class BadRequestTests_Postgres(PostgresService fixture) : BadRequestTests(fixture), IClassFixture<PostgresService>;

public sealed class BadRequestTests_Sqlite(SqliteService fixture) : BadRequestTests(fixture), IClassFixture<SqliteService>;
