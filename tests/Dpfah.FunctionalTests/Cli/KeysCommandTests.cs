using System.Net;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary><c>dpfah keys</c> on the database of a service that runs.</summary>
public abstract class KeysCommandTests(TestDatabase database) : IDisposable
{
    private string[] Where => database.Arguments is [_, var folder, _, var connection] ? ["--data", folder, "--connection", connection] : ["--data", database.DataFolder];

    [Fact]
    public async Task Keys_are_made_listed_and_revoked()
    {
        CliRun made = await RunAsync("create", "--role", "indexer", "--name", "shop", "-c", "shoes", "-c", "bags", "--expires", "90d");
        Assert.Equal(0, made.ExitCode);
        string key = Assert.Single(made.Lines);
        Assert.Matches("^dpfah_[0-9a-f]{8}_[0-9a-f]{64}$", key);
        Assert.DoesNotContain(key, made.Error, StringComparison.Ordinal);
        Assert.Contains("indexer, bags, shoes, until", made.Error, StringComparison.Ordinal);

        await using RunningService service = await RunningService.StartAsync(database);
        using ApiClient client = service.ClientWith(key);
        (await service.Client.GetAsync("/collections")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        (await client.SendAsync(HttpMethod.Put, "/collections/shoes")).AssertStatus(HttpStatusCode.Created);
        (await client.SendAsync(HttpMethod.Put, "/collections/hats")).AssertStatus(HttpStatusCode.NotFound);

        CliRun list = await RunAsync("list");
        Assert.Equal(2, list.Lines.Length);
        Assert.StartsWith($"1\tshop\tindexer\tbags, shoes\t{key[..15]}\t", list.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith("\tgood", list.Lines[1], StringComparison.Ordinal);

        Assert.Contains("'shop' is revoked", (await RunAsync("revoke", "shop")).Output, StringComparison.Ordinal);
        await Eventually.BecomesAsync(() => client.GetAsync("/collections/shoes"), answer => answer.Status == HttpStatusCode.OK); // Nobody needs a key now.
        Assert.Contains("\trevoked ", (await RunAsync("list")).Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_is_told()
    {
        await RunAsync("create", "--role", "reader", "--name", "one");
        await AssertAsync(1, "already named 'one'", "create", "--role", "reader", "--name", "one");
        await AssertAsync(1, "past", "create", "--role", "reader", "--name", "two", "--expires", "2020-01-01");
        await AssertAsync(1, "A key's name", "create", "--role", "reader", "--name", "Two");
        await AssertAsync(1, "There is no key 'two'", "revoke", "two");
        await AssertAsync(2, "such as 90d", "create", "--role", "reader", "--name", "two", "--expires", "soon");
        await AssertAsync(2, "owner", "create", "--role", "owner", "--name", "two");
        await AssertAsync(2, "--role", "create", "--name", "two");

        async Task AssertAsync(int exitCode, string told, params string[] arguments)
        {
            CliRun run = await RunAsync(arguments);
            Assert.True(run.ExitCode == exitCode && run.Output.Length == 0, $"{run.ExitCode}: {run.Output}{run.Error}");
            Assert.Contains(told, run.Error, StringComparison.Ordinal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    private Task<CliRun> RunAsync(params string[] arguments) => CliRun.Of(["keys", .. arguments, .. Where]);
}

public sealed class KeysCommandTests_Postgres(PostgresServer server) : KeysCommandTests(PostgresTestDatabase.CreateAsync(server).GetAwaiter().GetResult());

public sealed class KeysCommandTests_Sqlite() : KeysCommandTests(new SqliteTestDatabase())
{
    [Fact]
    public async Task A_folder_without_a_database_is_told()
    {
        using var folder = new TemporaryFolder();
        CliRun run = await CliRun.Of("keys", "list", "--data", folder["none"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("There is no database", run.Error, StringComparison.Ordinal);
    }
}
