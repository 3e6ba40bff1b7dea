using System.Net;
using System.Text.Json;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Api.Search;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Search;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>
/// The only client of a collection: it does one thing after the other and holds every answer against the reference. What was lost in a
/// disturbance it looks up: it has happened or it has not, and nothing else.
/// </summary>
/// <param name="lives">The service.</param>
/// <param name="pictures">What is sent.</param>
/// <param name="collection">An empty collection of the first model.</param>
internal sealed class ReferenceClient(ServiceLives lives, KnownPictures pictures, string collection)
{
    private static readonly TimeSpan JobPause = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan JobPatience = TimeSpan.FromMinutes(1);

    // By id, as answers told them; none of what was not told.
    private readonly Dictionary<string, string> tags = new(StringComparer.Ordinal);
    private Life? life;
    private string? position;
    private long lastJob;

    /// <summary>What the collection is meant to be.</summary>
    public ReferenceCatalogue State { get; private set; } = new([], KnownPictures.Models[0]);

    private string Other => KnownPictures.Models.Single(model => model != State.Model);

    /// <summary>Does one thing.</summary>
    public Task RunAsync(Operation operation) => operation.Kind switch
    {
        OperationKind.Put => PutAsync(new Entry(operation.Id, operation.Picture, operation.Labels!, operation.Number)),
        OperationKind.Patch => PatchAsync(operation),
        OperationKind.Delete => DeleteAsync(operation.Id),
        OperationKind.Get => GetAsync(operation.Id),
        OperationKind.List => ListAsync(operation.K),
        OperationKind.Import => ImportAsync(OperationSource.EntriesOf(operation), operation.Flag),
        OperationKind.Fill => FillAsync(),
        OperationKind.Activate => ActivateAsync(operation.Flag),
        _ => SearchAsync(operation),
    };

