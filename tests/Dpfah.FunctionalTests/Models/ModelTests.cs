using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Models;
using Dpfah.Api.Search;
using Dpfah.Core.Models;
using Dpfah.Engine.Models;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Models;

/// <summary>Several models in one service: the list, and collections under the one or the other.</summary>
public abstract class ModelTests
{
    private static readonly ModelDescription Trained = new()
    {
        Name = "dpfah-32",
        Method = "dpfah",
        Bits = 32,
        Classes = ["coat", "boot"],
        Backbone = new BackboneDescription("resnet18", 2, Attention: true, ""),
        Preprocessing = new Preprocessing(64, 64, [123.15f, 115.9f, 103.06f], [1, 1, 1]),
        Parameters = new Dictionary<string, string> { ["epochs"] = "30" },
        Metrics = new Dictionary<string, double> { ["map"] = 0.5 },
    };

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_new_service_has_its_first_model()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);

        ModelList list = (await service.Client.GetAsync("/models")).Read<ModelList>();

        ModelResponse model = Assert.Single(list.Items);
        Assert.Null(list.NextCursor);
        Assert.Equal(("hash-64", "random", "random", 64, false), (model.Name, model.Method, model.Title, model.Bits, model.Attention));
        Assert.True(model.IsDefault);
        Assert.Equal(["default"], model.Collections);
        Assert.Empty(model.Classes);
    }

    [Fact]
    public async Task A_model_that_the_host_brings_along_is_that_of_the_default_collection()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);
        ApiClient client = service.Client;

        ModelResponse[] models = [.. (await client.GetAsync("/models")).Read<ModelList>().Items];

        Assert.Equal(["hash-64", "dpfah-32"], models.Select(model => model.Name));
        ModelResponse model = models[1];
        Assert.Equal(("dpfah", "DPFAH", 32, true), (model.Method, model.Title, model.Bits, model.Attention));
        Assert.Equal(Trained.Classes, model.Classes);
        Assert.Equal(("resnet18", 2), (model.Backbone.Architecture, model.Backbone.LastStageBlocks));
        Assert.Equal((64, 64), (model.Preprocessing.Resize, model.Preprocessing.Crop));
        Assert.Equal(Trained.Preprocessing.Mean, model.Preprocessing.Mean);
        Assert.Equal(Trained.Preprocessing.Std, model.Preprocessing.Std);
        Assert.Equal("30", model.Parameters["epochs"]);
        Assert.Equal(0.5, model.Metrics["map"]);
        Assert.Matches("^[0-9a-f]{64}$", model.Digest);
        Assert.Matches("^[0-9a-f]{64}$", model.Backbone.Digest);
        Assert.NotEqual(models[0].Digest, model.Digest);
        Assert.Equal(DateTimeKind.Utc, model.CreatedAt.Kind);
        Assert.InRange(DateTime.UtcNow - model.CreatedAt, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.False(model.IsDefault);
        Assert.Equal(["default"], model.Collections);
        Assert.Empty(models[0].Collections);

        // What names no model starts with the default one all the same.
        string other = await client.CreateCollectionAsync();
        Assert.Equal("hash-64", (await client.GetAsync($"/collections/{other}")).Read<CollectionResponse>().Generation.Model);
        Assert.Equal([other], (await client.GetAsync("/models")).Read<ModelList>().Items[0].Collections);
    }

    [Fact]
    public async Task A_default_collection_that_is_there_keeps_its_model_and_its_pictures()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService before = await RunningService.StartAsync(database))
        {
            await before.Client.AddAsync("default", "a", Pictures.Png(1));
        }

        await using RunningService service = await StartWithTrainedAsync(database);

        CollectionResponse collection = (await service.Client.GetAsync("/collections/default")).Read<CollectionResponse>();
        Assert.Equal(("hash-64", 1), (collection.Generation.Model, collection.Pictures));
        Assert.Equal(["hash-64", "dpfah-32"], (await service.Client.GetAsync("/models")).Read<ModelList>().Items.Select(model => model.Name));
    }

    [Fact]
    public async Task The_model_stays_when_the_host_brings_it_again_or_no_more()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        string digest;
        await using (RunningService first = await StartWithTrainedAsync(database))
        {
            digest = (await first.Client.GetAsync("/models")).Read<ModelList>().Items[1].Digest;
            await first.Client.AddAsync("default", "a", Pictures.Png(1));
        }

        await using (RunningService again = await StartWithTrainedAsync(database))
        {
            Assert.Equal(2, (await again.Client.GetAsync("/models")).Read<ModelList>().Items.Count);
        }

        await using RunningService without = await RunningService.StartAsync(database);
        Assert.Equal(digest, (await without.Client.GetAsync("/models")).Read<ModelList>().Items[1].Digest);
        SearchResponse found = await without.Client.FindAsync(Pictures.Png(1));
        Assert.Equal(("dpfah-32", 32, 0), (found.Generation!.Model, found.Generation.Bits, Assert.Single(found.Hits).Distance));
    }

    [Fact]
    public async Task A_collection_is_made_under_the_model_that_is_named()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);
        ApiClient client = service.Client;

        CollectionResponse made = (await PutAsync(client, "trained", "dpfah-32")).Read<CollectionResponse>(HttpStatusCode.Created);
        CollectionResponse again = (await PutAsync(client, "trained", "dpfah-32")).Read<CollectionResponse>();
        CollectionResponse unnamed = (await client.SendAsync(HttpMethod.Put, "/collections/trained")).Read<CollectionResponse>();
        CollectionResponse first = (await PutAsync(client, "first", "hash-64")).Read<CollectionResponse>(HttpStatusCode.Created);
        CollectionResponse empty = (await client.SendJsonAsync(HttpMethod.Put, "/collections/empty", "{}")).Read<CollectionResponse>(HttpStatusCode.Created);

        Assert.Equal(("dpfah-32", 32), (made.Generation.Model, made.Generation.Bits));
        Assert.Equal(made.Generation, again.Generation);
        Assert.Equal(made.Generation, unnamed.Generation);
        Assert.Equal(("hash-64", "hash-64"), (first.Generation.Model, empty.Generation.Model));

        // One picture, two models: 8 hex digits and 16.
        string position = (await client.AddAsync("first", "a", Pictures.Png(1))).Position!;
        Assert.Equal(16, (await client.FindAsync(Pictures.Png(1), $"?collection=first&minPosition={position}")).Query.Code.Length);
        position = (await client.AddAsync("trained", "a", Pictures.Png(1))).Position!;
        SearchResponse found = await client.FindAsync(Pictures.Png(1), $"?collection=trained&minPosition={position}");
        Assert.Equal((8, "dpfah-32"), (found.Query.Code.Length, found.Generation!.Model));
        Assert.Equal("a", Assert.Single(found.Hits).Id);

        // Codes of two models have no common ranking.
        Problem mixed = (await client.SearchAsync(Pictures.Png(1), "?collection=first&collection=trained")).ReadBadParameter();
        Assert.Equal("collection", mixed.Parameter);
        Assert.Contains("'dpfah-32'", mixed.Detail, StringComparison.Ordinal);
        ModelResponse[] models = [.. (await client.GetAsync("/models")).Read<ModelList>().Items];
        Assert.Equal(["empty", "first"], models[0].Collections);
        Assert.Equal(["default", "trained"], models[1].Collections);
    }

    [Fact]
    public async Task A_collection_that_is_there_under_another_model_stays()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);
        ApiClient client = service.Client;

        Problem problem = (await PutAsync(client, "default", "hash-64")).ReadProblem(HttpStatusCode.Conflict, "other-model");

        Assert.Equal("model", problem.Parameter);
        Assert.Contains("'dpfah-32'", problem.Detail, StringComparison.Ordinal);
        Assert.Equal("dpfah-32", (await client.GetAsync("/collections/default")).Read<CollectionResponse>().Generation.Model);
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("")]
    [InlineData("HASH-64")]
    [InlineData("\\u0000")]
    public async Task A_model_that_is_not_known_is_told_with_those_that_are(string name)
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);

        foreach (string collection in new[] { "new", "default" })
        {
            Problem problem = (await PutAsync(service.Client, collection, name)).ReadProblem(HttpStatusCode.NotFound, "model-not-found");
            Assert.Equal("model", problem.Parameter);
            Assert.Contains("hash-64, dpfah-32", problem.Detail, StringComparison.Ordinal);
        }

        (await service.Client.GetAsync("/collections/new")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    [Fact]
    public async Task A_model_is_stored_once_and_its_name_is_no_other_models()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);
        using var folder = new TemporaryFolder();
        ModelStore models = service.Services.GetRequiredService<ModelStore>();

        // The host brings it along with the same tensors each time; other preprocessing makes other codes.
        Assert.Equal(2, (await models.ImportAsync(HashEncoding.Write(folder.Path, Trained), CancellationToken.None)).Id);
        ModelDescription other = Trained with { Preprocessing = Trained.Preprocessing with { Crop = 32 } };
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => models.ImportAsync(HashEncoding.Write(folder.Path, other), CancellationToken.None));

        Assert.Equal("Another model is already named 'dpfah-32'.", error.Message);
        Assert.Equal(2, await database.ReadAsync<int>("SELECT COUNT(*) FROM models"));
    }

    [Fact]
    public async Task The_list_pages_in_the_order_in_which_models_came()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await StartWithTrainedAsync(database);
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "b", "a", "c" })
        {
            await service.Services.GetRequiredService<ModelStore>().ImportAsync(
                HashEncoding.Write(folder.Path, Trained with { Name = name }), CancellationToken.None);
        }

        var names = new List<string>();
        string? cursor = null;
        do
        {
            ModelList page = (await service.Client.GetAsync($"/models?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}")).Read<ModelList>();
            Assert.InRange(page.Items.Count, 1, 2);
            names.AddRange(page.Items.Select(model => model.Name));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(["hash-64", "dpfah-32", "b", "a", "c"], names);
    }

    private static Task<Answer> PutAsync(ApiClient client, string collection, string model) =>
        client.SendJsonAsync(HttpMethod.Put, $"/collections/{collection}", $$"""{"model":"{{model}}"}""");

    private static async Task<RunningService> StartWithTrainedAsync(TestDatabase database)
    {
        using var folder = new TemporaryFolder();
        ModelFiles files = HashEncoding.Write(folder.Path, Trained);
        return await RunningService.StartAsync(database, services => services.AddSingleton(new InitialModel(Trained.Name, files)));
    }
}

public sealed class ModelTests_Postgres(PostgresServer server) : ModelTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class ModelTests_Sqlite : ModelTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
