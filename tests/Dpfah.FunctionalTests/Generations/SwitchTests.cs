using System.Collections.Concurrent;
using System.Net;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Core.Imaging;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Generations;

/// <summary>Switches and rollbacks while searches and uploads go on: each answer is of one generation, and all of it.</summary>
public abstract class SwitchTests
{
    private const int Switches = 100;
    private const int Fixed = 60;
    private const string Collection = "default";

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_hundred_switches_fail_no_search_and_mix_no_generations()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        int uploaded;
        await using (RunningService service = await RunningService.StartAsync(database))
        {
            await service.AddModelAsync("other-64", milliseconds: 1);
            ApiClient client = service.Client;
            await client.UploadAsync(Collection, 0, Fixed);
            int first = (await client.GenerationsAsync(Collection)).Items[0].Generation.Id;
            (_, GenerationStatusResponse second) = await client.FillAsync(Collection, "other-64");
            var load = new Load(
                client, service.Services.GetRequiredService<IPreviewMaker>(), new() { [first] = "hash-64", [second.Generation.Id] = "other-64" });
            Task[] loops = load.Start();

            int switched = 0;
            for (int n = 0; n < Switches; n++)
            {
                int target = n % 2 == 0 ? second.Generation.Id : first;
                Answer answer = await client.ActivateAsync(Collection, target, """{"confirm":true}""");
                ActivationResponse activation = answer.Read<ActivationResponse>();
                Assert.Equal((target, true), (activation.Generation, activation.Switched));
                switched++;
            }

            load.Stop();
            await Task.WhenAll(loops);
            Assert.True(load.Searches > 2 * Switches, $"Only {load.Searches} searches.");
            Assert.Equal(2, load.Seen.Count);
            Assert.Equal(Switches, (await client.GenerationsAsync(Collection)).History.Count);
            await client.AssertCodesAsync(Collection, "hash-64");
            uploaded = load.Uploaded;
            Assert.True(uploaded > 0);
            TestContext.Current.TestOutputHelper?.WriteLine($"{load.Searches} searches, {uploaded} uploads");
            Counts.Report($"switches-{database.Provider}", switched, Switches);
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal(Fixed + uploaded, (await again.Client.FindAsync(Pictures.Png(0), "?k=1000")).Hits.Count);
    }

    /// <summary>Searches by picture, by code, by id and by cursor, and uploads, one after the other in each of several loops.</summary>
    private sealed class Load(ApiClient client, IPreviewMaker previews, Dictionary<int, string> models)
    {
        private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(30), BetweenUploads = TimeSpan.FromMilliseconds(200);

        private readonly ConcurrentDictionary<string, byte[]> known = new(
            Enumerable.Range(0, Fixed).Select(n => KeyValuePair.Create($"p{n}", previews.Make(Pictures.Png(n)).Preview!.Jpeg)));

        private readonly ConcurrentDictionary<(string Id, int Generation), ImageCode> codes = new();
        private int searches;
        private int uploaded;
        private volatile bool stopping;

        public int Searches => searches;

        public int Uploaded => uploaded;

        /// <summary>The generations that answered.</summary>
        public ConcurrentDictionary<int, bool> Seen { get; } = new();

        public Task[] Start() =>
        [
            RunAsync(1, Between, ByPictureAsync),
            RunAsync(2, Between, ByPictureAsync),
            RunAsync(3, Between, ByCodeAsync),
            RunAsync(4, Between, ByIdAsync),
            RunAsync(5, Between, ByPagesAsync),
            RunAsync(6, BetweenUploads, UploadAsync),
        ];

        public void Stop() => stopping = true;

        private Task RunAsync(int seed, TimeSpan pause, Func<Random, Task> once) => Task.Run(async () =>
        {
            // A constant rate: what a switch costs is not to hang on how fast the searches come.
            var random = new Random(seed);
            using var rate = new PeriodicTimer(pause);
            while (!stopping)
            {
                await once(random);
                await rate.WaitForNextTickAsync();
            }
        });

