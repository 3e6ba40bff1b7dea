using System.Net;
using System.Text.Json;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Random searches in a collection, and what one index with all its pictures answers.</summary>
internal sealed class ShardQueries
{
    private static readonly string[] Filters =
    [
        """{"n":{"gte":20,"lt":90}}""", """{"model":["m3","m4","m11"]}""", """{"$not":{"sizes":"S"}}""", """{"$or":[{"$label":"dog"},{"n":{"gt":120}}]}""",
        """{"$id":["p3","p4","p77","p100","p101"]}""", """{"sku":{"exists":true}}""",
    ];

    private readonly List<(Func<ApiClient, string, Task<Answer>> Ask, string Expected)> searches = [];

    /// <summary>Makes searches and notes what a node that holds the whole collection answers.</summary>
    /// <param name="client">The node's client.</param>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">What they are made from.</param>
    /// <param name="pages">Whether the next page of every other one is among them; its cursor is one of the generation that answers now.</param>
    /// <param name="codesOnly">Whether all of them are by code and want nothing that is in the database alone.</param>
    public static async Task<ShardQueries> CreateAsync(ApiClient client, string collection, int count, int seed, bool pages = true, bool codesOnly = false)
    {
        var random = new Random(seed);
        var queries = new ShardQueries();
        for (int i = 0; i < count; i++)
        {
            Func<ApiClient, string, Task<Answer>> ask = RandomSearch(random, collection, codesOnly);
            SearchResponse answer = await WholeAsync(client, ask);
            queries.searches.Add((ask, Told(answer)));
            if (pages && i % 2 == 0 && answer.NextCursor is { } cursor)
            {
                Func<ApiClient, string, Task<Answer>> page = (to, more) => to.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}{more}");
                queries.searches.Add((page, Told(await WholeAsync(client, page))));
            }
        }

        return queries;
    }

    /// <summary>The same searches, with what a node answers now.</summary>
    public async Task<ShardQueries> AgainAsync(ApiClient client)
    {
        var queries = new ShardQueries();
        foreach ((Func<ApiClient, string, Task<Answer>> ask, _) in searches)
        {
            queries.searches.Add((ask, Told(await WholeAsync(client, ask))));
        }

        return queries;
    }

    /// <summary>What the answer to one of the searches is to be.</summary>
    public string Expected(int number) => searches[number % searches.Count].Expected;

    /// <summary>Asks all searches of a node and asserts that each has the same answer.</summary>
    /// <param name="client">The node's client.</param>
    public async Task AssertSameAsync(ApiClient client)
    {
        foreach ((Func<ApiClient, string, Task<Answer>> ask, string expected) in searches)
        {
            Assert.Equal(expected, Told(await WholeAsync(client, ask)));
        }
    }

    /// <summary>Asks one of the searches.</summary>
    /// <returns>The answer; null, and why, when it says that it lacks shards, or that none answers at the moment: one asks again then.</returns>
    public async Task<(string? Answer, Lack Lack)> AskAsync(ApiClient client, int number)
    {
        Answer answer = await searches[number % searches.Count].Ask(client, "");
        if (answer.Status != HttpStatusCode.OK)
        {
            bool isAway = answer.Status == HttpStatusCode.ServiceUnavailable;
            return (isAway ? null : $"{(int)answer.Status}: {answer.Text}", isAway ? Lack.Everything : Lack.None);
        }

        SearchResponse response = answer.Read<SearchResponse>();
        if (response.Partial is not null)
        {
            return (null, Lack.Shards);
        }

        return (Told(response), Lack.None);
    }

    /// <summary>Asks until the answer lacks no shard: on a busy machine one may take longer than a search waits for it.</summary>
    private static async Task<SearchResponse> WholeAsync(ApiClient client, Func<ApiClient, string, Task<Answer>> ask)
    {
        Answer whole = await Eventually.BecomesAsync(
            () => ask(client, ""),
            answer => answer.Status != HttpStatusCode.ServiceUnavailable && (answer.Status != HttpStatusCode.OK || answer.Read<SearchResponse>().Partial is null),
            answer => answer.Text);
        return whole.Read<SearchResponse>();
    }

    private static Func<ApiClient, string, Task<Answer>> RandomSearch(Random random, string collection, bool codesOnly)
    {
        string parameters = $"?k={(random.Next(3) == 0 ? random.Next(30, 300) : random.Next(1, 12))}"
            + (random.Next(4) == 0 ? $"&radius={random.Next(0, 4)}" : "")
            + (random.Next(4) == 0 ? "&label=dog&label=cat" : "")
            + (random.Next(3) == 0 ? $"&filter={Uri.EscapeDataString(Filters[random.Next(Filters.Length)])}" : "")
            + (random.Next(5) == 0 ? "&collapse=model" : "")
            + (!codesOnly && random.Next(5) == 0 ? "&include=metadata" : "");
        int picture = random.Next(10_000, 20_000);
        switch (codesOnly ? -1 : random.Next(5))
        {
            case 0:
                string id = $"p{random.Next(SharedPictures.Count / 4)}";
                return (client, more) => client.GetAsync($"/collections/{collection}/images/{id}/similar{parameters}{more}");
            case 1:
                string order = random.Next(2) == 0 ? "&order=asymmetric" : "";
                return (client, more) => client.SearchAsync(Pictures.Png(picture), $"{parameters}{order}&collection={collection}{more}");
            default:
                var code = new byte[8];
                code[0] = (byte)random.Next(256);
                var signature = new byte[32];
                random.NextBytes(signature);
                var request = new SearchByCodeRequest(
                    Convert.ToHexStringLower(code), random.Next(4) == 0 ? null : Convert.ToHexStringLower(signature), collection);
                return (client, more) => client.SearchCodeAsync(request, parameters + more);
        }
    }

    /// <summary>All of an answer but its times and its position.</summary>
    private static string Told(SearchResponse response) =>
        JsonSerializer.Serialize(response with { Timings = new SearchTimings(null, null, 0), Position = "" });
}

/// <summary>What an answer lacks.</summary>
internal enum Lack
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Shards, as it says itself.</summary>
    Shards,

    /// <summary>Everything: the status is 503.</summary>
    Everything,
}
