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
    private readonly string collection;

    private ShardQueries(string collection) => this.collection = collection;

    /// <summary>Number of searches.</summary>
    public int Count => searches.Count;

    /// <summary>Makes searches and notes what a node that holds the whole collection answers.</summary>
    public static async Task<ShardQueries> CreateAsync(ApiClient client, string collection, int count, int seed)
    {
        var random = new Random(seed);
        var queries = new ShardQueries(collection);
        for (int i = 0; i < count; i++)
        {
            Func<ApiClient, string, Task<Answer>> ask = RandomSearch(random, collection);
            Answer answer = await ask(client, "");
            string told = Told(answer);
            queries.searches.Add((ask, told));

            // The next page of every other one, by a cursor.
            if (i % 2 == 0 && answer.Read<SearchResponse>().NextCursor is { } cursor)
            {
                Func<ApiClient, string, Task<Answer>> page = (to, more) => to.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}{more}");
                queries.searches.Add((page, Told(await page(client, ""))));
            }
        }

        return queries;
    }

    /// <summary>Asks all searches of a node and asserts that each has the same answer.</summary>
    /// <param name="client">The node's client.</param>
    /// <param name="position">A position that the answers must have seen; null for none.</param>
    public async Task AssertSameAsync(ApiClient client, string? position = null)
    {
        foreach ((Func<ApiClient, string, Task<Answer>> ask, string expected) in searches)
        {
            Assert.Equal(expected, Told(await ask(client, position is null ? "" : $"&minPosition={position}")));
        }
    }

    /// <summary>Asks one of the searches.</summary>
    /// <returns>Null when the answer is right; else what was answered.</returns>
    public async Task<string?> AskAsync(ApiClient client, int number)
    {
        (Func<ApiClient, string, Task<Answer>> ask, string expected) = searches[number % searches.Count];
        Answer answer = await ask(client, "");
        return answer.Status == HttpStatusCode.OK && Told(answer) == expected ? null : $"{collection} {(int)answer.Status}: {answer.Text}\nand not: {expected}";
    }

    private static Func<ApiClient, string, Task<Answer>> RandomSearch(Random random, string collection)
    {
        string parameters = $"?k={(random.Next(3) == 0 ? random.Next(30, 300) : random.Next(1, 12))}"
            + (random.Next(4) == 0 ? $"&radius={random.Next(0, 4)}" : "")
            + (random.Next(4) == 0 ? "&label=dog&label=cat" : "")
            + (random.Next(3) == 0 ? $"&filter={Uri.EscapeDataString(Filters[random.Next(Filters.Length)])}" : "")
            + (random.Next(5) == 0 ? "&collapse=model" : "")
            + (random.Next(5) == 0 ? "&include=metadata" : "");
        int picture = random.Next(10_000, 20_000);
        switch (random.Next(5))
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
    private static string Told(Answer answer)
    {
        SearchResponse response = answer.Read<SearchResponse>();
        return JsonSerializer.Serialize(response with { Timings = new SearchTimings(null, null, 0), Position = "" });
    }
}
