using System.Net;
using System.Text.Json;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Search;

/// <summary>Filters on metadata, labels and ids; one hit a group; several collections; the asymmetric order.</summary>
public abstract class FilterTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    /// <summary>Filters, and what each means for the n-th of the shared pictures that has metadata, or has none.</summary>
    public static TheoryData<string, string> Filters => new()
    {
        { """{"n": 7}""", "n = 7" },
        { """{"n": [7, 8, "9"]}""", "n in 7, 8" },
        { """{"n": {"gte": 100, "lt": 200}}""", "100 <= n < 200" },
        { """{"n": {"gt": 100}}""", "n > 100" },
        { """{"model": {"gte": "m1", "lte": "m12"}}""", "m1..m12" },
        { """{"model": {"exists": false}}""", "no metadata" },
        { """{"sku": {"exists": true}}""", "sku" },
        { """{"sizes": "S", "n": {"lt": 50}}""", "S and n < 50" },
        { """{"sizes": [0, 1]}""", "size 0 or 1" },
        { """{"$$new": null}""", "new is null" },
        { """{"$not": {"$$new": true}}""", "not new" },
        { """{"$or": [{"n": {"lt": 20}}, {"$and": [{"model": "m4"}, {"$label": "cat"}]}]}""", "n < 20 or m4 cats" },
        { """{"$id": ["p3", "p5", "no such id"]}""", "p3, p5" },
        { """{"$not": {"$id": "p3"}, "$label": ["dog", "cat"]}""", "dogs and cats but p3" },
        { """{"no such key": 1}""", "none" },
        { "{}", "all" },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task A_filter_keeps_the_pictures_that_meet_it_on_every_page(string filter, string meaning)
    {
        SharedPictures filled = await fixture.FilledAsync();
        List<ImageResponse> passing = [.. filled.Images.Where(image => Meets(meaning, image))];
        ImageResponse query = filled.Images[41];
        List<(string Id, int Distance, int? FineDistance)> ranking = NaiveRanking.Rank(passing, query.Code, query.Signature, null, []);

        SearchResponse page = (await client.SearchCodeAsync(
            new SearchByCodeRequest(query.Code, query.Signature, filled.Name), $"?k=60&filter={Uri.EscapeDataString(filter)}")).Read<SearchResponse>();
        NaiveRanking.AssertFirstPage(ranking, 60, page);
        List<Hit> hits = [.. page.Hits];
        while (page.NextCursor is not null)
        {
            page = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).Read<SearchResponse>();
            hits.AddRange(page.Hits);
        }

        Assert.Equal(ranking, hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
        Assert.Equal(meaning == "none", hits.Count == 0);
    }

    [Fact]
    public async Task A_filter_sees_what_a_patch_wrote()
    {
        string collection = await client.CreateCollectionAsync();
        await client.AddAsync(collection, "a", Pictures.Png(1), metadata: """{"price": 10}""");
        ImageResponse patched = (await client.SendJsonAsync(
            HttpMethod.Patch, ApiClient.ImagePath(collection, "a"), """{"metadata": {"price": 30}}""")).Read<ImageResponse>();
        string target = $"?collection={collection}&minPosition={patched.Position}&filter=";

        Assert.Empty((await client.FindAsync(Pictures.Png(1), target + Uri.EscapeDataString("""{"price": 10}"""))).Hits);
        Assert.Single((await client.FindAsync(Pictures.Png(1), target + Uri.EscapeDataString("""{"price": {"gte": 30}}"""))).Hits);
    }

    [Theory]
    [InlineData("5", "object")]
    [InlineData("{", "JSON")]
    [InlineData("""{"a": {"near": 1}}""", "There is no condition 'near'")]
    [InlineData("""{"a": {}}""", "'a' has no condition")]
    [InlineData("""{"a": {"gte": 1, "gt": 2}}""", "two lower")]
    [InlineData("""{"a": {"gte": 1, "lt": "2"}}""", "both of one kind")]
    [InlineData("""{"a": {"gte": null}}""", "limits")]
    [InlineData("""{"a": [[1]]}""", "an array")]
    [InlineData("""{"a": 1, "a": 2}""", "twice")]
    [InlineData("""{"$near": 1}""", "There is no '$near'")]
    [InlineData("""{"$or": {"a": 1}}""", "'$or' takes an array")]
    [InlineData("""{"$id": 7}""", "'$id' takes a text")]
    [InlineData("""{"$not": [1]}""", "'$not'")]
    [InlineData("""{"a": {"exists": 1}}""", "true or false")]
    public async Task A_filter_that_is_none_is_refused_with_the_reason(string filter, string reason)
    {
        Problem problem = (await client.SearchAsync(Pictures.Png(1), $"?filter={Uri.EscapeDataString(filter)}")).ReadBadParameter();
        Assert.Equal("filter", problem.Parameter);
        Assert.Contains(reason, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_may_be_as_long_as_a_cursor_can_carry_and_no_longer()
    {
        SharedPictures filled = await fixture.FilledAsync();
        string filter = "{\"$not\": {\"$id\": [" + string.Join(",", Enumerable.Range(0, 200).Select(n => $"\"p{n}\"")) + "]}}";
        Assert.InRange(filter.Length, 1_200, 2_048);
        SearchResponse page = await client.FindAsync(SharedPictures.Picture(400), $"?collection={filled.Name}&k=10&filter={Uri.EscapeDataString(filter)}");
        SearchResponse next = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).Read<SearchResponse>();
        Assert.All(page.Hits.Concat(next.Hits), hit => Assert.True(int.Parse(hit.Id[1..]) >= 200));
        Assert.Equal(20, page.Hits.Concat(next.Hits).DistinctBy(hit => hit.Id).Count());

        Problem problem = (await client.SearchAsync(Pictures.Png(1), $"?filter={new string(' ', 2_049)}")).ReadBadParameter();
        Assert.Equal("filter", problem.Parameter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&filter=%7B%22n%22%3A%7B%22lt%22%3A300%7D%7D")]
    [InlineData("&radius=4")]
    public async Task Collapsed_pages_show_the_first_of_each_group_once(string more)
    {
        SharedPictures filled = await fixture.FilledAsync();
        ImageResponse query = filled.Images[90];
        var seen = new HashSet<string>();
        List<ImageResponse> passing = [.. filled.Images.Where(image => !more.Contains("filter", StringComparison.Ordinal) || NumberOf(image) is < 300)];
        List<(string Id, int Distance, int? FineDistance)> whole = NaiveRanking.Rank(passing, query.Code, query.Signature, more == "&radius=4" ? 4 : null, []);
        List<string> expected = [.. whole.Select(r => r.Id).Where(id => ModelOf(filled, id) is not { } model || seen.Add(model))];

        SearchResponse page = (await client.SearchCodeAsync(
            new SearchByCodeRequest(query.Code, query.Signature, filled.Name), $"?k=9&collapse=model{more}")).Read<SearchResponse>();
        List<Hit> hits = [];
        while (true)
        {
            Assert.NotEmpty(page.Hits);
            hits.AddRange(page.Hits);
            Assert.Equal(whole.Count(r => r.Distance < page.Ranking.CutDistance), page.Ranking.BelowCut);
            Assert.Equal(whole.Count(r => r.Distance == page.Ranking.CutDistance), page.Ranking.TiedAtCut);
            if (page.NextCursor is null)
            {
                break;
            }

            Assert.Equal(9, page.Hits.Count);
            page = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).Read<SearchResponse>();
        }

        Assert.Equal(expected, hits.Select(hit => hit.Id));
        Assert.Contains(hits, hit => ModelOf(filled, hit.Id) is not null);
    }

    [Fact]
    public async Task Several_collections_of_a_model_give_one_ranking()
    {
        string[] names = [await client.CreateCollectionAsync(), await client.CreateCollectionAsync(), await client.CreateCollectionAsync()];
        string position = "";
        for (int n = 0; n < 90; n++)
        {
            position = (await client.AddAsync(names[n * n % 7 % 3], $"p{n}", Pictures.Png(n), n % 2 == 0 ? ["even"] : [])).Position!;
        }

        List<ImageResponse> all = [];
        foreach (string name in names)
        {
            all.AddRange(await client.ListAsync(name));
        }

        // In item order: pictures came in the order of their ids.
        all = [.. all.OrderBy(image => int.Parse(image.Id[1..]))];
        Dictionary<string, string> collectionOf = [];
        foreach (string name in names)
        {
            (await client.ListAsync(name)).ForEach(image => collectionOf.Add(image.Id, name));
        }

        ImageResponse query = all[13];
        foreach ((string more, string[] labels, int? radius) in new[] { ("", (string[])[], (int?)null), ("&label=even", ["even"], null), ("&radius=3", [], 3) })
        {
            List<(string Id, int Distance, int? FineDistance)> ranking = NaiveRanking.Rank(all, query.Code, query.Signature, radius, labels);
            SearchResponse page = (await client.SearchCodeAsync(
                new SearchByCodeRequest(query.Code, query.Signature, null, names), $"?k=11&minPosition={position}{more}")).Read<SearchResponse>();
            NaiveRanking.AssertFirstPage(ranking, 11, page);
            Assert.Equal((null, null), (page.Collection, page.Generation));
            Assert.Equal(names, page.Collections!.Select(c => c.Collection));
            List<Hit> hits = [.. page.Hits];
            while (page.NextCursor is not null)
            {
                page = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).Read<SearchResponse>();
                hits.AddRange(page.Hits);
                Assert.Equal(ranking.Count(r => r.Distance < page.Ranking.CutDistance), page.Ranking.BelowCut);
                Assert.Equal(ranking.Count(r => r.Distance == page.Ranking.CutDistance), page.Ranking.TiedAtCut);
            }

            Assert.Equal(ranking.Select(r => r.Id), hits.Select(hit => hit.Id));
            Assert.All(hits, hit => Assert.Equal(collectionOf[hit.Id], hit.Collection));
        }

        SearchResponse byPicture = await client.FindAsync(
            Pictures.Png(13), "?k=11&collection=" + string.Join("&collection=", names));
        Assert.Equal(("p13", 0, 11), (byPicture.Hits[0].Id, byPicture.Hits[0].Distance, byPicture.Hits.Count));
    }

    [Fact]
    public async Task Collections_that_cannot_be_searched_together_are_refused()
    {
        string own = await client.CreateCollectionAsync();
        Assert.Equal("collection", (await client.SearchAsync(Pictures.Png(1), $"?collection={own}&collection={own}")).ReadBadParameter().Parameter);
        (await client.SearchAsync(Pictures.Png(1), $"?collection={own}&collection=nobody")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await client.SearchAsync(Pictures.Png(1), "?" + string.Join("&", Enumerable.Range(0, 17).Select(i => $"collection=c{i}")))).ReadBadParameter();
    }

    [Fact]
    public async Task The_asymmetric_order_ranks_a_tie_by_the_strength_of_the_bits_that_differ()
    {
        SharedPictures filled = await fixture.FilledAsync();
        SearchResponse page = await client.FindAsync(SharedPictures.Picture(5), $"?k=40&order=asymmetric&collection={filled.Name}");

        // The test's encoder takes the sizes of the real code from the signature.
        byte[] hash = Convert.FromHexString(page.Query.Signature!);
        double[] u = [.. Enumerable.Range(0, 64).Select(i => (hash[i % 32] + 1) / 256.0)];
        double greatest = u.Max();
        BinaryCode code = Parse(page.Query.Code);
        List<(string Id, int Distance, int Weighted, int Fine)> ranking =
        [
            .. filled.Images.Select(image => (
                image.Id,
                Distance: code.HammingDistance(Parse(image.Code)),
                Weighted: Enumerable.Range(0, 64).Where(i => code[i] != Parse(image.Code)[i]).Sum(i => (int)Math.Round(u[i] / greatest * 65_535)),
                Fine: Parse(page.Query.Signature!).HammingDistance(Parse(image.Signature))))
            .OrderBy(r => r.Distance).ThenBy(r => r.Weighted).ThenBy(r => r.Fine),
        ];
        List<Hit> hits = [.. page.Hits];
        while (page.NextCursor is not null)
        {
            page = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}")).Read<SearchResponse>();
            hits.AddRange(page.Hits);
        }

        Assert.Equal(ranking.Select(r => (r.Id, r.Distance, (int?)r.Weighted, (int?)r.Fine)), hits.Select(h => (h.Id, h.Distance, h.WeightedDistance, h.FineDistance)));
        Assert.Contains(ranking.GroupBy(r => r.Distance), tie => tie.Select(r => r.Weighted).Distinct().Count() > 1);

        Assert.Equal("order", (await client.SearchAsync(Pictures.Png(1), "?order=random")).ReadBadParameter().Parameter);
        Assert.All((await client.FindAsync(SharedPictures.Picture(5), $"?collection={filled.Name}")).Hits, hit => Assert.Null(hit.WeightedDistance));
    }

    [Fact]
    public async Task A_collection_tells_of_its_index_and_which_path_answered()
    {
        string name = await client.CreateCollectionAsync();
        await client.AddAsync(name, "a", Pictures.Png(1));
        IndexResponse before = (await client.GetAsync($"/collections/{name}")).Read<CollectionResponse>().Index;
        await client.FindAsync(Pictures.Png(1), $"?collection={name}");
        await client.FindAsync(Pictures.Png(2), $"?collection={name}");
        IndexResponse after = (await client.GetAsync($"/collections/{name}")).Read<CollectionResponse>().Index;

        Assert.Equal(1, after.Segments);
        Assert.Equal(before.Paths.Scans + 2, after.Paths.Scans);
        Assert.InRange(after.MemoryBytes, 1_000, 100_000);
    }

    private static bool Meets(string meaning, ImageResponse image)
    {
        int? n = NumberOf(image);
        return meaning switch
        {
            "n = 7" => n == 7,
            "n in 7, 8" => n is 7 or 8,
            "100 <= n < 200" => n is >= 100 and < 200,
            "n > 100" => n > 100,
            "m1..m12" => n is not null && $"m{n % 20}" is "m1" or "m10" or "m11" or "m12",
            "no metadata" => n is null,
            "sku" => n % 4 == 0,
            "S and n < 50" => n < 50,
            "size 0 or 1" => n % 5 is 0 or 1,
            "new is null" => n % 2 == 1,
            "not new" => n is null || n % 2 == 1,
            "n < 20 or m4 cats" => n < 20 || (n % 20 == 4 && image.Labels.Contains("cat")),
            "p3, p5" => image.Id is "p3" or "p5",
            "dogs and cats but p3" => image.Id != "p3" && (image.Labels.Contains("dog") || image.Labels.Contains("cat")),
            "none" => false,
            "all" => true,
            _ => throw new ArgumentException(meaning),
        };
    }

    private static int? NumberOf(ImageResponse image) => int.Parse(image.Id[1..]) is var n && SharedPictures.Metadata(n) is null ? null : n;

    private static string? ModelOf(SharedPictures filled, string id) => SharedPictures.Metadata(int.Parse(id[1..])) is { } metadata
        ? JsonElement.Parse(metadata).GetProperty("model").GetString()
        : null;

    private static BinaryCode Parse(string hex) => BinaryCode.TryParseHex(hex, out BinaryCode code) ? code : throw new FormatException(hex);
}

public sealed class FilterTests_Postgres(PostgresService fixture) : FilterTests(fixture), IClassFixture<PostgresService>;

public sealed class FilterTests_Sqlite(SqliteService fixture) : FilterTests(fixture), IClassFixture<SqliteService>;
