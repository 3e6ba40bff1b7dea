using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Dpfah.Api.Access;
using Dpfah.Api.Collections;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Api.Search;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Jobs;
using Dpfah.Learning.Imaging;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>Three nodes on one PostgreSQL are one service; they share nothing else.</summary>
[Collection(SharedNodes.Name)]
public sealed class ReplicaTests(ThreeNodes nodes)
{
    private const int RejectedEvery = 100;

    // A picture takes a node this long, of no core: a thousand take one node 10 s, three somewhat more than a third of it.
    private const int Milliseconds = 10;

    private static readonly int Entries = LongForm.Choose(1_000, 20_000);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(LongForm.Choose(1, 10));
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Any_node_takes_any_request_and_reads_what_was_written_through_another()
    {
        string model = await nodes.AddModelAsync(0);
        string collection = await nodes.CreateCollectionAsync(model);
        for (int n = 0; n < 30; n++)
        {
            // Each pair of nodes in turn; by picture, the model is needed, which no node had in its folder, and by `preview` a picture of another one.
            int writer = (n % 3) + 1, reader = ((n + 1 + (n / 3 % 2)) % 3) + 1;
            ImageResponse added = await nodes[writer].AddAsync(collection, $"p{n}", Pictures.Png(n), ["old"]);
            SearchResponse found = await nodes[reader].FindAsync(Pictures.Png(n), $"?collection={collection}&k=1&minPosition={added.Position}");
            Assert.Equal(($"p{n}", 0, 0), (found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            byte[] preview = (await nodes[reader].GetAsync($"{ApiClient.ImagePath(collection, $"p{n}")}/preview")).Body;
            Assert.Equal(HashEncoding.CodeOf(preview, model, GenerationOrders.Bits).Code.ToString(), found.Query.Code);

            ImageResponse patched = (await nodes[reader].SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, $"p{n}"), """{"labels":["new"]}"""))
                .Read<ImageResponse>();
            found = await nodes[writer].FindAsync(Pictures.Png(n), $"?collection={collection}&label=new&k=1&minPosition={patched.Position}");
            Assert.Equal($"p{n}", found.Hits[0].Id);
            if (n % 5 == 0)
            {
                Answer deleted = await nodes[writer].DeleteAsync(ApiClient.ImagePath(collection, $"p{n}"));
                string position = deleted.Headers.GetValues("Dpfah-Position").Single();
                found = await nodes[reader].FindAsync(Pictures.Png(n), $"?collection={collection}&k=1000&minPosition={position}");
                Assert.DoesNotContain($"p{n}", found.Hits.Select(hit => hit.Id));
            }
        }
    }

