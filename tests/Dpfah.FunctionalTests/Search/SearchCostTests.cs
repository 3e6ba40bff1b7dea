using System.Net;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Telemetry;

namespace Dpfah.FunctionalTests.Search;

/// <summary>What a search by code leaves to the garbage collector, in a service of its own process.</summary>
public sealed class SearchCostTests
{
    private const int Images = 60, Searches = 4_000, K = 10;

    /// <summary>
    /// Bytes of one search by code: some 22,000, the server's own work on the request among them. No part stands out: texts of the answer (paths
    /// of previews, the cursor) 4,000, ranked items 3,000, hits 1,000; the rest are hundreds of small objects of ASP.NET Core's steps. What is
    /// allowed beyond is for the work beside the searches, of which a slow machine does more in their time.
    /// </summary>
    private const int MostBytes = 30_000;

    [Fact]
    public async Task A_search_by_code_allocates_little()
    {
        using var database = new SqliteTestDatabase();
        await using ServiceProcess service = HostProcess.Start(database);
        await service.WaitUntilReadyAsync();
        using var client = new ApiClient(service.BaseAddress);
        string collection = await client.CreateCollectionAsync();
        var images = new List<ImageResponse>();
        for (int n = 0; n < Images; n++)
        {
            images.Add(await client.AddAsync(collection, $"shoes/{n:0000}.jpg", Pictures.Png(n), ["shoe"]));
        }

        await Eventually.BecomesAsync(
            () => client.SearchCodeAsync(new SearchByCodeRequest(images[0].Code, null, collection), $"?k={Images}"),
            answer => answer.Read<SearchResponse>().Hits.Count == Images);
        await SearchAsync(Searches);
        double before = await AllocatedAsync();
        await SearchAsync(Searches);
        double each = (await AllocatedAsync() - before) / Searches;

        TestContext.Current.TestOutputHelper?.WriteLine($"{each:0} bytes a search");
        Assert.InRange(each, 1, MostBytes);

        async Task SearchAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                (await client.SearchCodeAsync(new SearchByCodeRequest(images[i % Images].Code, null, collection), $"?k={K}")).AssertStatus(HttpStatusCode.OK);
            }
        }

        async Task<double> AllocatedAsync()
        {
            Answer answer = await client.GetAsync("/metrics");
            return Scrape.Parse(answer.Text).Of("dotnet_gc_heap_total_allocated_bytes_total").Single().Value;
        }
    }
}
