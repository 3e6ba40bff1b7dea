using Npgsql;

namespace Dpfah.FunctionalTests.Infrastructure;

public sealed class PostgresServerTests(PostgresServer postgres)
{
    [Fact]
    public async Task Each_database_is_empty_and_its_own()
    {
        string first = await postgres.CreateDatabaseAsync();
        string second = await postgres.CreateDatabaseAsync();

        await ExecuteAsync(first, "CREATE TABLE item (number bigint)");
        await ExecuteAsync(second, "CREATE TABLE item (number bigint)");

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Commits_are_flushed_to_disk()
    {
        string database = await postgres.CreateDatabaseAsync();

        Assert.Equal("on", await ExecuteAsync(database, "SHOW fsync"));
        Assert.Equal("on", await ExecuteAsync(database, "SHOW synchronous_commit"));
    }

    [Fact]
    public async Task A_cluster_keeps_its_address_and_its_data_over_a_restart()
    {
        await using PostgresCluster cluster = await PostgresCluster.CreateAsync();
        string database = await cluster.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE item AS SELECT 7 AS number");

        await cluster.StopAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(database, "SELECT 1"));
        await cluster.StartAsync();

        Assert.Equal(7, await ExecuteAsync(database, "SELECT number FROM item"));
    }

    [Fact]
    public async Task A_cluster_leaves_nothing_behind()
    {
        PostgresCluster cluster = await PostgresCluster.CreateAsync();
        await cluster.CreateDatabaseAsync();

        await cluster.DisposeAsync();

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(cluster.AdminConnectionString, "SELECT 1"));
        if (cluster is LocalPostgresCluster local)
        {
            Assert.False(Directory.Exists(new NpgsqlConnectionStringBuilder(local.SocketConnectionString).Host));
        }
    }

    [Fact]
    public async Task What_a_killed_test_process_left_is_swept_by_the_next()
    {
        PostgresPrograms? programs = await PostgresPrograms.FindAsync();
        if (programs is null)
        {
            return; // A container is removed by Testcontainers' own watchman.
        }

        ServiceProcess dead = ServiceProcess.Start("/bin/true", []);
        await dead.WaitForExitAsync();
        string left = LocalPostgresCluster.FolderOf(dead.Id, number: 1);
        await PostgresPrograms.CreateFolderAsync(left);
        await dead.DisposeAsync();

        await using LocalPostgresCluster next = await LocalPostgresCluster.StartNewAsync(programs);

        Assert.False(Directory.Exists(left));
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
