using System.Net;
using System.Text.Json;
using Dpfah.Api.Duplicates;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Core.Codes;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;

namespace Dpfah.FunctionalTests.Duplicates;

/// <summary>Near duplicates: the job, its groups, and pairs that are marked as no duplicates.</summary>
public abstract class DuplicatesTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task Groups_are_the_connected_components_of_near_codes()
    {
        SharedPictures filled = await fixture.FilledAsync();
        foreach (int distance in (int[])[0, 1])
        {
            JobResponse job = await RunAsync(filled.Name, $$"""{"distance":{{distance}}}""");
            List<ImageResponse[]> expected = Components(filled.Images, distance);

            int inGroups = expected.Sum(group => group.Length);
            Assert.Equal(new JobCounts(SharedPictures.Count, inGroups, SharedPictures.Count - inGroups, 0), job.Counts);
            AssertGroups(expected, await GroupsAsync(filled.Name, job.Id));
            Assert.Equal(
                expected.SelectMany((group, i) => group.Select(image => (i + 1, image.Id, Distance(image, group[0])))),
                (await ExportAsync(filled.Name, job.Id)).Select(line => (line.Group, line.Id, line.Distance)));
        }
    }

    [Fact]
    public async Task A_filter_says_which_pictures_are_compared()
    {
        SharedPictures filled = await fixture.FilledAsync();

        JobResponse job = await RunAsync(filled.Name, """{"distance":0,"filter":{"$label":"cat","n":{"gte":100}}}""");

        ImageResponse[] chosen = [.. filled.Images.Where(image => image.Labels.Contains("cat") && image.Metadata?.GetProperty("n").GetInt32() >= 100)];
        Assert.Equal(chosen.Length, job.Counts.Accepted);
        AssertGroups(Components(chosen, 0), await GroupsAsync(filled.Name, job.Id));
        Assert.Equal("{\"$label\":\"cat\",\"n\":{\"gte\":100}}", job.Request.GetProperty("filter").GetString());
    }

    [Fact]
    public async Task Marked_pairs_stay_apart_until_the_mark_is_taken_back()
    {
        string name = await client.CreateCollectionAsync();
        foreach (string id in (string[])["a", "b/ü", "c"])
        {
            await client.AddAsync(name, id, SharedPictures.Picture(1));
        }

        await MarkAsync(name, "c", "a", HttpStatusCode.NoContent);
        await MarkAsync(name, "a", "c", HttpStatusCode.NoContent);
        await MarkAsync(name, "b/ü", "c", HttpStatusCode.NoContent);
        Assert.Equal([["a", "b/ü"]], await IdsAsync(name));

        string marks = $"/collections/{name}/not-duplicates";
        NotDuplicateList first = (await client.GetAsync($"{marks}?limit=1")).Read<NotDuplicateList>();
        NotDuplicateList second = (await client.GetAsync($"{marks}?limit=1&cursor={first.NextCursor}")).Read<NotDuplicateList>();
        Assert.Equal([("a", "c"), ("b/ü", "c")], first.Items.Concat(second.Items).Select(pair => (pair.First, pair.Second)));
        Assert.Null(second.NextCursor);

        (await client.DeleteAsync($"{marks}?first=a&second=c")).AssertStatus(HttpStatusCode.NoContent);
        Assert.Equal([["a", "b/ü"]], await IdsAsync(name));
        (await client.DeleteAsync($"{marks}?first=c&second={ApiClient.Encode("b/ü")}")).AssertStatus(HttpStatusCode.NoContent);
        Assert.Equal([["a", "b/ü", "c"]], await IdsAsync(name));
        (await client.DeleteAsync($"{marks}?first=a&second=c")).ReadProblem(HttpStatusCode.NotFound, "pair-not-found");

        // A mark goes with its picture.
        await MarkAsync(name, "a", "c", HttpStatusCode.NoContent);
        await client.DeleteAsync(ApiClient.ImagePath(name, "c"));
        await client.AddAsync(name, "c", SharedPictures.Picture(1));
        Assert.Equal([["a", "b/ü", "c"]], await IdsAsync(name));
    }

    [Fact]
    public async Task Marks_hold_under_the_codes_of_another_model()
    {
        string name = await client.CreateCollectionAsync(), model = $"m-{Guid.NewGuid():n}";
        foreach (string id in (string[])["a", "b", "c"])
        {
            await client.AddAsync(name, id, SharedPictures.Picture(1));
        }

        await MarkAsync(name, "a", "c", HttpStatusCode.NoContent);
        await fixture.Service.AddModelAsync(model);
        (_, GenerationStatusResponse generation) = await client.FillAsync(name, model);
        (await client.ActivateAsync(name, generation.Generation.Id, """{"force":true,"confirm":true}""")).AssertStatus(HttpStatusCode.OK);

        JobResponse job = await RunAsync(name, """{"distance":0}""");
        Assert.Equal(model, job.Result!.Value.GetProperty("model").GetString());
        Assert.Equal(["a", "b"], Assert.Single(await GroupsAsync(name, job.Id)).Members.Select(member => member.Id));
    }

    [Fact]
    public async Task Deleted_pictures_leave_their_groups()
    {
        string name = await client.CreateCollectionAsync();
        foreach ((string id, int n) in ((string, int)[])[("a", 1), ("b", 1), ("c", 1), ("d", 2), ("e", 2)])
        {
            await client.AddAsync(name, id, SharedPictures.Picture(n));
        }

        JobResponse job = await RunAsync(name, """{"distance":0}""");
        await client.DeleteAsync(ApiClient.ImagePath(name, "a"));
        await client.DeleteAsync(ApiClient.ImagePath(name, "e"));

        DuplicateGroupList groups = (await client.GetAsync($"/collections/{name}/duplicates/{job.Id}")).Read<DuplicateGroupList>();
        Assert.Equal((2, 5L, 5L), (groups.Groups, groups.InGroups, groups.ComparedPictures));
        Assert.Equal(["b", "c"], Assert.Single(groups.Items).Members.Select(member => member.Id));
        Assert.Equal(["b", "c", "d"], (await ExportAsync(name, job.Id)).Select(line => line.Id));
    }

    [Fact]
    public async Task A_large_group_shows_its_first_pictures_and_pages_through_all()
    {
        string name = await client.CreateCollectionAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 130),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) => await client.AddAsync(name, $"p{n}", SharedPictures.Picture(1)));

        JobResponse job = await RunAsync(name, "");

        Assert.Equal(DuplicatesService.DefaultDistance, job.Request.GetProperty("distance").GetInt32());
        string groups = $"/collections/{name}/duplicates/{job.Id}";
        DuplicateGroupResponse group = Assert.Single((await client.GetAsync(groups)).Read<DuplicateGroupList>().Items);
        List<string> all = [.. (await client.ListAsync(name)).Select(image => image.Id)];
        Assert.Equal((130, DuplicatesService.PicturesAGroup), (group.Pictures, group.Members.Count));
        Assert.Equal(all.Take(DuplicatesService.PicturesAGroup), group.Members.Select(member => member.Id));
        var paged = new List<string>();
        string? cursor = null;
        do
        {
            DuplicateList page = (await client.GetAsync($"{groups}/groups/1?limit=50{(cursor is null ? "" : $"&cursor={cursor}")}")).Read<DuplicateList>();
            paged.AddRange(page.Items.Select(member => member.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(all, paged);
    }

    [Theory]
    [InlineData("""{"distance":17}""", "distance")]
    [InlineData("""{"distance":-1}""", "distance")]
    [InlineData("""{"filter":{"n":{"around":3}}}""", "filter")]
    [InlineData("""{"filter":7}""", "filter")]
    public async Task A_wrong_request_is_refused_before_anything_starts(string json, string parameter) => Assert.Equal(
        parameter, (await client.SendJsonAsync(HttpMethod.Post, "/collections/default/duplicates", json)).ReadBadParameter().Parameter);

    [Fact]
    public async Task What_is_not_there_is_told()
    {
        string name = await client.CreateCollectionAsync();
        await client.AddAsync(name, "a", SharedPictures.Picture(1));
        JobResponse job = await RunAsync(name, "");
        (await client.SendAsync(HttpMethod.Post, "/collections/nobody/duplicates")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await client.GetAsync($"/collections/{name}/duplicates/0")).ReadProblem(HttpStatusCode.NotFound, "job-not-found");
        (await client.GetAsync($"/collections/default/duplicates/{job.Id}")).ReadProblem(HttpStatusCode.NotFound, "job-not-found");
        (await client.GetAsync($"/collections/{name}/duplicates/{job.Id}/groups/1")).ReadBadParameter();
        Assert.Empty(await ExportAsync(name, job.Id));
        (await MarkAsync(name, "a", "nobody", HttpStatusCode.NotFound)).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        (await MarkAsync(name, "a", "a", HttpStatusCode.BadRequest)).ReadBadParameter();
        (await client.SendJsonAsync(HttpMethod.Post, $"/collections/{name}/not-duplicates", """{"first":"a"}""")).ReadBadParameter();
    }

    private static void AssertGroups(List<ImageResponse[]> expected, List<DuplicateGroupResponse> actual)
    {
        Assert.Equal(expected.Select((group, i) => (i + 1, group.Length)), actual.Select(group => (group.Group, group.Pictures)));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(
            pair.First.Take(DuplicatesService.PicturesAGroup).Select(image => (image.Id, Distance(image, pair.First[0]), image.Preview)),
            pair.Second.Members.Select(member => (member.Id, member.Distance, member.Preview))));
    }

    private static int Distance(ImageResponse one, ImageResponse other) => Parse(one.Code).HammingDistance(Parse(other.Code));

    private static BinaryCode Parse(string hex) => BinaryCode.TryParseHex(hex, out BinaryCode code) ? code : throw new FormatException(hex);

    /// <summary>By comparing all with all: the largest first, then by their first picture; pictures in item order.</summary>
    private static List<ImageResponse[]> Components(IReadOnlyList<ImageResponse> images, int distance)
    {
        BinaryCode[] codes = [.. images.Select(image => Parse(image.Code))];
        int[] component = [.. Enumerable.Range(0, images.Count)];
        for (int i = 0; i < codes.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (component[i] != component[j] && codes[i].HammingDistance(codes[j]) <= distance)
                {
                    (int from, int to) = (component[i], component[j]);
                    component = Array.ConvertAll(component, c => c == from ? to : c);
                }
            }
        }

        return
        [
            .. Enumerable.Range(0, images.Count).GroupBy(i => component[i]).Where(group => group.Count() > 1)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.First()).Select(group => group.Select(i => images[i]).ToArray()),
        ];
    }

    private async Task<JobResponse> RunAsync(string collection, string json)
    {
        Answer answer = json.Length == 0
            ? await client.SendAsync(HttpMethod.Post, $"/collections/{collection}/duplicates")
            : await client.SendJsonAsync(HttpMethod.Post, $"/collections/{collection}/duplicates", json);
        JobResponse job = answer.Read<JobResponse>(HttpStatusCode.Accepted);
        Assert.Equal($"/jobs/{job.Id}", answer.Headers.Location?.ToString());
        job = await client.EndOfJobAsync(job.Id);
        Assert.True(job.State == JobState.Succeeded, job.Error);
        return job;
    }

    private async Task<List<DuplicateGroupResponse>> GroupsAsync(string collection, long job)
    {
        var groups = new List<DuplicateGroupResponse>();
        string? cursor = null;
        do
        {
            string next = cursor is null ? "" : $"&cursor={cursor}";
            DuplicateGroupList page = (await client.GetAsync($"/collections/{collection}/duplicates/{job}?limit=7{next}")).Read<DuplicateGroupList>();
            groups.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return groups;
    }

    private async Task<DuplicateLine[]> ExportAsync(string collection, long job)
    {
        Answer answer = await client.GetAsync($"/collections/{collection}/duplicates/{job}/export");
        answer.AssertStatus(HttpStatusCode.OK);
        Assert.Equal("application/x-ndjson", answer.ContentHeaders.ContentType?.MediaType);
        return
        [
            .. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<DuplicateLine>(line, Answer.Json)!),
        ];
    }

    private async Task<string[][]> IdsAsync(string collection) =>
    [
        .. (await GroupsAsync(collection, (await RunAsync(collection, """{"distance":0}""")).Id))
            .Select(group => group.Members.Select(member => member.Id).ToArray()),
    ];

    private async Task<Answer> MarkAsync(string collection, string first, string second, HttpStatusCode expected)
    {
        Answer answer = await client.SendJsonAsync(
            HttpMethod.Post,
            $"/collections/{collection}/not-duplicates",
            JsonSerializer.Serialize(new NotDuplicateRequest(first, second), Answer.Json));
        answer.AssertStatus(expected);
        return answer;
    }
}

public sealed class DuplicatesTests_Postgres(PostgresService fixture) : DuplicatesTests(fixture), IClassFixture<PostgresService>;

public sealed class DuplicatesTests_Sqlite(SqliteService fixture) : DuplicatesTests(fixture), IClassFixture<SqliteService>;