        private async Task ByPictureAsync(Random random)
        {
            int n = random.Next(Fixed);
            SearchResponse found = await client.FindAsync(Pictures.Png(n), "?k=1000");
            Check(found, CodeOf($"p{n}", found.Generation!.Id), null);
        }

        private async Task ByCodeAsync(Random random)
        {
            ImageCode query = CodeOf($"p{random.Next(Fixed)}", models.Keys.ElementAt(random.Next(2)));
            SearchResponse found = (await client.SearchCodeAsync(
                new SearchByCodeRequest(query.Code.ToString(), query.Signature.ToString(), null), "?k=1000")).Read<SearchResponse>();
            Check(found, query, null);
        }

        private async Task ByIdAsync(Random random)
        {
            string id = $"p{random.Next(Fixed)}";
            SearchResponse found = (await client.GetAsync($"{ApiClient.ImagePath(Collection, id)}/similar?k=1000")).Read<SearchResponse>();
            Check(found, CodeOf(id, found.Generation!.Id), id);
            ImageResponse image = (await client.GetAsync(ApiClient.ImagePath(Collection, id))).Read<ImageResponse>();
            Assert.Contains(image.Code, models.Keys.Select(generation => CodeOf(id, generation).Code.ToString()));
        }

        private async Task ByPagesAsync(Random random)
        {
            SearchResponse page = await client.FindAsync(Pictures.Png(random.Next(Fixed)), "?k=20");
            Answer next = await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={page.NextCursor}");
            if (next.Status != HttpStatusCode.OK)
            {
                // The one refusal there is: the ranking that it would go on with is no more.
                next.ReadProblem(HttpStatusCode.Conflict, "other-generation");
                return;
            }

            SearchResponse second = next.Read<SearchResponse>();
            Assert.Equal(page.Generation, second.Generation);
            Assert.Empty(page.Hits.Select(hit => hit.Id).Intersect(second.Hits.Select(hit => hit.Id)));
            Interlocked.Increment(ref searches);
        }

        private async Task UploadAsync(Random random)
        {
            int n = 1000 + uploaded;
            byte[] picture = Pictures.Png(n);
            known[$"u{n}"] = previews.Make(picture).Preview!.Jpeg;
            ImageResponse added = await client.AddAsync(Collection, $"u{n}", picture);
            SearchResponse found = await client.FindAsync(picture, $"?k=1000&minPosition={added.Position}");
            Assert.Equal(($"u{n}", 0, 0), (found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            Check(found, CodeOf($"u{n}", found.Generation!.Id), null);
            uploaded++;
        }

        private ImageCode CodeOf(string id, int generation) => codes.GetOrAdd(
            (id, generation), key => GenerationOrders.CodeOf(known[key.Id], models[key.Generation]));

        /// <summary>The answer is the whole ranking of the generation that it names.</summary>
        private void Check(SearchResponse found, ImageCode query, string? without)
        {
            int generation = found.Generation!.Id;
            Assert.Equal(models[generation], found.Generation.Model);
            Assert.Equal(query.Code.ToString(), found.Query.Code);
            Assert.Equal(Fixed - (without is null ? 0 : 1), found.Hits.Count(hit => hit.Id[0] == 'p'));
            (int Distance, int Fine) last = (0, 0);
            foreach (Hit hit in found.Hits)
            {
                ImageCode code = CodeOf(hit.Id, generation);
                (int, int) at = (code.Code.HammingDistance(query.Code), code.Signature.HammingDistance(query.Signature));
                Assert.Equal(at, (hit.Distance, hit.FineDistance!.Value));
                Assert.True(last.CompareTo(at) <= 0, "The order is broken.");
                last = at;
            }

            Seen[generation] = true;
            Interlocked.Increment(ref searches);
        }
    }
}

public sealed class SwitchTests_Postgres(PostgresServer server) : SwitchTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class SwitchTests_Sqlite : SwitchTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