    /// <summary>Asserts that the service lists what it is meant to have.</summary>
    public async Task ListAsync(int limit)
    {
        var listed = new List<ImageResponse>();
        string? cursor = null;
        do
        {
            string next = cursor is null ? "" : $"&cursor={cursor}";
            ImageList page = (await AskAsync(client => client.GetAsync($"/collections/{collection}/images?limit={limit}{next}"))).Read<ImageList>();
            Assert.True(page.NextCursor is null || page.Items.Count == limit);
            listed.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.True(State.IsToldBy(listed, pictures), $"It lists {Tell(listed)}, and should {State}");
    }

    private Task PutAsync(Entry entry)
    {
        Entry? old = State.Find(entry.Id);
        return WriteAsync(
            State.Put(entry),
            client => client.PutAsync(collection, entry.Id, pictures.Bytes(entry.Picture), entry.Labels, entry.Metadata),
            (answer, again) => CheckWritten(answer, again || old is not null ? HttpStatusCode.OK : HttpStatusCode.Created, entry, old?.IsSameAs(entry) == true));
    }

    private Task PatchAsync(Operation operation)
    {
        Entry? old = State.Find(operation.Id);
        Entry? patched = old is null ? null : old with { Labels = operation.Labels ?? old.Labels, Number = operation.Flag ? operation.Number : old.Number };
        string json = JsonSerializer.Serialize(operation.Flag
            ? new { labels = operation.Labels, metadata = Entry.MetadataOf(operation.Number) is { } metadata ? JsonElement.Parse(metadata) : (JsonElement?)null }
            : (object)new { labels = operation.Labels });
        return WriteAsync(
            patched is null ? State : State.Put(patched),
            client => client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, operation.Id), json),
            (answer, _) =>
            {
                if (patched is null)
                {
                    answer.ReadProblem(HttpStatusCode.NotFound, "image-not-found");
                }
                else
                {
                    CheckWritten(answer, HttpStatusCode.OK, patched, old!.IsSameAs(patched));
                }
            });
    }

    private Task DeleteAsync(string id)
    {
        bool isThere = State.Find(id) is not null;
        return WriteAsync(
            State.Delete(id),
            client => client.DeleteAsync(ApiClient.ImagePath(collection, id)),
            (answer, again) =>
            {
                if (isThere && !again)
                {
                    answer.AssertStatus(HttpStatusCode.NoContent);
                    position = answer.Headers.GetValues("Dpfah-Position").Single();
                }
                else
                {
                    answer.ReadProblem(HttpStatusCode.NotFound, "image-not-found");
                }

                tags.Remove(id);
            });
    }

    private async Task GetAsync(string id)
    {
        Answer answer = await AskAsync(client => client.GetAsync(ApiClient.ImagePath(collection, id)));
        Answer preview = await AskAsync(client => client.GetAsync($"{ApiClient.ImagePath(collection, id)}/preview"));
        if (State.Find(id) is not { } item)
        {
            answer.ReadProblem(HttpStatusCode.NotFound, "image-not-found");
            preview.ReadProblem(HttpStatusCode.NotFound, "image-not-found");
            return;
        }

        ImageResponse told = answer.Read<ImageResponse>();
        Assert.True(State.IsToldBy(item, told, pictures), $"It tells {Tell([told])}");
        Assert.Equal(tags.GetValueOrDefault(id, answer.ETag!), answer.ETag);
        Assert.Equal(pictures.Preview(item.Picture), preview.Body);
    }

    private async Task SearchAsync(Operation operation)
    {
        bool isSimilar = operation.Kind == OperationKind.Similar;
        Entry? item = State.Find(operation.Id);
        ImageCode code = pictures.Code(isSimilar && item is not null ? item.Picture : operation.Picture, State.Model);
        string? signature = operation.Kind != OperationKind.SearchCode || operation.Flag ? code.Signature.ToString() : null;
        string limits = $"k={operation.K}&include=metadata"
            + string.Concat((operation.Labels ?? []).Select(label => $"&label={Uri.EscapeDataString(label)}"))
            + (operation.Number is null ? "" : $"&filter={Uri.EscapeDataString($"{{\"n\":{{\"gte\":{operation.Number}}}}}")}")
            + (operation.Radius is null ? "" : $"&radius={operation.Radius}");
        Answer answer = await AskAsync(client =>
        {
            string query = $"?{limits}&minPosition={position}";
            return operation.Kind switch
            {
                OperationKind.Similar => client.GetAsync($"{ApiClient.ImagePath(collection, operation.Id)}/similar{query}"),
                OperationKind.Search => client.SearchAsync(pictures.Bytes(operation.Picture), $"{query}&collection={collection}"),
                _ => client.SearchCodeAsync(new SearchByCodeRequest(code.Code.ToString(), signature, collection), query),
            };
        });
        if (isSimilar && item is null)
        {
            answer.ReadProblem(HttpStatusCode.NotFound, "image-not-found");
            return;
        }

        List<(string Id, int Distance, int? FineDistance)> ranking =
            State.Rank(pictures, code, signature is not null, operation, isSimilar ? operation.Id : null);
        SearchResponse page = answer.Read<SearchResponse>();
        NaiveRanking.AssertFirstPage(ranking, operation.K, page);
        int seen = 0;
        while (true)
        {
            Assert.Equal((State.Model, code.Code.ToString(), signature), (page.Generation!.Model, page.Query.Code, page.Query.Signature));
            Assert.Equal(ranking.Skip(seen).Take(operation.K), page.Hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
            foreach (Hit hit in page.Hits)
            {
                Entry found = State.Find(hit.Id)!;
                Assert.Equal(found.Labels, hit.Labels);
                Assert.Equal(found.Metadata ?? "{}", hit.Metadata!.Value.GetRawText());
            }

            seen += page.Hits.Count;
            Assert.Equal(ranking.Count > seen, page.NextCursor is not null);
            if (page.NextCursor is not { } cursor || !operation.Flag)
            {
                return;
            }

            page = (await AskAsync(client => client.SendAsync(HttpMethod.Post, $"/search/code?cursor={cursor}&include=metadata"))).Read<SearchResponse>();
        }
    }

    private async Task ImportAsync(Entry[] upload, bool replace)
    {
        (ReferenceCatalogue after, int indexed, int unchanged, int rejected, int deleted) = State.Import(upload, replace);
        byte[] zip = Archives.Zip(upload.Select(entry => (entry.Id, entry.Picture < 0 ? "no picture"u8.ToArray() : pictures.Bytes(entry.Picture))));
        Life now = await EnterAsync();
        Answer? answer = await TrySendAsync(now, client => client.SendImportAsync(collection, zip, replace ? "?mode=replace" : ""));
        if ((answer is null ? await FindJobAsync("import") : answer.Read<JobResponse>(HttpStatusCode.Accepted).Id) is { } job)
        {
            JobResponse ended = await EndOfJobAsync(job);
            ended.AssertSucceeded(indexed, unchanged, rejected);
            Assert.Equal(deleted, ended.Result!.Value.GetProperty("deleted").GetInt32());
            tags.Clear();
            State = after;
            position = ended.Result.Value.GetProperty("position").GetString();
        }

        life = now.Disturbed ? null : life;
        await ListAsync(500);
    }

    /// <summary>Makes a generation of the other model ready, so that uploads are hashed into both.</summary>
    private async Task FillAsync()
    {
        while (true)
        {
            GenerationStatusResponse? there = (await GenerationsAsync()).SingleOrDefault(g => g.Generation.Model == Other);
            if (there?.State == GenerationProgress.Ready)
            {
                Assert.Equal((State.Items.Count, 0), (there.Pictures, there.Missing));
                return;
            }

            if (there is { State: GenerationProgress.Filling, Job: { } running } && running > lastJob)
            {
                await EndOfFillAsync(running); // Whose answer was lost.
                continue;
            }

            Life now = await EnterAsync();
            Answer? answer = await TrySendAsync(now, client => client.AskAsync(collection, Other));
            if (answer is not null)
            {
                await EndOfFillAsync(answer.Read<JobResponse>(HttpStatusCode.Accepted).Id);
            }
        }
    }

    /// <summary>Lets the other model answer, whether it has never done so before or this is the way back.</summary>
    private async Task ActivateAsync(bool deleteFirst)
    {
        string target = Other;
        while (true)
        {
            List<GenerationStatusResponse> all = await GenerationsAsync();
            if (all.Single(g => g.State == GenerationProgress.Active).Generation.Model == target)
            {
                break;
            }

            GenerationStatusResponse? there = all.SingleOrDefault(g => g.Generation.Model == target);
            if (there is null)
            {
                await FillAsync();
                deleteFirst = false;
                continue;
            }

            Life now = await EnterAsync();
            string path = $"/collections/{collection}/generations/{there.Generation.Id}";
            if (deleteFirst)
            {
                Answer? gone = await TrySendAsync(now, client => client.DeleteAsync(path));
                if (gone is not null && !(now.Disturbed && gone.Status == HttpStatusCode.NotFound))
                {
                    gone.AssertStatus(HttpStatusCode.NoContent);
                }

                deleteFirst = gone is null;
                continue;
            }

            Answer? answer = await TrySendAsync(now, client => client.ActivateAsync(collection, there.Generation.Id, """{"force":true}"""));
            if (answer is not null && !now.Disturbed)
            {
                ActivationResponse activation = answer.Read<ActivationResponse>();
                Assert.Equal((there.Generation.Id, true), (activation.Generation, activation.Switched));
            }
        }

        State = State with { Model = target };
        life = null; // No position was told of what may have been lost.
        await ListAsync(500);
    }

    private async Task<List<GenerationStatusResponse>> GenerationsAsync() =>
        [.. (await AskAsync(client => client.GetAsync($"/collections/{collection}/generations"))).Read<GenerationList>().Items];

    private async Task EndOfFillAsync(long job)
    {
        JobResponse ended = await EndOfJobAsync(job);
        Assert.True(ended.State == JobState.Succeeded, $"{ended.State}: {ended.Error}");
    }

    /// <summary>The newest job of a kind, if it came after the last one that is known.</summary>
    private async Task<long?> FindJobAsync(string kind) =>
        (await AskAsync(client => client.GetAsync($"/jobs?collection={collection}&kind={kind}&limit=1"))).Read<JobList>()
            .Items.Where(job => job.Id > lastJob).Select(job => (long?)job.Id).SingleOrDefault();

    private async Task<JobResponse> EndOfJobAsync(long id)
    {
        lastJob = id;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            JobResponse job = (await AskAsync(client => client.GetAsync($"/jobs/{id}"))).Read<JobResponse>();
            if (job.State is JobState.Succeeded or JobState.Failed or JobState.Cancelled)
            {
                return job;
            }

            Assert.True(clock.Elapsed < JobPatience, $"Job {id} is still {job.State}: {job.Progress} {job.Error}");
            await Task.Delay(JobPause);
        }
    }

    /// <summary>Sends a write and checks its answer; of a lost one looks up whether it happened.</summary>
    /// <param name="after">What is so when it has happened.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="check">Checks the answer: to the write, or, if so told, to the same write done again.</param>
    private async Task WriteAsync(ReferenceCatalogue after, Func<ApiClient, Task<Answer>> send, Action<Answer, bool> check)
    {
        Life now = await EnterAsync();
        if (await TrySendAsync(now, send) is { } answer)
        {
            try
            {
                check(answer, false);
            }
            catch (Xunit.Sdk.XunitException) when (now.Disturbed)
            {
                // The service lost its database's answer to the commit and did it again.
                check(answer, true);
                life = null;
            }

            State = after;
            return;
        }

        tags.Clear();
        var listed = (await AskAsync(client => client.GetAsync($"/collections/{collection}/images?limit=500"))).Read<ImageList>().Items;
        Assert.True(
            after.IsToldBy(listed, pictures) || State.IsToldBy(listed, pictures), $"It lists {Tell(listed)}, and should {State}, or {after}");
        State = after.IsToldBy(listed, pictures) ? after : State;
    }

    private void CheckWritten(Answer answer, HttpStatusCode expected, Entry entry, bool unchanged)
    {
        ImageResponse told = answer.Read<ImageResponse>(expected);
        Assert.True(State.IsToldBy(entry, told, pictures), $"It tells {Tell([told])}");
        if (tags.TryGetValue(entry.Id, out string? known))
        {
            Assert.Equal(unchanged, known == answer.ETag);
        }

        tags[entry.Id] = answer.ETag!;
        position = told.Position;
    }

    /// <summary>An answer to a question, asked again in the next life when it was lost.</summary>
    private async Task<Answer> AskAsync(Func<ApiClient, Task<Answer>> send)
    {
        while (true)
        {
            if (await TrySendAsync(await EnterAsync(), send) is { } answer)
            {
                return answer;
            }
        }
    }

    /// <summary>The answer; null when it was lost, or the service could only say that its database is away.</summary>
    private static async Task<Answer?> TrySendAsync(Life now, Func<ApiClient, Task<Answer>> send)
    {
        try
        {
            Answer answer = await send(now.Client);
            return now.Disturbed && answer.Status == HttpStatusCode.ServiceUnavailable ? null : answer;
        }
        catch (Exception error) when (error is HttpRequestException or IOException && now.Disturbed)
        {
            return null;
        }
    }

    /// <summary>The present life, with a position in it that covers all that was done before.</summary>
    private async Task<Life> EnterAsync()
    {
        while (true)
        {
            Life now = await lives.WaitAsync();
            if (now == life)
            {
                return now;
            }

            if (await TrySendAsync(now, client => client.PutAsync("default", "marker", pictures.Bytes(0))) is { } answer)
            {
                position = answer.Read<ImageResponse>(answer.Status == HttpStatusCode.Created ? HttpStatusCode.Created : HttpStatusCode.OK).Position;
                life = now;
                return now;
            }
        }
    }

    private static string Tell(IEnumerable<ImageResponse> images) => string.Join(
        ", ", images.Select(image => $"{image.Id}=[{string.Join('|', image.Labels)}]{image.Metadata?.GetRawText()} {image.Sha256[..8]} {image.Code[..4]}"));
}
