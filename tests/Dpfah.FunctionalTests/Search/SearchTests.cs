using System.Net;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Search by picture and by code, against the definition of the ranking.</summary>
public abstract class SearchTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_picture_finds_itself_first_whichever_way_it_is_sent()
    {
        SharedPictures filled = await fixture.FilledAsync();
        for (int n = 0; n < SharedPictures.Count; n += 25)
        {
            string target = $"/search?k=5&collection={filled.Name}";
            SearchResponse raw = (await client.SendAsync(HttpMethod.Post, target, ApiClient.Raw(SharedPictures.Picture(n)))).Read<SearchResponse>();
            SearchResponse form = (await client.SendAsync(HttpMethod.Post, target, ApiClient.Form(SharedPictures.Picture(n)))).Read<SearchResponse>();

            ImageResponse image = filled.Images.Single(image => image.Id == $"p{n}");
            Assert.Equal(($"p{n}", 0, 0), (raw.Hits[0].Id, raw.Hits[0].Distance, raw.Hits[0].FineDistance));
            Assert.Equal((image.Code, image.Signature), (raw.Query.Code, raw.Query.Signature));
            Assert.Equal(raw.Hits.Select(hit => hit.Id), form.Hits.Select(hit => hit.Id));
            Assert.True(raw.Timings is { DecodeMs: >= 0, ModelMs: >= 0, SearchMs: >= 0 });
        }
    }

    [Fact]
    public async Task Rankings_agree_with_the_definition()
    {
        SharedPictures filled = await fixture.FilledAsync();
        var random = new Random(11);
        const int Queries = 150;
        for (int query = 0; query < Queries; query++)
        {
            ImageResponse near = filled.Images[random.Next(filled.Images.Count)];
            string? signature = random.Next(3) == 0 ? null : filled.Images[random.Next(filled.Images.Count)].Signature;
            int? radius = random.Next(2) == 0 ? null : random.Next(10);
            int k = random.Next(4) == 0 ? 1000 : random.Next(1, 60);
            string[] labels = [.. random.GetItems(["dog", "cat", "Dog", "wild cat", "dogs"], random.Next(3)).Distinct()];
            string filters = (radius is null ? "" : $"&radius={radius}")
                + string.Concat(labels.Select(label => $"&label={Uri.EscapeDataString(label)}"));

            SearchResponse page = (await client.SearchCodeAsync(
                new SearchByCodeRequest(near.Code, signature, filled.Name), $"?k={k}{filters}")).Read<SearchResponse>();

            NaiveRanking.AssertFirstPage(NaiveRanking.Rank(filled.Images, near.Code, signature, radius, labels), k, page);
            Assert.Equal(radius, page.Ranking.Radius);
            Assert.Equal((near.Code, signature), (page.Query.Code, page.Query.Signature));
            Assert.All(page.Hits, hit => Assert.Equal(filled.Images.Single(image => image.Id == hit.Id).Labels, hit.Labels));
        }

        Counts.Report($"rankings-{fixture.Database.Provider}", Queries, Queries);
    }

    [Fact]
    public async Task Twenty_are_found_in_the_default_collection_unless_the_query_says_otherwise()
    {
        for (int n = 0; n < 25; n++)
        {
            await client.PutAsync("default", $"d{n}", Pictures.Png(9_000 + n));
        }

        string position = (await client.AddAsync("default", "d25", Pictures.Png(9_025))).Position!;

        SearchResponse page = await client.FindAsync(Pictures.Png(9_000), $"?minPosition={position}");

        Assert.Equal("default", page.Collection);
        Assert.Equal(20, page.Hits.Count);
        Assert.Equal("d0", page.Hits[0].Id);
        Assert.Equal((64, "hash-64"), (page.Generation!.Bits, page.Generation.Model));
    }

    [Fact]
    public async Task An_empty_collection_is_answered_without_hits()
    {
        string collection = await client.CreateCollectionAsync();

        SearchResponse page = await client.FindAsync(Pictures.Png(1), $"?collection={collection}");

        Assert.Empty(page.Hits);
        Assert.Null(page.NextCursor);
        Assert.Equal((null, 0, 0), (page.Ranking.CutDistance, page.Ranking.BelowCut, page.Ranking.TiedAtCut));
    }

    [Fact]
    public async Task Metadata_comes_with_the_hits_when_it_is_asked_for()
    {
        SharedPictures filled = await fixture.FilledAsync();

        SearchResponse with = await client.FindAsync(SharedPictures.Picture(1), $"?k=30&include=metadata&collection={filled.Name}");
        Answer without = await client.SearchAsync(SharedPictures.Picture(1), $"?k=30&collection={filled.Name}");

        Assert.Equal(30, with.Hits.Count);
        Assert.All(with.Hits, hit => Assert.Equal(SharedPictures.Metadata(int.Parse(hit.Id[1..])) ?? "{}", hit.Metadata?.GetRawText()));
        Assert.DoesNotContain("\"metadata\"", without.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_are_compared_as_pictures_as_ids_or_one_of_each()
    {
        string collection = await client.CreateCollectionAsync();
        ImageResponse a = await client.AddAsync(collection, "a", Pictures.Png(1));
        ImageResponse b = await client.AddAsync(collection, "b/2", Pictures.Png(2));
        string target = $"/compare?collection={collection}";
        using MultipartFormDataContent both = ApiClient.Form(Pictures.Png(1));
        both.Add(ApiClient.Raw(Pictures.Png(2)), "image", "2.png");

        CompareResponse[] answers =
        [
            (await client.SendAsync(HttpMethod.Post, target, both)).Read<CompareResponse>(),
            (await client.SendAsync(HttpMethod.Post, target + "&id=a&id=b%2F2")).Read<CompareResponse>(),
            (await client.SendAsync(HttpMethod.Post, target + "&id=b%2F2", ApiClient.Raw(Pictures.Png(1)))).Read<CompareResponse>(),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal((a.Code, b.Code, a.Signature, b.Signature), (answer.A.Code, answer.B.Code, answer.A.Signature, answer.B.Signature));
            Assert.Equal(answer.Distance, answer.DifferingBits.Count);
            Assert.Equal(Flip(a.Code, answer.DifferingBits), b.Code);
            Assert.InRange(answer.FineDistance, 1, 256);
        });
        (await client.SendAsync(HttpMethod.Post, target + "&id=a&id=nobody")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        (await client.SendAsync(HttpMethod.Post, target + "&id=a")).ReadBadParameter();
    }

    private static string Flip(string code, IEnumerable<int> bits)
    {
        byte[] bytes = Convert.FromHexString(code);
        foreach (int bit in bits)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return Convert.ToHexStringLower(bytes);
    }
}

public sealed class SearchTests_Postgres(PostgresService fixture) : SearchTests(fixture), IClassFixture<PostgresService>;

public sealed class SearchTests_Sqlite(SqliteService fixture) : SearchTests(fixture), IClassFixture<SqliteService>;
