using System.Diagnostics;
using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Positions: what a write returns, and what a search waits for.</summary>
public abstract class PositionTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_search_sees_each_write_at_its_position()
    {
        const int Writes = 200;
        string collection = await client.CreateCollectionAsync();
        int seen = 0;
        for (int n = 0; n < Writes; n++)
        {
            // By turns: a new picture, the same id with another picture, a deletion.
            string id = $"p{n / 3}";
            if (n % 3 == 2)
            {
                Answer deleted = await client.DeleteAsync(ApiClient.ImagePath(collection, id));
                deleted.AssertStatus(HttpStatusCode.NoContent);
                SearchResponse without = await SearchAtAsync(collection, n - 1, deleted.Headers.GetValues("Dpfah-Position").Single());
                seen += without.Hits.Any(hit => hit.Id == id) ? 0 : 1;
            }
            else
            {
                Answer put = await client.PutAsync(collection, id, Pictures.Png(n));
                ImageResponse image = put.Read<ImageResponse>(n % 3 == 0 ? HttpStatusCode.Created : HttpStatusCode.OK);
                Assert.Equal(image.Position, put.Headers.GetValues("Dpfah-Position").Single());
                SearchResponse with = await SearchAtAsync(collection, n, image.Position!);
                seen += with.Hits is [{ Distance: 0, FineDistance: 0 } first, ..] && first.Id == id ? 1 : 0;
            }
        }

        Counts.Report($"read-your-writes-{fixture.Database.Provider}", seen, Writes);
    }

    [Fact]
    public async Task An_unchanged_picture_has_a_position_that_covers_it()
    {
        string collection = await client.CreateCollectionAsync();
        for (int n = 0; n < 20; n++)
        {
            await client.PutAsync(collection, $"p{n}", Pictures.Png(n));
            string position = (await client.PutAsync(collection, $"p{n}", Pictures.Png(n))).Read<ImageResponse>().Position!;
            Assert.Equal($"p{n}", (await SearchAtAsync(collection, n, position)).Hits[0].Id);
        }
    }

    [Fact]
    public async Task Answers_tell_positions_that_only_grow()
    {
        string collection = await client.CreateCollectionAsync();
        ulong last = 0;
        for (int n = 0; n < 20; n++)
        {
            string written = (await client.AddAsync(collection, $"p{n}", Pictures.Png(n))).Position!;
            ulong answered = ValueOf((await SearchAtAsync(collection, n, written)).Position);
            Assert.True(answered >= ValueOf(written) && answered >= last);
            last = answered;
        }
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("1")]
    [InlineData("1:")]
    [InlineData(":1")]
    [InlineData("1:-1")]
    [InlineData("1:1:1")]
    [InlineData("1:99999999999999999999")]
    [InlineData("x:1")]
    public async Task A_text_that_is_no_position_is_refused(string position)
    {
        Problem problem = (await client.SearchAsync(Pictures.Png(1), $"?minPosition={position}")).ReadBadParameter();

        Assert.Equal("minPosition", problem.Parameter);
        Assert.Contains($"'{position}'", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_of_another_epoch_is_a_conflict()
    {
        Problem problem = (await client.SearchAsync(Pictures.Png(1), "?minPosition=2:1")).ReadProblem(HttpStatusCode.Conflict, "other-epoch");

        Assert.Equal("minPosition", problem.Parameter);
        Assert.Contains("epoch 2", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("epoch 1", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4611686018427387904")]
    [InlineData("18446744073709551615")]
    public async Task A_position_that_is_not_reached_in_five_seconds_is_answered_with_when_to_retry(string value)
    {
        var clock = Stopwatch.StartNew();
        Answer answer = await client.SearchAsync(Pictures.Png(1), $"?minPosition=1:{value}");

        Problem problem = answer.ReadProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(4.9), TimeSpan.FromSeconds(50));
        Assert.Contains(value, problem.Detail, StringComparison.Ordinal);
        Assert.True(answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Similar_pictures_wait_for_a_position_too()
    {
        string collection = await client.CreateCollectionAsync();
        await client.PutAsync(collection, "a", Pictures.Png(1));
        for (int n = 0; n < 20; n++)
        {
            string position = (await client.AddAsync(collection, $"p{n}", Pictures.Png(1))).Position!;
            SearchResponse page = (await client.GetAsync($"/collections/{collection}/images/a/similar?k=1000&minPosition={position}"))
                .Read<SearchResponse>();
            Assert.Equal(n + 1, page.Hits.Count);
        }
    }

    [Fact]
    public async Task A_collection_tells_the_position_of_its_creation()
    {
        string name = $"c-{Guid.NewGuid():n}";
        CollectionResponse made = (await client.SendAsync(HttpMethod.Put, $"/collections/{name}")).Read<CollectionResponse>(HttpStatusCode.Created);
        (await client.SearchAsync(Pictures.Png(1), $"?collection={name}&minPosition={made.Position}")).AssertStatus(HttpStatusCode.OK);

        Answer deleted = await client.DeleteAsync($"/collections/{name}");
        string gone = deleted.Headers.GetValues("Dpfah-Position").Single();
        (await client.SearchAsync(Pictures.Png(1), $"?collection={name}&minPosition={gone}"))
            .ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    /// <summary>Searches at a position; again where another test's transaction on the same server held it back for longer than the service waits.</summary>
    private async Task<SearchResponse> SearchAtAsync(string collection, int picture, string position) =>
        (await Eventually.BecomesAsync(
            () => client.SearchAsync(Pictures.Png(picture), $"?k=3&collection={collection}&minPosition={position}"),
            answer => answer.Status != HttpStatusCode.ServiceUnavailable,
            answer => answer.Text)).Read<SearchResponse>();

    private static ulong ValueOf(string position) => ulong.Parse(position.Split(':')[1]);
}

public sealed class PositionTests_Postgres(PostgresService fixture) : PositionTests(fixture), IClassFixture<PostgresService>;

public sealed class PositionTests_Sqlite(SqliteService fixture) : PositionTests(fixture), IClassFixture<SqliteService>;
