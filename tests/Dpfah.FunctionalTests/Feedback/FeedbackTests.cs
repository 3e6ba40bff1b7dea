using System.Net;
using Dpfah.Api.Duplicates;
using Dpfah.Api.Feedback;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Core.Training;
using Dpfah.Engine.Search;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Feedback;

/// <summary>What people say of hits: kept, listed, taken back, gone with its pictures, and learned from.</summary>
public abstract class FeedbackTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task The_last_word_on_a_query_and_a_hit_counts()
    {
        string name = await FilledAsync("q/ü", "a", "b");
        int generation = (await client.GenerationsAsync(name)).Items.Single().Generation.Id;

        Answer first = await SayAsync(name, """{"query":{"id":"q/ü"},"id":"a","verdict":"wrong"}""");
        FeedbackResponse wrong = first.Read<FeedbackResponse>(HttpStatusCode.Created);
        FeedbackResponse right = (await SayAsync(name, $$"""{"query":{"id":"q/ü"},"id":"a","verdict":"right","generation":{{generation}}}""")).Read<FeedbackResponse>();
        FeedbackResponse other = (await SayAsync(name, """{"query":{"id":"a"},"id":"q/ü","verdict":"wrong"}""")).Read<FeedbackResponse>(HttpStatusCode.Created);

        Assert.Equal($"/collections/{name}/feedback/{wrong.Number}", first.Headers.Location?.ToString());
        Assert.Equal(
            ("q/ü", null, "a", generation, "wrong", false, "local"),
            (wrong.Query.Id, wrong.Query.Code, wrong.Id, wrong.Generation, wrong.Verdict, wrong.NotDuplicate, wrong.CreatedBy));
        Assert.Equal(wrong with { Verdict = "right", CreatedAt = right.CreatedAt }, right);
        Assert.InRange(right.CreatedAt, wrong.CreatedAt, DateTime.UtcNow.AddMinutes(1));
        List<FeedbackResponse> listed = await ListAsync(name);
        Assert.Equal([Untimed(right), Untimed(other)], listed.Select(Untimed));
        Assert.All(listed.Zip([right, other]), pair => Assert.Equal(pair.First.CreatedAt, pair.Second.CreatedAt, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task A_picture_that_was_sent_is_named_by_its_codes()
    {
        string name = await FilledAsync("a", "b");
        ImageResponse code = (await client.GetAsync(ApiClient.ImagePath(name, "b"))).Read<ImageResponse>();
        foreach (string signature in (string[])["", $",\"signature\":\"{code.Signature}\""])
        {
            string query = $$"""{"code":"{{code.Code}}"{{signature}}}""";
            FeedbackResponse said = (await SayAsync(name, $$"""{"query":{{query}},"id":"a","verdict":"wrong"}""")).Read<FeedbackResponse>(HttpStatusCode.Created);
            Assert.Equal(said.Number, (await SayAsync(name, $$"""{"query":{{query}},"id":"a","verdict":"right"}""")).Read<FeedbackResponse>().Number);
            Assert.Equal((null, code.Code, signature.Length == 0 ? null : code.Signature), (said.Query.Id, said.Query.Code, said.Query.Signature));
        }

        await SayAsync(name, """{"query":{"id":"b"},"id":"a","verdict":"wrong"}""");
        Assert.Equal(3, (await ListAsync(name)).Count);
        Assert.Equal(2, (await ListAsync(name, $"&code={code.Code}")).Count);
        Assert.Equal("b", Assert.Single(await ListAsync(name, "&query=b")).Query.Id);
        Assert.Empty(await ListAsync(name, "&query=a"));
        Assert.Equal(2, (await ListAsync(name, "&verdict=right")).Count);
    }

    [Fact]
    public async Task It_is_listed_in_pages_taken_back_and_gone_with_its_pictures()
    {
        string name = await FilledAsync("q", "a", "b", "c", "d"), other = await FilledAsync("q", "a");
        foreach (string id in (string[])["a", "b", "c", "d"])
        {
            await SayAsync(name, $$"""{"query":{"id":"q"},"id":"{{id}}","verdict":"right"}""");
        }

        FeedbackResponse apart = (await SayAsync(other, """{"query":{"id":"q"},"id":"a","verdict":"right"}""")).Read<FeedbackResponse>(HttpStatusCode.Created);
        FeedbackResponse twice = (await SayAsync(name, """{"query":{"id":"d"},"id":"b","verdict":"wrong"}""")).Read<FeedbackResponse>(HttpStatusCode.Created);
        List<FeedbackResponse> all = await ListAsync(name);
        Assert.Equal(["a", "b", "c", "d", "b"], all.Select(said => said.Id));

        string path = $"/collections/{name}/feedback";
        (await client.DeleteAsync($"{path}/{all[0].Number}")).AssertStatus(HttpStatusCode.NoContent);
        (await client.DeleteAsync($"{path}/{all[0].Number}")).ReadProblem(HttpStatusCode.NotFound, "feedback-not-found");
        (await client.DeleteAsync($"{path}/{apart.Number}")).ReadProblem(HttpStatusCode.NotFound, "feedback-not-found");
        await client.DeleteAsync(ApiClient.ImagePath(name, "c"));
        Assert.Equal([all[1], all[3], all[4]], await ListAsync(name));
        Assert.Equal(twice.Number, all[4].Number);
        await client.DeleteAsync(ApiClient.ImagePath(name, "d"));
        Assert.Equal([all[1]], await ListAsync(name));
        await client.DeleteAsync(ApiClient.ImagePath(name, "q"));
        Assert.Empty(await ListAsync(name));
        Assert.Equal(apart.Number, Assert.Single(await ListAsync(other)).Number);
    }

    [Fact]
    public async Task Not_a_duplicate_stays_so_under_another_model_s_codes()
    {
        string name = await FilledAsync("q", "a"), model = $"m-{Guid.NewGuid():n}";
        FeedbackResponse said = (await SayAsync(name, """{"query":{"id":"q"},"id":"a","verdict":"wrong","notDuplicate":true}""")).Read<FeedbackResponse>(HttpStatusCode.Created);
        await SayAsync(name, """{"query":{"id":"a"},"id":"q","verdict":"wrong","notDuplicate":true}""");
        Assert.True(said.NotDuplicate);

        await fixture.Service.AddModelAsync(model);
        (_, GenerationStatusResponse generation) = await client.FillAsync(name, model);
        (await client.ActivateAsync(name, generation.Generation.Id, """{"force":true,"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

        Assert.Equal(2, (await ListAsync(name)).Count);
        NotDuplicateResponse pair = Assert.Single((await client.GetAsync($"/collections/{name}/not-duplicates")).Read<NotDuplicateList>().Items);
        Assert.Equal(("q", "a"), (pair.First, pair.Second));

        // What a search of the first generation found may still be judged, and what the second does.
        foreach (int id in (int[])[said.Generation, generation.Generation.Id])
        {
            Assert.Equal(id, (await SayAsync(name, $$"""{"query":{"id":"q"},"id":"a","verdict":"right","generation":{{id}}}""")).Read<FeedbackResponse>().Generation);
        }
    }

    [Fact]
    public async Task Wrong_feedback_is_refused_by_name()
    {
        string name = await FilledAsync("q", "a"), other = await client.CreateCollectionAsync();
        int foreign = (await client.GenerationsAsync(other)).Items.Single().Generation.Id;
        foreach ((string json, string parameter) in new[]
        {
            ("""{"id":"a","verdict":"right"}""", "query"),
            ("""{"query":{"id":"q"},"verdict":"right"}""", "id"),
            ("""{"query":{"id":"q"},"id":"a"}""", "verdict"),
            ("""{"query":{"id":"q"},"id":"a","verdict":"maybe"}""", "verdict"),
            ("""{"query":{"id":"q","code":"0000000000000000"},"id":"a","verdict":"right"}""", "query"),
            ("""{"query":{"id":"q","signature":"00"},"id":"a","verdict":"right"}""", "query"),
            ("""{"query":{},"id":"a","verdict":"right"}""", "query"),
            ("""{"query":{"code":"xy"},"id":"a","verdict":"right"}""", "query.code"),
            ("""{"query":{"code":"00"},"id":"a","verdict":"right"}""", "query.code"),
            ("""{"query":{"code":"0000000000000000","signature":"00"},"id":"a","verdict":"right"}""", "query.signature"),
            ("""{"query":{"id":"a"},"id":"a","verdict":"right"}""", "id"),
            ("""{"query":{"id":"q"},"id":"a","verdict":"right","notDuplicate":true}""", "notDuplicate"),
            ("""{"query":{"code":"0000000000000000"},"id":"a","verdict":"wrong","notDuplicate":true}""", "notDuplicate"),
        })
        {
            Assert.Equal(parameter, (await SayAsync(name, json)).ReadBadParameter().Parameter);
        }

        (await SayAsync(name, """{"query":{"id":"q"},"id":"a","verdict":"right","sure":true}""")).ReadBadBody();
        Problem missing = (await SayAsync(name, """{"query":{"id":"nobody"},"id":"a","verdict":"right"}""")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        Assert.Contains("'nobody'", missing.Detail, StringComparison.Ordinal);
        (await SayAsync(name, """{"query":{"id":"q"},"id":"nobody","verdict":"right"}""")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        (await SayAsync(name, $$"""{"query":{"id":"q"},"id":"a","verdict":"right","generation":{{foreign}}}""")).ReadProblem(HttpStatusCode.NotFound, "generation-not-found");
        (await SayAsync("none", """{"query":{"id":"q"},"id":"a","verdict":"right"}""")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        foreach ((string query, string parameter) in new[] { ("verdict=maybe", "verdict"), ("code=xy", "code"), ("query=q&code=00", "code"), ("cursor=x", "cursor"), ("limit=0", "limit") })
        {
            Assert.Equal(parameter, (await client.GetAsync($"/collections/{name}/feedback?{query}")).ReadBadParameter().Parameter);
        }

        Assert.Empty(await ListAsync(name));
    }

    [Fact]
    public async Task Two_who_speak_of_the_same_pair_at_once_leave_one_word()
    {
        string name = await FilledAsync("q", "a");

        Answer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => SayAsync(name, $$"""{"query":{"id":"q"},"id":"a","verdict":"{{(i % 2 == 0 ? "right" : "wrong")}}"}""")));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(7, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(await ListAsync(name));
    }

    [Fact]
    public async Task Training_pictures_get_the_labels_of_queries_that_they_were_right_for()
    {
        string name = await client.CreateCollectionAsync();
        int n = 0;
        foreach ((string id, string[] labels) in new (string, string[])[]
        {
            ("q", ["shoe", "rare"]), ("train", ["boot"]), ("kept", ["boot"]), ("bare", []), ("none", ["other"]), ("twin", []), ("wrong", []), ("far", []),
        })
        {
            await client.AddAsync(name, id, Pictures.Png(id == "twin" ? 2 : n), labels);
            n++;
        }

        foreach ((string query, string hit, string verdict) in new[]
        {
            ("q", "train", "right"), ("q", "kept", "right"), ("q", "bare", "right"), ("q", "twin", "right"), ("q", "wrong", "wrong"), ("bare", "far", "right"), ("train", "bare", "right"),
        })
        {
            (await SayAsync(name, $$"""{"query":{"id":"{{query}}"},"id":"{{hit}}","verdict":"{{verdict}}"}""")).AssertStatus(HttpStatusCode.Created);
        }

        int collection = fixture.Service.Services.GetRequiredService<SearchService>().Find(name)!.CollectionId;
        TrainingItem[] items = [.. (await ItemsAsync(collection)).Where(item => item.Labels.Length > 0 && item.Id != "none")];
        CollectionPart[] parts = [.. items.Select(item => item.Id == "kept" ? CollectionPart.Query : CollectionPart.Train)];

        (List<TrainingItem> all, CollectionPart[] allParts, FeedbackCounts counts) = await fixture.Service.Services.GetRequiredService<TrainingFeedback>().AddAsync(
            collection, new TrainingSource { Collection = name, UseFeedback = true }, [.. items.Select(item => item with { Labels = [.. item.Labels.Where(label => label != "rare")] })], parts, CancellationToken.None);

        // 'rare' is not learned; 'kept' is measured with; 'twin' has its bytes; 'far' was right for a query without labels.
        Assert.Equal(
            [("q", "shoe", CollectionPart.Train), ("train", "boot shoe", CollectionPart.Train), ("kept", "boot", CollectionPart.Query), ("bare", "boot shoe", CollectionPart.Train)],
            all.Zip(allParts, (item, part) => (item.Id, string.Join(' ', item.Labels), part)));
        Assert.Equal(new FeedbackCounts(3, 1, 1), counts);

        // A filter holds for pictures that are added, too.
        (all, _, counts) = await fixture.Service.Services.GetRequiredService<TrainingFeedback>().AddAsync(
            collection,
            new TrainingSource { Collection = name, UseFeedback = true, Filter = System.Text.Json.Nodes.JsonNode.Parse("""{"$label":["shoe","boot"]}""") },
            items,
            parts,
            CancellationToken.None);
        Assert.Equal((3, 0), (all.Count, counts.AddedPictures));
    }

    private Task<List<TrainingItem>> ItemsAsync(int collection) => fixture.Service.Services.GetRequiredService<TrainingItems>().ReadAsync(
        collection,
        new TrainingRequest
        {
            Name = "",
            Source = new TrainingSource(),
            Method = "itq",
            NeedsLabels = false,
            Bits = 16,
            Epochs = 1,
            ImageSide = 32,
            BatchSize = 1,
            LearningRate = 1,
            LearningRateStep = 0,
            WeightDecay = 0,
            Augmentation = "none",
            Backbone = "resnet18",
            Weights = "random",
            ValidateEvery = 1,
            Seed = 1,
            Threads = 1,
            Device = "cpu",
            Split = new TrainingSplit(),
            HyperParameters = [],
        },
        CancellationToken.None);

    // A database may keep fewer digits of a second than the clock has.
    private static FeedbackResponse Untimed(FeedbackResponse said) => said with { CreatedAt = default };

    private Task<Answer> SayAsync(string collection, string json) => client.SendJsonAsync(HttpMethod.Post, $"/collections/{collection}/feedback", json);

    private async Task<List<FeedbackResponse>> ListAsync(string collection, string query = "")
    {
        var said = new List<FeedbackResponse>();
        string? cursor = null;
        do
        {
            string next = cursor is null ? "" : $"&cursor={cursor}";
            FeedbackList page = (await client.GetAsync($"/collections/{collection}/feedback?limit=2{query}{next}")).Read<FeedbackList>();
            Assert.InRange(page.Items.Count, cursor is null ? 0 : 1, 2);
            said.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return said;
    }

    private async Task<string> FilledAsync(params string[] ids)
    {
        string name = await client.CreateCollectionAsync();
        foreach ((int n, string id) in ids.Index())
        {
            await client.AddAsync(name, id, Pictures.Png(n));
        }

        return name;
    }
}

public sealed class FeedbackTests_Postgres(PostgresService fixture) : FeedbackTests(fixture), IClassFixture<PostgresService>;

public sealed class FeedbackTests_Sqlite(SqliteService fixture) : FeedbackTests(fixture), IClassFixture<SqliteService>;
