using Dpfah.Engine;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>A database of an earlier version is brought up to date with what is in it.</summary>
public abstract class UpgradeTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task What_goes_with_its_pictures_from_now_on_is_put_in_order_and_the_rest_stays()
    {
        using TestDatabase stored = await CreateDatabaseAsync();
        await using Database database = EngineServices.Open(new EngineOptions
        {
            DataFolder = stored.DataFolder,
            PostgresConnectionString = stored.Arguments.SkipWhile(argument => argument != "--ConnectionStrings:Dpfah").Skip(1).FirstOrDefault(),
        });
        await using (DpfahContext context = database.CreateContext())
        {
            await context.GetService<IMigrator>().MigrateAsync("ApiKeys");
            await FillAsync(context);
        }

        await database.PrepareAsync(CancellationToken.None);

        await using DpfahContext now = database.CreateContext();
        Assert.False(now.Database.HasPendingModelChanges());
        Assert.Equal([1L], await now.DuplicateMembers.Select(member => member.ItemNumber).ToListAsync());
        Assert.Equal(["pr.json"], await now.Figures.Select(figure => figure.Name).ToListAsync());
        await now.Items.ExecuteDeleteAsync();
        Assert.Empty(await now.DuplicateMembers.ToListAsync());
    }

    private static async Task FillAsync(DpfahContext context)
    {
        DateTime then = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await context.Database.ExecuteSqlAsync($"INSERT INTO collections (id, name, created_at) VALUES (1, 'shoes', {then})");
        context.Items.Add(new Item
        {
            Number = 1,
            CollectionId = 1,
            PublicId = "a",
            Labels = [],
            ContentDigest = [],
            Version = 1,
            CreatedAt = then,
            UpdatedAt = then,
        });
        context.Jobs.Add(new StoredJob { Id = 1, Kind = "duplicates", Lane = "general", State = JobState.Succeeded, Request = "{}", CreatedAt = then });
        context.Backbones.Add(new StoredBackbone { Digest = "d", File = [] });
        context.Models.Add(new StoredModel { Id = 1, Name = "m", Digest = "d", BackboneDigest = "d", Head = [], CreatedAt = then });
        await context.SaveChangesAsync();
        foreach (long item in (long[])[1, 2])
        {
            await context.Database.ExecuteSqlAsync($"INSERT INTO duplicate_members (job_id, group_number, item_number, distance) VALUES (1, 1, {item}, 0)");
        }

        context.Evaluations.Add(new Evaluation { ModelId = 1, Target = "the held-out pictures of collection 'shoes'", Result = "{}", CreatedAt = then });
        context.Figures.AddRange(((string[])["pr.json", "tsne.json", "top10.png"])
            .Select(name => new StoredFigure { ModelId = 1, Name = name, ContentType = "x/y", Bytes = [] }));
        await context.SaveChangesAsync();
    }
}

public sealed class UpgradeTests_Postgres(PostgresServer server) : UpgradeTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateEmptyAsync(server);
}

public sealed class UpgradeTests_Sqlite : UpgradeTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
