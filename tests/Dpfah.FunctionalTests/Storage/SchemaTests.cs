using System.Net;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>The schema that the migrations make.</summary>
public abstract class SchemaTests(ServiceFixture fixture)
{
    protected TestDatabase Database => fixture.Database;

    [Fact]
    public async Task The_migrations_make_what_the_model_says()
    {
        await using DpfahContext context = fixture.Service.Services.GetRequiredService<Database>().CreateContext();

        Assert.False(context.Database.HasPendingModelChanges(), "Add a migration for each provider.");
        Assert.Empty(await context.Database.GetPendingMigrationsAsync());
    }

    [Fact]
    public async Task The_number_of_a_deleted_picture_is_never_given_again()
    {
        string collection = await fixture.Client.CreateCollectionAsync();
        var numbers = new List<long>();
        for (int n = 0; n < 5; n++)
        {
            string tag = (await fixture.Client.PutAsync(collection, "a", Pictures.Png(1))).ETag!;
            numbers.Add(long.Parse(tag.Trim('"').Split('.')[0]));
            (await fixture.Client.DeleteAsync(ApiClient.ImagePath(collection, "a"))).AssertStatus(HttpStatusCode.NoContent);
        }

        Assert.Equal(numbers.Distinct().Order(), numbers);
    }

    [Fact]
    public async Task A_deleted_picture_leaves_no_rows()
    {
        string collection = await fixture.Client.CreateCollectionAsync();
        string tag = (await fixture.Client.PutAsync(collection, "a", Pictures.Png(1))).ETag!;
        string number = tag.Trim('"').Split('.')[0];
        Assert.Equal((1, 1), await RowsAsync(number));

        await fixture.Client.DeleteAsync(ApiClient.ImagePath(collection, "a"));

        Assert.Equal((0, 0), await RowsAsync(number));
    }

    [Fact]
    public async Task The_rows_of_a_deleted_collection_are_removed_and_no_others()
    {
        string gone = await fixture.Client.CreateCollectionAsync(), kept = await fixture.Client.CreateCollectionAsync();
        for (int n = 0; n < 10; n++)
        {
            await fixture.Client.PutAsync(gone, $"p{n}", Pictures.Png(n));
            await fixture.Client.PutAsync(kept, $"p{n}", Pictures.Png(n));
        }

        await fixture.Client.DeleteAsync($"/collections/{gone}");
        await fixture.Client.SendAsync(HttpMethod.Put, $"/collections/{gone}");
        await fixture.Client.PutAsync(gone, "new", Pictures.Png(100));
        await fixture.Service.Services.GetRequiredService<CollectionStore>().RemoveDeletedAsync(CancellationToken.None);

        Assert.Equal(0, await Database.ReadAsync<long>("SELECT count(*) FROM collections WHERE deleted_at IS NOT NULL"));
        Assert.Equal(11, await Database.ReadAsync<long>(
            $"""
            SELECT count(*) FROM items i JOIN collections c ON c.id = i.collection_id JOIN previews p ON p.item_number = i.number
            WHERE c.name IN ('{gone}', '{kept}')
            """));
        Assert.Equal(["new"], (await fixture.Client.ListAsync(gone)).Select(image => image.Id));
    }

    private async Task<(long Previews, long Codes)> RowsAsync(string number) => (
        await Database.ReadAsync<long>($"SELECT count(*) FROM previews WHERE item_number = {number}"),
        await Database.ReadAsync<long>($"SELECT count(*) FROM codes WHERE item_number = {number}"));
}

public sealed class SchemaTests_Postgres(PostgresService fixture) : SchemaTests(fixture), IClassFixture<PostgresService>
{
    [Theory]
    [InlineData("items", "public_id")]
    [InlineData("collections", "name")]
    public async Task Names_are_compared_as_bytes_whatever_the_collation_of_the_database(string table, string column) =>
        Assert.Equal("C", await Database.ReadAsync<string>(
            $"SELECT collation_name FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"));

    [Fact]
    public async Task Previews_are_stored_beside_the_row_and_not_compressed_again() =>
        Assert.Equal("e", await Database.ReadAsync<string>(
            "SELECT attstorage::text FROM pg_attribute WHERE attrelid = 'previews'::regclass AND attname = 'jpeg'"));

    [Fact]
    public async Task The_log_is_read_by_transaction_through_an_index() =>
        Assert.Equal(1, await Database.ReadAsync<long>(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'changes' AND indexdef LIKE '%(xid, seq)%'"));
}

public sealed class SchemaTests_Sqlite(SqliteService fixture) : SchemaTests(fixture), IClassFixture<SqliteService>
{
    [Fact]
    public async Task The_file_keeps_a_write_ahead_log() =>
        Assert.Equal("wal", await Database.ReadAsync<string>("PRAGMA journal_mode"));
}
