using System.Net;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Many searches in one request, and many requests at once.</summary>
public abstract class BatchTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Theory]
    [InlineData("?k=7")]
    [InlineData("?k=30&label=cat")]
    [InlineData("?k=5&filter=%7B%22n%22%3A%7B%22gt%22%3A250%7D%7D&include=metadata")]
    [InlineData("?k=6&collapse=model")]
    [InlineData("?k=5&order=asymmetric")]
    public async Task Each_picture_of_a_batch_is_answered_as_it_would_be_alone(string query)
    {
        SharedPictures filled = await fixture.FilledAsync();
        query += $"&collection={filled.Name}";
        int[] numbers = [.. Enumerable.Range(0, 40).Select(i => i * 11)];
        using var form = new MultipartFormDataContent();
        foreach (int n in numbers)
        {
            form.Add(ApiClient.Raw(SharedPictures.Picture(n)), "image", $"{n}.png");
        }

        form.Add(ApiClient.Raw("no picture"u8.ToArray()), "image", "bad.png");
        SearchBatchResponse batch = (await client.SendAsync(HttpMethod.Post, "/search/batch" + query, form)).Read<SearchBatchResponse>();

        Assert.Equal(numbers.Length + 1, batch.Outcomes.Count);
        foreach ((int i, int n) in numbers.Index())
        {
            SearchResponse alone = await client.FindAsync(SharedPictures.Picture(n), query);
            Assert.Equal(200, batch.Outcomes[i].Status);
            AssertSame(alone, batch.Outcomes[i].Result!);
        }

        SearchOutcome bad = batch.Outcomes[^1];
        Assert.Equal((415, null), (bad.Status, bad.Result));
        Assert.Equal("urn:dpfah:problem:not-an-image", bad.Problem!.Type);
    }

    [Fact]
    public async Task A_batch_of_codes_and_ids_has_an_outcome_for_each()
    {
        SharedPictures filled = await fixture.FilledAsync();
        ImageResponse image = filled.Images[60];
        string json = JsonSerializer.Serialize(
            new SearchBatchRequest(
            [
                new BatchQueryRequest(image.Code, image.Signature, null),
                new BatchQueryRequest(image.Code, null, null),
                new BatchQueryRequest(null, null, image.Id),
                new BatchQueryRequest(null, null, "nobody"),
                new BatchQueryRequest("abc", null, null),
                new BatchQueryRequest(null, null, null),
                new BatchQueryRequest(image.Code, null, image.Id),
            ]),
            JsonSerializerOptions.Web);
        SearchBatchResponse batch = (await client.SendJsonAsync(HttpMethod.Post, $"/search/batch?k=12&collection={filled.Name}", json)).Read<SearchBatchResponse>();

        Assert.Equal([200, 200, 200, 404, 400, 400, 400], batch.Outcomes.Select(o => o.Status));
        AssertSame((await client.SearchCodeAsync(new SearchByCodeRequest(image.Code, image.Signature, filled.Name), "?k=12")).Read<SearchResponse>(), batch.Outcomes[0].Result!);
        AssertSame((await client.SearchCodeAsync(new SearchByCodeRequest(image.Code, null, filled.Name), "?k=12")).Read<SearchResponse>(), batch.Outcomes[1].Result!);
        AssertSame((await client.GetAsync($"{ApiClient.ImagePath(filled.Name, image.Id)}/similar?k=12")).Read<SearchResponse>(), batch.Outcomes[2].Result!);
        Assert.All(batch.Outcomes.Where(o => o.Status != 200), o => Assert.True(o.Result is null && o.Problem!.Detail!.EndsWith('.')));

        // A page of a batch goes on as any other.
        SearchResponse next = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={batch.Outcomes[0].Result!.NextCursor}")).Read<SearchResponse>();
        Assert.Equal(12, next.Hits.Count);
        Assert.Empty(next.Hits.Select(h => h.Id).Intersect(batch.Outcomes[0].Result!.Hits.Select(h => h.Id)));
    }

    [Fact]
    public async Task A_batch_that_is_none_is_refused()
    {
        Assert.Equal("queries", (await client.SendJsonAsync(HttpMethod.Post, "/search/batch", """{"queries": []}""")).ReadBadParameter().Parameter);
        string many = "{\"queries\": [" + string.Join(",", Enumerable.Repeat("{\"code\": \"00\"}", 257)) + "]}";
        Assert.Equal("queries", (await client.SendJsonAsync(HttpMethod.Post, "/search/batch", many)).ReadBadParameter().Parameter);
        Assert.Equal("image", (await client.SendAsync(HttpMethod.Post, "/search/batch")).ReadBadParameter().Parameter);
        using var form = new MultipartFormDataContent();
        for (int i = 0; i < 257; i++)
        {
            form.Add(ApiClient.Raw([1]), "image", "x.png");
        }

        Assert.Equal("image", (await client.SendAsync(HttpMethod.Post, "/search/batch", form)).ReadBadParameter().Parameter);
        (await client.SendJsonAsync(HttpMethod.Post, "/search/batch?collection=nobody", """{"queries": [{"id": "a"}]}""")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    [Fact]
    public async Task Searches_at_once_are_answered_as_one_by_one()
    {
        SharedPictures filled = await fixture.FilledAsync();
        var expected = new Dictionary<(int, int), string[]>();
        for (int n = 0; n < 20; n++)
        {
            for (int k = 1; k <= 40; k += 13)
            {
                expected[(n, k)] = Ids(await SearchAsync(filled, n, k));
            }
        }

        const int Rounds = 15;
        int compared = 0;
        for (int round = 0; round < Rounds; round++)
        {
            ((int N, int K) Key, string[] Ids)[] found = await Task.WhenAll(expected.Keys.Select(async key => (key, Ids(await SearchAsync(filled, key.Item1, key.Item2)))));
            foreach (((int N, int K) key, string[] ids) in found)
            {
                Assert.Equal(expected[key], ids);
                compared++;
            }
        }

        Counts.Report($"searches-at-once-{fixture.Database.Provider}", compared, Rounds * expected.Count);

        static string[] Ids(SearchResponse page) => [.. page.Hits.Select(hit => hit.Id)];
    }

    private async Task<SearchResponse> SearchAsync(SharedPictures filled, int n, int k) => (await client.SearchCodeAsync(
        new SearchByCodeRequest(filled.Images[n].Code, filled.Images[n].Signature, filled.Name), $"?k={k}")).Read<SearchResponse>();

    private static void AssertSame(SearchResponse expected, SearchResponse actual)
    {
        Assert.Equal(expected.Hits.Select(Text), actual.Hits.Select(Text));
        Assert.Equal(expected.Ranking, actual.Ranking);
        Assert.Equal(expected.Query, actual.Query);
        Assert.Equal(expected.NextCursor, actual.NextCursor);

        static string Text(Hit hit) => JsonSerializer.Serialize(hit);
    }
}

public sealed class BatchTests_Postgres(PostgresService fixture) : BatchTests(fixture), IClassFixture<PostgresService>;

public sealed class BatchTests_Sqlite(SqliteService fixture) : BatchTests(fixture), IClassFixture<SqliteService>;
