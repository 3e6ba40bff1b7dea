using System.Net;
using System.Text;
using Dpfah.Api.Explanations;
using Dpfah.Api.Generations;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;
using SkiaSharp;

namespace Dpfah.FunctionalTests.Explanations;

/// <summary>Why a picture was found: bits, heat maps, their entity tags, and what cannot be explained.</summary>
public abstract class ExplanationTests(ServiceFixture fixture)
{
    private const string DataUrl = "data:image/png;base64,";

    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_query_of_the_collection_and_its_hit_are_explained_by_cached_pictures()
    {
        string name = await AttentiveAsync();
        ImageResponse query = await client.AddAsync(name, "q/ü.png", Pictures.Png(1)), hit = await client.AddAsync(name, "h", Pictures.Png(2));

        ExplanationResponse found = (await client.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=h&queryId={ApiClient.Encode("q/ü.png")}"))
            .Read<ExplanationResponse>();

        Assert.Equal((name, 64), (found.Collection, found.Generation.Bits));
        Assert.Equal(("q/ü.png", query.Code, query.Signature, query.Preview), (found.Query.Id, found.Query.Code, found.Query.Signature, found.Query.Preview));
        Assert.Equal(("h", hit.Code), (found.Result.Id, found.Result.Code));
        Assert.Equal(Enumerable.Range(0, 64), found.SharedBits.Concat(found.DifferingBits).Order());
        Assert.Equal(found.Distance, found.DifferingBits.Count);
        CompareResponse compared = (await client.SendAsync(HttpMethod.Post, $"/compare?collection={name}&id=h&id={ApiClient.Encode("q/ü.png")}")).Read<CompareResponse>();
        Assert.Equal((compared.Distance, compared.FineDistance), (found.Distance, found.FineDistance));
        Assert.Equal(compared.DifferingBits, found.DifferingBits);
        IServiceProvider services = fixture.Service.Services;
        int model = services.GetRequiredService<SearchService>().Find(name)!.Generation.ModelId;
        await using ExplainerUse? use = await services.GetRequiredService<PictureEncoder>().UseExplainerAsync(model, CancellationToken.None);
        var encoder = (ExplainingHashEncoder)use!.Explainer;
        var maps = new HashSet<string>();
        var tags = new HashSet<string>();
        foreach (string path in (string[])[.. PathsOf(found.Maps.Query), .. PathsOf(found.Maps.Result)])
        {
            Answer map = await client.GetAsync(path);
            AssertMap(map.Body, 16, 16);
            Assert.Equal("image/png", map.ContentHeaders.ContentType?.MediaType);
            Assert.True(map.Headers.CacheControl is { Private: true, NoCache: true });
            Assert.False(map.Headers.ETag!.IsWeak);
            Assert.Equal(map.Body, (await client.GetAsync(path)).Body);
            int drawn = encoder.Drawings;
            foreach (string known in (string[])[map.ETag!, $"\"other\", W/{map.ETag}", "*"])
            {
                Answer again = await client.GetAsync(path, ("If-None-Match", known));
                Assert.Equal((HttpStatusCode.NotModified, map.ETag, 0), (again.Status, again.ETag, again.Body.Length));
            }

            Assert.Equal(drawn, encoder.Drawings);
            (await client.GetAsync(path, ("If-None-Match", "\"other\""))).AssertStatus(HttpStatusCode.OK);
            Assert.Equal(drawn + 1, encoder.Drawings);
            Assert.True(maps.Add(Convert.ToHexString(map.Body)) && tags.Add(map.ETag!), path);
        }

        // Another picture under the id has another map.
        string tag = (await client.GetAsync(found.Maps.Result.Shared!)).ETag!;
        (await client.PutAsync(name, "h", Pictures.Png(3))).AssertStatus(HttpStatusCode.OK);
        Assert.NotEqual(tag, (await client.GetAsync(found.Maps.Result.Shared!, ("If-None-Match", tag))).ETag);
    }

    [Fact]
    public async Task A_picture_that_is_sent_is_explained_at_once()
    {
        string name = await AttentiveAsync();
        ImageResponse stored = await client.AddAsync(name, "stored", Pictures.Jpeg(1));
        await client.AddAsync(name, "h", Pictures.Png(2));
        ExplanationResponse byId = (await client.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=h&queryId=stored")).Read<ExplanationResponse>();

        foreach (HttpContent body in (HttpContent[])[ApiClient.Raw(Pictures.Jpeg(1)), ApiClient.Form(Pictures.Jpeg(1))])
        {
            ExplanationResponse sent = (await client.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=h", body)).Read<ExplanationResponse>();

            Assert.Equal((null, stored.Code, null), (sent.Query.Id, sent.Query.Code, sent.Query.Preview));
            Assert.Equal(byId.DifferingBits, sent.DifferingBits);
            Assert.Equal(byId.Maps.Result.Attention, sent.Maps.Result.Attention);
            foreach ((string? data, string? path) in new[]
            {
                (sent.Maps.Query.Attention, byId.Maps.Query.Attention),
                (sent.Maps.Query.Shared, byId.Maps.Query.Shared),
                (sent.Maps.Query.Differing, byId.Maps.Query.Differing),
            })
            {
                Assert.StartsWith(DataUrl, data, StringComparison.Ordinal);
                Assert.Equal((await client.GetAsync(path!)).Body, Convert.FromBase64String(data![DataUrl.Length..]));
            }

            // What the hit looked at is known by the query's code alone.
            Assert.Contains($"?code={stored.Code}&", sent.Maps.Result.Shared, StringComparison.Ordinal);
            Answer map = await client.GetAsync(sent.Maps.Result.Shared!);
            Assert.Equal(map.ETag, (await client.GetAsync(byId.Maps.Result.Shared!)).ETag);
        }
    }

    [Fact]
    public async Task Groups_without_bits_have_no_map_and_a_map_is_as_large_as_its_preview()
    {
        string name = await AttentiveAsync();
        await client.AddAsync(name, "a", Wide());
        await client.AddAsync(name, "b", Wide());

        ExplanationResponse found = (await client.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=a&queryId=b")).Read<ExplanationResponse>();

        Assert.Equal((0, 64), (found.Distance, found.SharedBits.Count));
        Assert.True(found.Maps.Query.Differing is null && found.Maps.Result.Differing is null);
        AssertMap((await client.GetAsync(found.Maps.Query.Shared!)).Body, 300, 40);
        string path = $"/collections/{name}/images/a/explain";
        Assert.Equal((await client.GetAsync($"{path}?with=b")).Body, (await client.GetAsync($"{path}?with=b&bits=shared")).Body);
        AssertMap((await client.GetAsync($"{path}?with=b&bits=differing")).Body, 300, 40);
        AssertMap((await client.GetAsync($"{path}?with=b&bits=all")).Body, 300, 40);
    }

    [Fact]
    public async Task A_generation_that_is_ready_can_be_asked_before_it_answers()
    {
        string name = await client.CreateCollectionAsync(), model = $"m-{Guid.NewGuid():n}";
        await client.AddAsync(name, "a", Pictures.Png(1));
        await client.AddAsync(name, "b", Pictures.Png(2));
        string attention = $"/collections/{name}/images/a/attention", explain = $"/collections/{name}/images/a/explain?with=b";
        (await client.GetAsync(attention)).ReadProblem(HttpStatusCode.Conflict, "no-attention");
        Answer before = await client.GetAsync(explain);
        await fixture.Service.AddModelAsync(model, attention: true);
        (_, GenerationStatusResponse ready) = await client.FillAsync(name, model);
        int id = ready.Generation.Id;
        await Eventually.BecomesAsync(() => client.GetAsync($"{attention}?generation={id}"), answer => answer.Status == HttpStatusCode.OK);

        Answer asked = await client.GetAsync($"{explain}&generation={id}");
        asked.AssertStatus(HttpStatusCode.OK);
        Assert.NotEqual(before.ETag, asked.ETag);
        Assert.Equal(before.ETag, (await client.GetAsync(explain)).ETag);
        (await client.GetAsync($"{attention}?generation={id + 1000}")).ReadProblem(HttpStatusCode.NotFound, "generation-not-found");
        (await client.ActivateAsync(name, id, """{"force":true,"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
        await Eventually.BecomesAsync(() => client.GetAsync(explain), answer => answer.ETag == asked.ETag);
    }

    [Fact]
    public async Task An_encoder_that_cannot_explain_says_so()
    {
        string model = $"m-{Guid.NewGuid():n}", name = $"c-{Guid.NewGuid():n}";
        await fixture.Service.AddModelAsync(model, attention: true, mute: true);
        await CreateAsync(name, model);
        await client.AddAsync(name, "a", Pictures.Png(1));

        (await client.GetAsync($"/collections/{name}/images/a/attention")).ReadProblem(HttpStatusCode.Conflict, "cannot-explain");
        (await client.GetAsync($"/collections/{name}/images/a/explain?with=a")).ReadProblem(HttpStatusCode.Conflict, "cannot-explain");
        (await client.SendAsync(HttpMethod.Post, $"/search/explain?collection={name}&id=a&queryId=a")).ReadProblem(HttpStatusCode.Conflict, "cannot-explain");
    }

    [Fact]
    public async Task Wrong_requests_are_refused_by_name()
    {
        string name = await AttentiveAsync(), image = $"/collections/{name}/images/a", hit = $"/search/explain?collection={name}";
        ImageResponse a = await client.AddAsync(name, "a", Pictures.Png(1));

        foreach ((string target, string parameter) in new[]
        {
            ($"{image}/explain?with=a&bits=some", "bits"),
            ($"{image}/explain", "with"),
            ($"{image}/explain?with=a&code={a.Code}", "with"),
            ($"{image}/explain?code=abc", "code"),
            ($"{image}/explain?code={a.Code}00", "code"),
            ($"{image}/attention?generation=x", "generation"),
            ($"{image}/attention?bits=all", "bits"),
        })
        {
            Assert.Equal(parameter, (await client.GetAsync(target)).ReadBadParameter().Parameter);
        }

        foreach ((string target, byte[]? body, string parameter) in new[]
        {
            ($"{hit}&id=a", null, "image"),
            ($"{hit}&queryId=a", null, "id"),
            ($"{hit}&id=a&queryId=a", Pictures.Png(1), "queryId"),
            ($"{hit}&id=a&k=3", Pictures.Png(1), "k"),
        })
        {
            Assert.Equal(parameter, (await client.SendAsync(HttpMethod.Post, target, body is null ? null : ApiClient.Raw(body))).ReadBadParameter().Parameter);
        }

        foreach (string target in (string[])[$"/collections/{name}/images/none/attention", $"/collections/{name}/images/none/explain?with=a", $"{image}/explain?with=none"])
        {
            (await client.GetAsync(target)).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        }

        (await client.SendAsync(HttpMethod.Post, $"{hit}&id=none&queryId=a")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        (await client.SendAsync(HttpMethod.Post, $"{hit}&id=a&queryId=none")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        (await client.GetAsync("/collections/none/images/a/attention")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await client.SendAsync(HttpMethod.Post, "/search/explain?collection=none&id=a&queryId=a")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        (await client.SendAsync(HttpMethod.Post, $"{hit}&id=a", ApiClient.Raw(Encoding.UTF8.GetBytes("no picture")))).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-an-image");
    }

    private static string[] PathsOf(PictureMaps maps) => [maps.Attention!, maps.Shared!, maps.Differing!];

    private static void AssertMap(byte[] png, int width, int height)
    {
        using SKBitmap map = SKBitmap.Decode(png);
        Assert.Equal((width, height), (map.Width, map.Height));
        Assert.Equal(128, map.GetPixel(width / 2, height / 2).Alpha);
    }

    private static byte[] Wide()
    {
        using var bitmap = new SKBitmap(300, 40);
        bitmap.Erase(SKColors.CornflowerBlue);
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    /// <summary>A collection whose model has an attention.</summary>
    private async Task<string> AttentiveAsync()
    {
        string model = $"m-{Guid.NewGuid():n}", name = $"c-{Guid.NewGuid():n}";
        await fixture.Service.AddModelAsync(model, attention: true);
        await CreateAsync(name, model);
        return name;
    }

    private async Task CreateAsync(string name, string model)
    {
        (await client.SendJsonAsync(HttpMethod.Put, $"/collections/{name}", $$"""{"model":"{{model}}"}""")).AssertStatus(HttpStatusCode.Created);
        await Eventually.BecomesAsync(() => client.GetAsync($"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
    }
}

public sealed class ExplanationTests_Postgres(PostgresService fixture) : ExplanationTests(fixture), IClassFixture<PostgresService>;

public sealed class ExplanationTests_Sqlite(SqliteService fixture) : ExplanationTests(fixture), IClassFixture<SqliteService>;
