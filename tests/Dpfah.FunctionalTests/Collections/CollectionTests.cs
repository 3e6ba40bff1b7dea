using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Collections;

/// <summary>Collections: separate catalogues in one service.</summary>
public abstract class CollectionTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task The_default_collection_is_there_from_the_start()
    {
        CollectionResponse collection = (await client.GetAsync("/collections/default")).Read<CollectionResponse>();

        Assert.Equal(("default", "hash-64", 64), (collection.Name, collection.Generation.Model, collection.Generation.Bits));
        Assert.Equal(("skia", "1"), (collection.Generation.Decoder, collection.Generation.Arithmetic));
        Assert.Null(collection.Drift);
        Assert.Null(collection.Position);
    }

    [Fact]
    public async Task A_collection_is_made_once()
    {
        string name = NewName();

        Answer first = await client.SendAsync(HttpMethod.Put, $"/collections/{name}");
        CollectionResponse second = (await client.SendAsync(HttpMethod.Put, $"/collections/{name}")).Read<CollectionResponse>();

        Assert.Equal($"/collections/{name}", first.Headers.Location?.ToString());
        Assert.Equal(first.Read<CollectionResponse>(HttpStatusCode.Created).Generation, second.Generation);
        Assert.Equal(second.Generation, (await client.GetAsync($"/collections/{name}")).Read<CollectionResponse>().Generation);
    }

    [Fact]
    public async Task A_collection_counts_its_pictures_and_the_memory_of_its_index()
    {
        string name = await client.CreateCollectionAsync();
        long empty = (await client.GetAsync($"/collections/{name}")).Read<CollectionResponse>().Index.MemoryBytes;
        for (int n = 0; n < 100; n++)
        {
            await client.PutAsync(name, $"p{n}", Pictures.Png(n));
        }

        CollectionResponse full = await Eventually.BecomesAsync(
            async () => (await client.GetAsync($"/collections/{name}")).Read<CollectionResponse>(), collection => collection.Pictures == 100);

        // Code of 8 bytes, signature of 32 and number of 8 for each picture; an empty index has room for a few.
        Assert.InRange(full.Index.MemoryBytes - empty, 100 * (8 + 32 + 8), 1_000_000);
    }

    [Fact]
    public async Task Collections_hold_pictures_apart()
    {
        string one = await client.CreateCollectionAsync(), other = await client.CreateCollectionAsync();
        await client.PutAsync(one, "a", Pictures.Png(1), ["one"]);
        string position = (await client.AddAsync(other, "a", Pictures.Png(2), ["other"])).Position!;

        SearchResponse found = await client.FindAsync(Pictures.Png(1), $"?collection={one}&minPosition={position}");

        Assert.Equal((0, 0), (found.Hits[0].Distance, found.Hits[0].FineDistance));
        Assert.Equal(["one"], Assert.Single(found.Hits).Labels);
    }

    [Fact]
    public async Task A_collection_that_is_deleted_and_made_again_is_empty()
    {
        string name = await client.CreateCollectionAsync();
        string path = $"/collections/{name}";
        string position = (await client.AddAsync(name, "a", Pictures.Png(1))).Position!;
        Assert.Single((await client.FindAsync(Pictures.Png(1), $"?collection={name}&minPosition={position}")).Hits);

        (await client.DeleteAsync(path)).AssertStatus(HttpStatusCode.NoContent);
        foreach (Answer answer in new[]
        {
            await client.GetAsync(path),
            await client.DeleteAsync(path),
            await client.GetAsync(path + "/images"),
            await client.GetAsync(path + "/images/a"),
            await client.PutAsync(name, "a", Pictures.Png(1)),
            await client.SearchAsync(Pictures.Png(1), $"?collection={name}"),
        })
        {
            Problem problem = answer.ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
            Assert.Equal("collection", problem.Parameter);
            Assert.Contains($"'{name}'", problem.Detail, StringComparison.Ordinal);
        }

        CollectionResponse again = (await client.SendAsync(HttpMethod.Put, path)).Read<CollectionResponse>(HttpStatusCode.Created);
        Assert.Equal(0, again.Pictures);
        Assert.Empty(await client.ListAsync(name));
        Assert.Empty((await client.FindAsync(Pictures.Png(1), $"?collection={name}")).Hits);
        (await client.GetAsync(path + "/images/a")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        Assert.Equal(HttpStatusCode.Created, (await client.PutAsync(name, "a", Pictures.Png(1))).Status);
    }

    [Fact]
    public async Task The_list_pages_by_name()
    {
        string prefix = $"list-{Guid.NewGuid():n}-";
        foreach (string name in new[] { "b", "a", "d", "c", "e" })
        {
            await client.SendAsync(HttpMethod.Put, $"/collections/{prefix}{name}");
        }

        var names = new List<string>();
        string? cursor = null;
        do
        {
            CollectionList page = (await client.GetAsync($"/collections?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}"))
                .Read<CollectionList>();
            Assert.InRange(page.Items.Count, 1, 2);
            names.AddRange(page.Items.Select(collection => collection.Name));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(
            ["a", "b", "c", "d", "e"],
            names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]));
        Assert.Contains("default", names);
        Assert.Equal(names, (await client.GetAsync("/collections?limit=500")).Read<CollectionList>().Items.Select(collection => collection.Name));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0.a-b_c")]
    [InlineData("z123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_name_of_the_allowed_characters_is_taken(string name) =>
        Assert.Equal(name, (await client.SendAsync(HttpMethod.Put, $"/collections/{name}")).Read<CollectionResponse>(HttpStatusCode.Created).Name);

    [Theory]
    [InlineData("A")]
    [InlineData("-a")]
    [InlineData(".a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("..")]
    [InlineData("z1234567890123456789012345678901234567890123456789012345678901234")]
    public async Task Another_name_is_refused(string name)
    {
        Problem problem = (await client.SendAsync(HttpMethod.Put, $"/collections/{ApiClient.Encode(name)}")).ReadBadParameter();

        Assert.Equal("collection", problem.Parameter);
        Assert.Contains($"'{name}'", problem.Detail, StringComparison.Ordinal);
    }

    private static string NewName() => $"c-{Guid.NewGuid():n}";
}

public sealed class CollectionTests_Postgres(PostgresService fixture) : CollectionTests(fixture), IClassFixture<PostgresService>;

public sealed class CollectionTests_Sqlite(SqliteService fixture) : CollectionTests(fixture), IClassFixture<SqliteService>;
