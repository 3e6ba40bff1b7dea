using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dpfah.Api.Access;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Access;

/// <summary>Keys that are made, used and revoked by the API, on two services with one database.</summary>
public abstract class ApiKeyTests(TestDatabase database) : IAsyncLifetime
{
    private static readonly TimeSpan TimeToRefuse = TimeSpan.FromSeconds(5);

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private RunningService? service;
    private RunningService? other;
    private ApiClient? client;

    private RunningService Service => service ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient Admin => client ?? throw new InvalidOperationException("The test is not initialized.");

    public async ValueTask InitializeAsync()
    {
        service = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);
        client = Service.ClientWith(adminKey);
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        foreach (RunningService? one in (RunningService?[])[other, service])
        {
            if (one is not null)
            {
                await one.DisposeAsync();
            }
        }

        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_key_is_told_once_and_kept_as_a_hash()
    {
        CreatedKeyResponse made = await Admin.CreateKeyAsync(new CreateKeyRequest("shop", "indexer", ["shoes", "bags", "bags"], DateTimeOffset.UtcNow.AddHours(1)));

        Assert.Matches("^dpfah_[0-9a-f]{8}_[0-9a-f]{64}$", made.Key);
        Assert.StartsWith(made.Description.Prefix, made.Key, StringComparison.Ordinal);
        Assert.Equal(("shop", "indexer", "admin"), (made.Description.Name, made.Description.Role, made.Description.CreatedBy));
        Assert.Equal(["bags", "shoes"], made.Description.Collections);
        Answer list = await Admin.GetAsync("/api-keys");
        Assert.Equal("shop", Assert.Single(list.Read<KeyList>().Items).Name);
        Assert.DoesNotContain(made.Key[20..], list.Text, StringComparison.OrdinalIgnoreCase);

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(made.Key)));
        string stored = database.Provider == "postgres" ? "encode(hash, 'hex')" : "lower(hex(hash))";
        Assert.Equal(hash, await database.ReadAsync<string>($"SELECT {stored} FROM api_keys"));
        SessionResponse session = await ReadSessionAsync(made.Key);
        Assert.Equal(("shop", "indexer", false), (session.Name, session.Role, session.SignedIn));
        Assert.Equal(["bags", "shoes"], session.Collections);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_here_and_within_5_seconds_on_another_node()
    {
        other = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);
        CreatedKeyResponse made = await Admin.CreateKeyAsync("reader");
        using ApiClient here = Service.ClientWith(made.Key), there = other.ClientWith(made.Key);
        (await here.GetAsync("/collections")).AssertStatus(HttpStatusCode.OK);
        await Eventually.BecomesAsync(() => there.GetAsync("/collections"), answer => answer.Status == HttpStatusCode.OK);

        KeyResponse revoked = (await Admin.DeleteAsync($"/api-keys/{made.Description.Id}")).Read<KeyResponse>();
        var clock = Stopwatch.StartNew();

        Assert.NotNull(revoked.RevokedAt);
        (await here.GetAsync("/collections")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        await Eventually.BecomesAsync(() => there.GetAsync("/collections"), answer => answer.Status == HttpStatusCode.Unauthorized);
        Assert.True(clock.Elapsed < TimeToRefuse, $"Another node refused the key after {clock.Elapsed.TotalSeconds:0.0} s only.");

        // Again is no error; the name is free; the list remembers.
        KeyResponse again = (await Admin.DeleteAsync($"/api-keys/{made.Description.Name}")).Read<KeyResponse>();
        Assert.Equal(revoked.RevokedAt.Value, again.RevokedAt!.Value, TimeSpan.FromMilliseconds(1)); // PostgreSQL keeps microseconds.
        await Admin.CreateKeyAsync(new CreateKeyRequest(made.Description.Name, "reader", null, null));
        Assert.Equal(2, (await Admin.GetAsync("/api-keys")).Read<KeyList>().Items.Count(key => key.Name == made.Description.Name));
    }

    [Fact]
    public async Task A_key_ends_when_it_expires_and_tells_when_it_was_used()
    {
        CreatedKeyResponse brief = await Admin.CreateKeyAsync(new CreateKeyRequest("brief", "reader", null, DateTimeOffset.UtcNow.AddSeconds(15)));
        CreatedKeyResponse unused = await Admin.CreateKeyAsync("reader");
        using ApiClient user = Service.ClientWith(brief.Key);
        (await user.GetAsync("/collections")).AssertStatus(HttpStatusCode.OK);
        await Eventually.BecomesAsync(() => user.GetAsync("/collections"), answer => answer.Status == HttpStatusCode.Unauthorized);

        KeyList list = await Eventually.BecomesAsync(
            async () => (await Admin.GetAsync("/api-keys")).Read<KeyList>(), keys => keys.Items.Any(key => key.LastUsedAt is not null));
        KeyResponse used = Assert.Single(list.Items, key => key.LastUsedAt is not null);
        Assert.Equal(brief.Description.Id, used.Id);
        Assert.InRange(used.LastUsedAt!.Value, used.CreatedAt.AddSeconds(-1), used.CreatedAt.AddMinutes(1));
        Assert.Null(list.Items.Single(key => key.Id == unused.Description.Id).LastUsedAt);
    }

    [Fact]
    public async Task A_key_that_cannot_be_is_refused()
    {
        (string Json, string Parameter)[] cases =
        [
            ("""{"role":"reader"}""", "name"),
            ("""{"name":"a"}""", "role"),
            ("""{"name":"a","role":"owner"}""", "role"),
            ("""{"name":"Ä","role":"reader"}""", "name"),
            ("""{"name":"admin","role":"reader"}""", "name"),
            ("""{"name":"a","role":"reader","collections":[]}""", "collections"),
            ("""{"name":"a","role":"reader","collections":["no name"]}""", "collections"),
            ("""{"name":"a","role":"reader","collections":[null]}""", "collections"),
            ("""{"name":"a","role":"reader","expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt"),
        ];
        foreach ((string json, string parameter) in cases)
        {
            Assert.Equal((json, parameter), (json, (await Admin.SendJsonAsync(HttpMethod.Post, "/api-keys", json)).ReadBadParameter().Parameter));
        }
    }

    [Fact]
    public async Task A_name_is_taken_once_and_a_key_that_is_not_there_is_told()
    {
        await Admin.CreateKeyAsync(new CreateKeyRequest("one", "reader", null, null));
        (await Admin.AskForKeyAsync(new CreateKeyRequest("one", "admin", null, null))).ReadProblem(HttpStatusCode.Conflict, "key-name-taken");
        (await Admin.DeleteAsync("/api-keys/nobody")).ReadProblem(HttpStatusCode.NotFound, "key-not-found");
        (await Admin.DeleteAsync("/api-keys/4711")).ReadProblem(HttpStatusCode.NotFound, "key-not-found");
    }

    private async Task<SessionResponse> ReadSessionAsync(string key)
    {
        using ApiClient user = Service.ClientWith(key);
        return (await user.GetAsync("/session")).Read<SessionResponse>();
    }
}

public sealed class ApiKeyTests_Postgres(PostgresServer server) : ApiKeyTests(PostgresTestDatabase.CreateAsync(server).GetAwaiter().GetResult());

public sealed class ApiKeyTests_Sqlite() : ApiKeyTests(new SqliteTestDatabase());
