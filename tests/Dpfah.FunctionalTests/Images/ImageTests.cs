using System.Net;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Images;

/// <summary>The life of a picture: indexed, replaced, relabelled, deleted.</summary>
public abstract class ImageTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_picture_is_read_back_as_it_was_sent()
    {
        string collection = await client.CreateCollectionAsync();
        byte[] picture = Pictures.Png(1);

        Answer put = await client.PutAsync(collection, "a", picture, ["dog", "wild cat"], """{ "b": [1, 2.50], "a": null }""");
        ImageResponse sent = put.Read<ImageResponse>(HttpStatusCode.Created);
        Answer get = await client.GetAsync(ApiClient.ImagePath(collection, "a"));
        ImageResponse read = get.Read<ImageResponse>();

        Assert.Equal($"/collections/{collection}/images/a", put.Headers.Location?.ToString());
        Assert.Equal(put.ETag, get.ETag);
        Assert.Equal(["dog", "wild cat"], read.Labels);
        Assert.Equal("""{"b":[1,2.50],"a":null}""", read.Metadata?.GetRawText());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(picture)), read.Sha256);
        Assert.Equal((16, 16), (read.Width, read.Height));
        Assert.Equal((64 / 4, 256 / 4), (read.Code.Length, read.Signature.Length));
        Assert.Equal(DateTimeKind.Utc, read.CreatedAt.Kind);
        Assert.InRange(read.CreatedAt, DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal(read.CreatedAt, read.UpdatedAt);
        Assert.Null(read.Position);
        Assert.NotNull(sent.Position);
        Assert.Equivalent(sent with { Position = null, Metadata = null, CreatedAt = default, UpdatedAt = default }, read with { Metadata = null, CreatedAt = default, UpdatedAt = default });
    }

    [Fact]
    public async Task A_post_without_id_gives_one_and_tells_where_the_picture_is()
    {
        string collection = await client.CreateCollectionAsync();

        Answer raw = await client.SendAsync(HttpMethod.Post, $"/collections/{collection}/images", ApiClient.Raw(Pictures.Png(1)));
        Answer form = await client.SendAsync(HttpMethod.Post, $"/collections/{collection}/images", ApiClient.Form(Pictures.Png(1)));

        foreach (Answer answer in new[] { raw, form })
        {
            string id = answer.Read<ImageResponse>(HttpStatusCode.Created).Id;
            Assert.Equal(id, (await client.GetAsync(answer.Headers.Location!.ToString())).Read<ImageResponse>().Id);
        }

        Assert.Equal(2, (await client.ListAsync(collection)).Count);
    }

    [Fact]
    public async Task A_post_with_an_id_is_idempotent()
    {
        string collection = await client.CreateCollectionAsync();
        HttpStatusCode[] statuses = new HttpStatusCode[2];
        for (int time = 0; time < 2; time++)
        {
            using MultipartFormDataContent form = ApiClient.Form(Pictures.Png(1), ["dog"]);
            form.Add(new StringContent("x/1"), "id");
            Answer answer = await client.SendAsync(HttpMethod.Post, $"/collections/{collection}/images", form);
            statuses[time] = answer.Status;
        }

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.OK], statuses);
        Assert.Equal("x/1", Assert.Single(await client.ListAsync(collection)).Id);
    }

    [Fact]
    public async Task The_same_again_changes_nothing()
    {
        string collection = await client.CreateCollectionAsync();
        Answer first = await client.PutAsync(collection, "a", Pictures.Png(1), ["dog"], """{"n":1}""");

        // Labels twice, and metadata with other white space, are the same.
        Answer again = await client.PutAsync(collection, "a", Pictures.Png(1), ["dog", "dog"], """{ "n" : 1 }""");

        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(first.ETag, again.ETag);
        Assert.Equal(first.Read<ImageResponse>(HttpStatusCode.Created).UpdatedAt, again.Read<ImageResponse>().UpdatedAt, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Another_picture_under_an_id_replaces_the_first()
    {
        string collection = await client.CreateCollectionAsync();
        ImageResponse first = (await client.PutAsync(collection, "a", Pictures.Png(1), ["dog"], """{"n":1}""")).Read<ImageResponse>(HttpStatusCode.Created);
        byte[] firstPreview = (await client.GetAsync(first.Preview)).Body;

        Answer put = await client.PutAsync(collection, "a", Pictures.Png(2));
        ImageResponse second = put.Read<ImageResponse>();

        Assert.NotEqual(first.Signature, second.Signature);
        Assert.Empty(second.Labels);
        Assert.Null(second.Metadata);
        Assert.Equal(first.CreatedAt, second.CreatedAt, TimeSpan.FromMilliseconds(1));
        Assert.NotEqual(firstPreview, (await client.GetAsync(second.Preview)).Body);
        SearchResponse found = (await client.SearchAsync(Pictures.Png(2), $"?collection={collection}&minPosition={second.Position}")).Read<SearchResponse>();
        Assert.Equal(("a", 0, 0), Assert.Single(found.Hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance!.Value))));
        Assert.Single(await client.ListAsync(collection));
    }

    [Fact]
    public async Task Other_labels_with_the_same_picture_are_found_by_search()
    {
        string collection = await client.CreateCollectionAsync();
        await client.PutAsync(collection, "a", Pictures.Png(1), ["dog"]);

        Answer put = await client.PutAsync(collection, "a", Pictures.Png(1), ["cat"]);

        string query = $"?collection={collection}&minPosition={put.Read<ImageResponse>().Position}&label=";
        Assert.Equal(["cat"], Assert.Single((await client.SearchAsync(Pictures.Png(1), query + "cat")).Read<SearchResponse>().Hits).Labels);
        Assert.Empty((await client.SearchAsync(Pictures.Png(1), query + "dog")).Read<SearchResponse>().Hits);
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_leaves_the_rest()
    {
        string collection = await client.CreateCollectionAsync();
        ImageResponse before = (await client.PutAsync(collection, "a", Pictures.Png(1), ["dog"], """{"n":1}""")).Read<ImageResponse>(HttpStatusCode.Created);

        ImageResponse labels = await PatchAsync(collection, """{"labels":["cat","cat","dog"]}""");
        ImageResponse metadata = await PatchAsync(collection, """{"metadata":{"n":2}}""");
        ImageResponse without = await PatchAsync(collection, """{"metadata":null}""");
        ImageResponse both = await PatchAsync(collection, """{"labels":[],"metadata":{}}""");

        AssertHas(labels, ["cat", "dog"], """{"n":1}""");
        AssertHas(metadata, ["cat", "dog"], """{"n":2}""");
        AssertHas(without, ["cat", "dog"], null);
        AssertHas(both, [], "{}");
        Assert.Equal((before.Code, before.Signature, before.Sha256), (both.Code, both.Signature, both.Sha256));
        Assert.True(both.UpdatedAt > before.UpdatedAt);
        AssertHas((await client.GetAsync(ApiClient.ImagePath(collection, "a"))).Read<ImageResponse>(), [], "{}");
    }

    [Fact]
    public async Task A_change_with_if_match_needs_the_state_that_was_read()
    {
        string collection = await client.CreateCollectionAsync();
        string path = ApiClient.ImagePath(collection, "a");
        string stale = (await client.PutAsync(collection, "a", Pictures.Png(1))).ETag!;
        Answer patched = await client.SendJsonAsync(HttpMethod.Patch, path, """{"labels":["dog"]}""", ("If-Match", stale));
        string current = patched.ETag!;

        Assert.Equal(HttpStatusCode.OK, patched.Status);
        Assert.NotEqual(stale, current);
        foreach (string tag in new[] { stale, "\"x\"", "\"1.2.3\"", $"W/{current}" })
        {
            (await client.SendJsonAsync(HttpMethod.Patch, path, """{"labels":["cat"]}""", ("If-Match", tag))).ReadProblem(HttpStatusCode.PreconditionFailed, "other-version");
            (await client.DeleteAsync(path, ("If-Match", tag))).ReadProblem(HttpStatusCode.PreconditionFailed, "other-version");
        }

        Assert.Equal(["dog"], (await client.GetAsync(path)).Read<ImageResponse>().Labels);
        (await client.SendJsonAsync(HttpMethod.Patch, path, """{"labels":["dog"]}""", ("If-Match", "*"))).AssertStatus(HttpStatusCode.OK);
        (await client.SendJsonAsync(HttpMethod.Patch, path, """{"labels":["dog"]}""", ("If-Match", $"{stale}, {current}"))).AssertStatus(HttpStatusCode.OK);
        (await client.DeleteAsync(path, ("If-Match", current))).AssertStatus(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_picture_is_replaced_with_if_match_only_in_the_state_that_was_read()
    {
        string collection = await client.CreateCollectionAsync();
        string path = ApiClient.ImagePath(collection, "a");
        (await client.SendAsync(HttpMethod.Put, path, ApiClient.Raw(Pictures.Png(1)), ("If-Match", "\"1.1\""))).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        string stale = (await client.PutAsync(collection, "a", Pictures.Png(1))).ETag!;
        string current = (await client.SendAsync(HttpMethod.Put, path, ApiClient.Raw(Pictures.Png(2)), ("If-Match", stale))).ETag!;

        (await client.SendAsync(HttpMethod.Put, path, ApiClient.Raw(Pictures.Png(3)), ("If-Match", stale))).ReadProblem(HttpStatusCode.PreconditionFailed, "other-version");

        Assert.Equal(current, (await client.GetAsync(path)).ETag);
    }

    [Fact]
    public async Task A_deleted_picture_is_gone_everywhere_and_may_come_again()
    {
        string collection = await client.CreateCollectionAsync();
        string path = ApiClient.ImagePath(collection, "a");
        Answer first = await client.PutAsync(collection, "a", Pictures.Png(1));

        string position = (await client.DeleteAsync(path)).Headers.GetValues("Dpfah-Position").Single();

        Assert.Empty((await client.SearchAsync(Pictures.Png(1), $"?collection={collection}&minPosition={position}")).Read<SearchResponse>().Hits);
        Assert.Empty(await client.ListAsync(collection));
        foreach (Answer answer in new[]
        {
            await client.GetAsync(path),
            await client.GetAsync(path + "/preview"),
            await client.GetAsync(path + "/similar"),
            await client.DeleteAsync(path),
            await client.SendJsonAsync(HttpMethod.Patch, path, """{"labels":[]}"""),
        })
        {
            Assert.Contains("'a'", answer.ReadProblem(HttpStatusCode.NotFound, "image-not-found").Detail, StringComparison.Ordinal);
        }

        Answer again = await client.PutAsync(collection, "a", Pictures.Png(1));
        Assert.Equal(HttpStatusCode.Created, again.Status);
        Assert.NotEqual(first.ETag, again.ETag);
    }

    [Fact]
    public async Task Similar_pictures_are_ranked_without_the_picture_itself()
    {
        SharedPictures shared = await fixture.FilledAsync();
        foreach (ImageResponse image in shared.Images.Take(10))
        {
            SearchResponse whole = (await client.SearchCodeAsync(
                new SearchByCodeRequest(image.Code, image.Signature, shared.Name), "?k=50")).Read<SearchResponse>();

            SearchResponse first = (await client.GetAsync(ApiClient.ImagePath(shared.Name, image.Id) + "/similar?k=29")).Read<SearchResponse>();
            SearchResponse second = (await client.SendAsync(HttpMethod.Post, $"/search/code?k=20&cursor={first.NextCursor}")).Read<SearchResponse>();

            Assert.Equal(image.Id, whole.Hits[0].Id);
            Assert.Equal(whole.Hits.Skip(1).Select(hit => hit.Id), first.Hits.Concat(second.Hits).Select(hit => hit.Id));
            Assert.Equal((image.Code, image.Signature), (first.Query.Code, first.Query.Signature));
        }
    }

    [Fact]
    public async Task A_list_pages_in_the_order_of_arrival_and_filters_by_label()
    {
        SharedPictures shared = await fixture.FilledAsync();
        var paged = new List<string>();
        string? cursor = null;
        do
        {
            ImageList page = (await client.GetAsync($"/collections/{shared.Name}/images?limit=33&label=dog&label=Dog{(cursor is null ? "" : "&cursor=" + cursor)}")).Read<ImageList>();
            paged.AddRange(page.Items.Select(image => image.Id));
            Assert.True(page.Items.Count <= 33 && paged.Count <= SharedPictures.Count);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(shared.Images.Where(image => image.Labels.Contains("dog") || image.Labels.Contains("Dog")).Select(image => image.Id), paged);
        Assert.Equal(50, (await client.GetAsync($"/collections/{shared.Name}/images")).Read<ImageList>().Items.Count);
        Assert.Empty((await client.GetAsync($"/collections/{shared.Name}/images?label=nobody")).Read<ImageList>().Items);
    }

    [Fact]
    public async Task A_list_whose_last_page_is_full_ends()
    {
        string collection = await client.CreateCollectionAsync();
        for (int n = 0; n < 4; n++)
        {
            await client.PutAsync(collection, $"p{n}", Pictures.Png(n));
        }

        ImageList first = (await client.GetAsync($"/collections/{collection}/images?limit=2")).Read<ImageList>();
        ImageList second = (await client.GetAsync($"/collections/{collection}/images?limit=2&cursor={first.NextCursor}")).Read<ImageList>();

        Assert.Equal(["p0", "p1", "p2", "p3"], first.Items.Concat(second.Items).Select(image => image.Id));
        Assert.Null(second.NextCursor);
    }

    private static void AssertHas(ImageResponse image, string[] labels, string? metadata)
    {
        Assert.Equal(labels, image.Labels);
        Assert.Equal(metadata, image.Metadata?.GetRawText());
    }

    private async Task<ImageResponse> PatchAsync(string collection, string json) =>
        (await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(collection, "a"), json)).Read<ImageResponse>();
}

public sealed class ImageTests_Postgres(PostgresService fixture) : ImageTests(fixture), IClassFixture<PostgresService>;

public sealed class ImageTests_Sqlite(SqliteService fixture) : ImageTests(fixture), IClassFixture<SqliteService>;