    [Fact]
    [Trait(LongForm.Trait, "shared-jobs")]
    public async Task Imports_and_fills_are_computed_by_all_nodes_and_add_up_whichever_is_killed()
    {
        byte[] archive = Archive();
        string model = await nodes.AddModelAsync(Milliseconds), other = await nodes.AddModelAsync(Milliseconds);
        string collection = await nodes.CreateCollectionAsync(model);

        long import = (await nodes[1].StartImportAsync(collection, archive)).Id;
        int survivor = await KillAsync("import", import, ofThoseThatHelp: true);
        (await nodes[survivor].EndOfJobAsync(import, Patience)).AssertSucceeded(Entries - (Entries / RejectedEvery), rejected: Entries / RejectedEvery);
        Assert.Equal(Entries / RejectedEvery, (await nodes[survivor].RejectionsAsync(import)).Distinct().Count());
        await AssertHelpedAsync(survivor, import);
        await AssertWholeAsync(survivor, collection, model);

        // And the one that runs the job: another one goes on with it.
        await StartAllAsync();
        long fill = (await nodes[1].AskAsync(collection, other)).Read<JobResponse>(HttpStatusCode.Accepted).Id;
        survivor = await KillAsync("generation", fill, ofThoseThatHelp: false);
        JobResponse filled = await nodes[survivor].EndOfJobAsync(fill, Patience);
        filled.AssertSucceeded(Entries - (Entries / RejectedEvery));
        await AssertHelpedAsync(survivor, fill);
        int generation = filled.Result!.Value.GetProperty("generation").GetInt32();
        (await nodes[survivor].ActivateAsync(collection, generation, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
        await AssertWholeAsync(survivor, collection, other);
        await StartAllAsync();
        LongForm.Record(
            "jobs that three nodes share", $"an import of {Entries:N0} entries, one node that helped killed; a fill, the node that ran it killed: counts add up, each picture once, in order, all codes right");
    }

    [Fact]
    public async Task A_node_that_stands_still_while_it_helps_with_an_import_holds_it_up_for_seconds_only()
    {
        string model = await nodes.AddModelAsync(Milliseconds);
        string collection = await nodes.CreateCollectionAsync(model);
        long import = (await nodes[1].StartImportAsync(collection, Archive())).Id;
        int leader = await LeaderAsync("import", import);
        int[] others = [.. ThreeNodes.Numbers.Where(node => node != leader)];
        await nodes.Process(others[1]).WaitForLineAsync($"Helping with job import {import}");
        string parts = $"SELECT count(*) FROM job_parts WHERE job_id = {import} AND worker LIKE '%/{nodes.Process(others[0]).Id}/%' AND output IS NULL";
        await Eventually.BecomesAsync(() => nodes.CountAsync(parts), count => count > 0);

        nodes.Process(others[0]).Pause();
        try
        {
            // A node and a half take it 7 s; nothing waits for the others for half a minute.
            (await nodes[leader].EndOfJobAsync(import, TimeSpan.FromSeconds(LongForm.Choose(25, 600))))
                .AssertSucceeded(Entries - (Entries / RejectedEvery), rejected: Entries / RejectedEvery);
        }
        finally
        {
            nodes.Process(others[0]).Continue();
        }

        await AssertHelpedAsync(leader, import);
        await AssertWholeAsync(leader, collection, model);
        await nodes.Process(others[0]).WaitForLineAsync($"Helped with job import {import}", TimeSpan.FromSeconds(30));
        await Eventually.BecomesAsync(() => nodes.ReadyAsync(others[0]), ready => ready.Status == HttpStatusCode.OK);
        Assert.Equal(0, await nodes.CountAsync($"SELECT count(*) FROM job_parts WHERE job_id = {import}"));
    }

    [Fact]
    public async Task Keys_activations_and_cancelled_jobs_are_seen_by_all_within_5_s()
    {
        CreatedKeyResponse key = await nodes[1].CreateKeyAsync("reader");
        ApiClient[] readers = [.. ThreeNodes.Numbers.Select(node => new ApiClient(nodes.Address(node), key.Key))];
        await WithinAsync(async node => (await readers[node - 1].GetAsync("/collections")).Status == HttpStatusCode.OK);
        (await nodes[2].DeleteAsync($"/api-keys/{key.Description.Id}")).AssertStatus(HttpStatusCode.OK);
        await WithinAsync(async node => (await readers[node - 1].GetAsync("/collections")).Status == HttpStatusCode.Unauthorized);
        Array.ForEach(readers, reader => reader.Dispose());

        string model = await nodes.AddModelAsync(0), slow = await nodes.AddModelAsync(50);
        string collection = await nodes.CreateCollectionAsync();
        await nodes[1].UploadAsync(collection, 0, 20);
        (_, GenerationStatusResponse generation) = await nodes[2].FillAsync(collection, model);
        (await nodes[3].ActivateAsync(collection, generation.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
        await WithinAsync(async node =>
            (await nodes[node].FindAsync(Pictures.Png(1), $"?collection={collection}&k=1")).Generation!.Id == generation.Generation.Id);

        string other = await nodes.CreateCollectionAsync(slow);
        long job = (await nodes[1].StartImportAsync(other, Archives.Tar(Enumerable.Range(0, 1_000).Select(n => ($"{n}.png", Pictures.Png(n)))))).Id;
        int leader = await LeaderAsync("import", job);
        await nodes.Process(ThreeNodes.Numbers.First(node => node != leader)).WaitForLineAsync($"Helping with job import {job}");
        await nodes[(leader % 3) + 1].CancelJobAsync(job);
        await WithinAsync(async node => (await nodes[node].JobAsync(job)).State == JobState.Cancelled);
        foreach (int node in ThreeNodes.Numbers.Where(node => node != leader && nodes.Process(node).Log.Contains($"Helping with job import {job}", StringComparison.Ordinal)))
        {
            await nodes.Process(node).WaitForLineAsync($"Helped with job import {job}", TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public async Task A_node_that_is_cut_off_says_so_is_not_ready_and_comes_back_by_itself()
    {
        string collection = await nodes.CreateCollectionAsync();
        ImageResponse before = await nodes[1].AddAsync(collection, "before", Pictures.Png(1));
        await nodes[3].FindAsync(Pictures.Png(1), $"?collection={collection}&minPosition={before.Position}");
        foreach (Action cut in new Action[] { nodes.Proxy.Silence, nodes.Proxy.Refuse })
        {
            cut();
            Answer answer = await Eventually.BecomesAsync(() => nodes.ReadyAsync(3), ready => ready.Status == HttpStatusCode.ServiceUnavailable, patience: TimeSpan.FromSeconds(15));
            Assert.Matches("\"(database|index)\"", answer.Text);
            Assert.Matches("The database does not answer|has not followed the database for [0-9]+ s", answer.Text);

            // The others take all there is; this one answers what it knows, and nothing that it cannot know.
            string id = $"meanwhile-{cut.Method.Name}";
            ImageResponse added = await nodes[2].AddAsync(collection, id, Pictures.Png(2));
            (await nodes.ReadyAsync(1)).AssertStatus(HttpStatusCode.OK);
            (await nodes.ReadyAsync(2)).AssertStatus(HttpStatusCode.OK);
            var query = new SearchByCodeRequest(before.Code, before.Signature, collection);
            (await nodes[3].SearchCodeAsync(query)).AssertStatus(HttpStatusCode.OK);
            if (cut == nodes.Proxy.Silence)
            {
                (await nodes[3].SearchCodeAsync(query, $"?minPosition={added.Position}")).AssertStatus(HttpStatusCode.ServiceUnavailable);
            }

            nodes.Proxy.Heal();
            await Eventually.BecomesAsync(() => nodes.ReadyAsync(3), ready => ready.Status == HttpStatusCode.OK);
            SearchResponse found = (await nodes[3].SearchCodeAsync(
                new SearchByCodeRequest(added.Code, added.Signature, collection), $"?minPosition={added.Position}")).Read<SearchResponse>();
            Assert.Equal(0, found.Hits[0].Distance);
            (await nodes[1].DeleteAsync(ApiClient.ImagePath(collection, id))).AssertStatus(HttpStatusCode.NoContent);
        }
    }

    [Fact]
    public async Task A_node_of_another_code_identity_tells_how_many_bits_flip_and_computes_no_part_of_others_jobs()
    {
        const int Fourth = ThreeNodes.Count + 1;
        string model = await nodes.AddModelAsync(Milliseconds);
        string collection = await nodes.CreateCollectionAsync(model);
        await nodes[1].UploadAsync(collection, 0, 20);
        await nodes.StartAsync(Fourth, new Dictionary<string, string?> { ["DPFAH_TEST_ARITHMETIC"] = "2" });
        try
        {
            CollectionResponse seen = (await nodes[Fourth].GetAsync($"/collections/{collection}")).Read<CollectionResponse>();
            Assert.Equal(new DriftResponse("skia 1", "skia 2", 20, 20, 64 * 20), seen.Drift);
            Assert.Contains("20 of 1280 bits differ", nodes.Process(Fourth).Log, StringComparison.Ordinal);

            // Enough that parts of it wait for whoever comes, also for the last one.
            byte[] archive = Archives.Tar(Enumerable.Range(100, 2_000).Select(n => ($"{n}.png", Pictures.Png(n))));
            long job = (await nodes[1].StartImportAsync(collection, archive)).Id;
            int[] others = await LeaderAsync("import", job) == Fourth ? [.. ThreeNodes.Numbers] : [Fourth];
            foreach (int node in others)
            {
                await nodes.Process(node).WaitForLineAsync($"does not help with job import {job}", TimeSpan.FromSeconds(20));
            }

            (await nodes[1].EndOfJobAsync(job)).AssertSucceeded(2_000);
            Assert.All(others, node => Assert.Contains($"Helped with job import {job}: 0 parts", nodes.LogOf(node), StringComparison.Ordinal));
        }
        finally
        {
            await nodes.EndAsync(Fourth);
        }
    }

    /// <summary>An archive of pictures, of which some are none.</summary>
    private static byte[] Archive() => Archives.Tar(Enumerable.Range(0, Entries).Select(
        n => ($"class{n % 7}/{n}.png", n % RejectedEvery == 0 ? "no picture"u8.ToArray() : Pictures.Png(n))));

    /// <summary>Asserts that the node that has ended a job has taken over what others had computed.</summary>
    private async Task AssertHelpedAsync(int node, long job)
    {
        SentEvent[] events = SentEvent.Read((await nodes[node].GetAsync($"/jobs/{job}/events")).Text);
        string[] told = [.. events.Where(e => e.Kind == "log").Select(e => e.Data.GetProperty("message").GetString()!)];
        Assert.Contains(told, message => Regex.IsMatch(message, "^Other nodes have computed [1-9][0-9]* of [0-9]+ parts\\.$"));
    }

    /// <summary>The node that runs a job.</summary>
    private async Task<int> LeaderAsync(string kind, long job) => await Eventually.BecomesAsync(
        () => Task.FromResult(ThreeNodes.Numbers.Append(ThreeNodes.Count + 1).FirstOrDefault(node => nodes.LogOf(node).Contains($"Job {kind} {job} begins", StringComparison.Ordinal))),
        node => node != 0);

    /// <summary>Kills a node as soon as all work at a job.</summary>
    /// <returns>A node that lives.</returns>
    private async Task<int> KillAsync(string kind, long job, bool ofThoseThatHelp)
    {
        int leader = await LeaderAsync(kind, job);
        int[] others = [.. ThreeNodes.Numbers.Where(node => node != leader)];
        foreach (int node in others)
        {
            await nodes.Process(node).WaitForLineAsync($"Helping with job {kind} {job}");
        }

        Assert.Equal(JobState.Running, (await nodes[leader].JobAsync(job)).State);
        await nodes.Process(ofThoseThatHelp ? others[0] : leader).KillAsync();
        return others[1];
    }

    private Task StartAllAsync() => Task.WhenAll(ThreeNodes.Numbers.Where(node => nodes.Process(node).HasExited).Select(node => nodes.StartAsync(node)));

    /// <summary>Asserts that something is so at each node soon.</summary>
    private static async Task WithinAsync(Func<int, Task<bool>> isSo)
    {
        var clock = Stopwatch.StartNew();
        foreach (int node in ThreeNodes.Numbers)
        {
            await Eventually.BecomesAsync(() => isSo(node), so => so, patience: Soon);
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Soon);
    }

    /// <summary>Asserts that a collection has each picture of the archive once, in its order, with the codes that the model gives it.</summary>
    private async Task AssertWholeAsync(int node, string collection, string model)
    {
        var previews = new PreviewMaker(ImageDecoders.Create("skia"));
        List<ImageResponse> listed = await nodes[node].ListAsync(collection);
        int[] expected = [.. Enumerable.Range(0, Entries).Where(n => n % RejectedEvery != 0)];
        Assert.Equal(expected.Select(n => $"class{n % 7}/{n}.png"), listed.Select(image => image.Id));
        Parallel.ForEach(expected.Zip(listed), pair =>
        {
            ImageCode code = HashEncoding.CodeOf(previews.Make(Pictures.Png(pair.First)).Preview!.Jpeg, model, GenerationOrders.Bits);
            Assert.Equal((code.Code.ToString(), code.Signature.ToString()), (pair.Second.Code, pair.Second.Signature));
        });
    }
}
