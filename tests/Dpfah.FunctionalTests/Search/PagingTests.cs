using System.Net;
using System.Text;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Pages of a ranking, by cursor.</summary>
public abstract class PagingTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Theory]
    [InlineData("/search/code", true, "")]
    [InlineData("/search/code", false, "&label=dog&label=wild%20cat")]
    [InlineData("/search", true, "&radius=4")]
    [InlineData("/search", false, "")]
    public async Task Pages_show_every_picture_once_in_the_order_of_the_ranking(string path, bool withSignature, string filter)
    {
        SharedPictures filled = await fixture.FilledAsync();
        ImageResponse query = filled.Images[77];
        string? signature = withSignature ? query.Signature : null;
        SearchResponse whole = (await client.SearchCodeAsync(
            new SearchByCodeRequest(query.Code, signature, filled.Name), $"?k=1000{filter}")).Read<SearchResponse>();

        SearchResponse page = (await client.SearchCodeAsync(
            new SearchByCodeRequest(query.Code, signature, filled.Name), $"?k=37{filter}")).Read<SearchResponse>();
        var hits = page.Hits.ToList();
        while (page.NextCursor is not null)
        {
            page = (await client.SendAsync(HttpMethod.Post, $"{path}?cursor={page.NextCursor}")).Read<SearchResponse>();
            hits.AddRange(page.Hits);
            Assert.True(hits.Count <= whole.Hits.Count, "The pages repeat.");

            // The cut is told of the whole ranking, not of the page.
            Assert.Equal(whole.Hits.Count(hit => hit.Distance < page.Ranking.CutDistance), page.Ranking.BelowCut);
            Assert.Equal(whole.Hits.Count(hit => hit.Distance == page.Ranking.CutDistance), page.Ranking.TiedAtCut);
            Assert.Equal((query.Code, signature, 37), (page.Query.Code, page.Query.Signature, page.Ranking.K));
        }

        Assert.Equal(
            whole.Hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)), hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
        Assert.True(hits.Count > 100);
    }

    [Fact]
    public async Task Pages_of_a_picture_search_go_on_by_code()
    {
        SharedPictures filled = await fixture.FilledAsync();
        SearchResponse first = await client.FindAsync(SharedPictures.Picture(8), $"?k=10&collection={filled.Name}");
        SearchResponse both = await client.FindAsync(SharedPictures.Picture(8), $"?k=20&collection={filled.Name}");

        SearchResponse second = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={first.NextCursor}")).Read<SearchResponse>();

        Assert.Equal(both.Hits.Select(hit => hit.Id), first.Hits.Concat(second.Hits).Select(hit => hit.Id));
    }

    [Fact]
    public async Task A_page_may_have_another_size_and_metadata()
    {
        string cursor = await FirstCursorAsync();

        SearchResponse page = (await client.SendAsync(HttpMethod.Post, $"/search/code?k=3&include=metadata&cursor={cursor}")).Read<SearchResponse>();

        Assert.Equal(3, page.Hits.Count);
        Assert.All(page.Hits, hit => Assert.NotNull(hit.Metadata));
    }

    [Theory]
    [InlineData("/search/code", "radius=3", "radius")]
    [InlineData("/search/code", "label=dog", "label")]
    [InlineData("/search", "radius=3", "radius")]
    [InlineData("/search", "label=dog", "label")]
    [InlineData("/search", "collection=default", "collection")]
    public async Task A_cursor_carries_what_defines_the_ranking(string path, string parameter, string name)
    {
        string cursor = await FirstCursorAsync();

        Problem problem = (await client.SendAsync(HttpMethod.Post, $"{path}?{parameter}&cursor={cursor}")).ReadBadParameter();

        Assert.Equal(name, problem.Parameter);
        Assert.Contains(name, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_takes_no_other_query_beside_it()
    {
        string cursor = await FirstCursorAsync();

        Answer picture = await client.SearchAsync(Pictures.Png(1), $"?cursor={cursor}");
        Answer code = await client.SearchCodeAsync(new SearchByCodeRequest("00", null, null), $"?cursor={cursor}");

        Assert.Equal("cursor", picture.ReadBadParameter().Parameter);
        Assert.Equal("cursor", code.ReadBadParameter().Parameter);
    }

    [Fact]
    public async Task A_damaged_cursor_is_refused()
    {
        string cursor = await FirstCursorAsync();
        string json = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(cursor));
        string[] damaged =
        [
            "x",
            "%20",
            "*",
            cursor[..^5],
            cursor + "A",
            Base64(json[..^1]),
            Base64("null"),
            Base64("[]"),
            Base64("{}"),
            Base64(json.Replace("\"K\":5", "\"K\":0", StringComparison.Ordinal)),
            Base64(json.Replace("\"K\":5", "\"K\":1001", StringComparison.Ordinal)),
            Base64(json.Replace("\"K\":5", "\"K\":99999999999", StringComparison.Ordinal)),
            Base64(json.Replace("\"Q\":\"", "\"Q\":\"00", StringComparison.Ordinal)),
            Base64(json.Replace("\"S\":\"", "\"S\":\"00", StringComparison.Ordinal)),
            Base64(json.Replace("\"F\":", "\"F\":null,\"Z\":", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"R\":-1,\"L\":[]", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"R\":65,\"L\":[]", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[null]", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[],\"P\":{\"a\":{}}", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[],\"P\":5", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[],\"O\":\"\"", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[],\"U\":\"00\",\"W\":1", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", $"\"L\":[],\"U\":\"{new string('0', 256)}\"", StringComparison.Ordinal)),
            Base64(json.Replace("\"L\":[]", "\"L\":[],\"W\":1", StringComparison.Ordinal)),
            Base64(json.Replace("\"C\":[", "\"C\":null,\"Z\":[", StringComparison.Ordinal)),
            Base64(json.Replace("\"C\":[", "\"C\":[],\"Z\":[", StringComparison.Ordinal)),
            Base64(json.Replace("\"C\":[", "\"C\":[null,", StringComparison.Ordinal)),
            Base64(json.Replace("\"G\":[", "\"G\":[1,", StringComparison.Ordinal)),
            Base64(json.Replace("\"G\":[", "\"Z\":[", StringComparison.Ordinal)),
        ];

        Assert.DoesNotContain(Base64(json), damaged);
        foreach (string text in damaged)
        {
            Answer answer = await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={text}");
            Assert.True(answer.Status == HttpStatusCode.BadRequest, $"{text}: {answer.Text}");
            Assert.Equal("cursor", answer.ReadProblem().Parameter);
        }
    }

    [Fact]
    public async Task A_cursor_ends_with_the_collection_it_was_given_for()
    {
        string collection = await client.CreateCollectionAsync();
        for (int n = 0; n < 3; n++)
        {
            await client.PutAsync(collection, $"p{n}", Pictures.Png(n));
        }

        string position = (await client.AddAsync(collection, "p3", Pictures.Png(3))).Position!;
        string cursor = (await client.FindAsync(Pictures.Png(0), $"?k=2&collection={collection}&minPosition={position}")).NextCursor!;

        (await client.DeleteAsync($"/collections/{collection}")).AssertStatus(HttpStatusCode.NoContent);
        (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");

        (await client.SendAsync(HttpMethod.Put, $"/collections/{collection}")).AssertStatus(HttpStatusCode.Created);
        (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}")).ReadProblem(HttpStatusCode.Conflict, "other-generation");
    }

    [Theory]
    [InlineData("a")]
    [InlineData("'")]
    [InlineData("\\")]
    [InlineData("大")]
    public async Task A_cursor_fits_into_the_next_request_whatever_the_labels(string character)
    {
        string collection = await client.CreateCollectionAsync();
        string[] labels = [.. Enumerable.Range(10, 60).Select(n => $"{n}{string.Concat(Enumerable.Repeat(character, 126))}")];
        await client.PutAsync(collection, "a", Pictures.Png(1), labels);
        string position = (await client.AddAsync(collection, "b", Pictures.Png(2), labels)).Position!;

        // As many of the labels as a request's line of 8 KiB has room for, raw where a URL allows it.
        string escaped = character == "'" ? character : Uri.EscapeDataString(character);
        string[] filters = [.. labels.Select(label => "&label=" + label.Replace(character, escaped, StringComparison.Ordinal))];
        int accepted = 0;
        for (int count = 1; count * filters[0].Length < 7_800; count++)
        {
            Answer first = await client.SearchAsync(
                Pictures.Png(1), $"?k=1&collection={collection}&minPosition={position}{string.Concat(filters.Take(count))}");
            if (first.Status != HttpStatusCode.OK)
            {
                Assert.Equal("label", first.ReadBadParameter().Parameter);
                continue;
            }

            string cursor = first.Read<SearchResponse>().NextCursor!;
            Assert.Single((await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}")).Read<SearchResponse>().Hits);
            accepted++;
        }

        Assert.True(accepted >= 5, $"Only {accepted} labels fit.");
    }

    private async Task<string> FirstCursorAsync()
    {
        SharedPictures filled = await fixture.FilledAsync();
        return (await client.FindAsync(SharedPictures.Picture(1), $"?k=5&collection={filled.Name}")).NextCursor!;
    }

    private static string Base64(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}

public sealed class PagingTests_Postgres(PostgresService fixture) : PagingTests(fixture), IClassFixture<PostgresService>;

public sealed class PagingTests_Sqlite(SqliteService fixture) : PagingTests(fixture), IClassFixture<SqliteService>;
