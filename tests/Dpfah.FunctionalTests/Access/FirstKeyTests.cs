using System.Net;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.FunctionalTests.Cli;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Access;

/// <summary>A service without DPFAH_ADMIN_KEY: open on this machine until there is a key.</summary>
public sealed class FirstKeyTests : IDisposable
{
    private readonly SqliteTestDatabase database = new();

    [Fact]
    public async Task The_first_key_closes_the_service_and_the_last_one_opens_it_on_this_machine_again()
    {
        await using RunningService service = await RunningService.StartAsync(database);
        Assert.Equal("local", (await service.Client.GetAsync("/session")).Read<SessionResponse>().Name);
        CreatedKeyResponse made = await service.Client.CreateKeyAsync("admin");

        (await service.Client.GetAsync("/collections")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        using ApiClient admin = service.ClientWith(made.Key);
        (await admin.GetAsync("/collections", ("Host", "pictures.example.org"))).AssertStatus(HttpStatusCode.OK);

        (await admin.DeleteAsync($"/api-keys/{made.Description.Name}")).AssertStatus(HttpStatusCode.OK);
        (await service.Client.GetAsync("/collections")).AssertStatus(HttpStatusCode.OK);
        (await service.Client.GetAsync("/collections", ("Host", "pictures.example.org"))).ReadProblem(HttpStatusCode.BadRequest, "unknown-host");
    }

    [Fact]
    public async Task With_a_key_in_the_database_it_listens_where_others_reach_it_and_stays_closed_when_that_is_revoked()
    {
        string[] open = ["--urls", "http://0.0.0.0:0"];
        string key = Assert.Single((await CliRun.Of("keys", "create", "--role", "admin", "--name", "first", "--data", database.DataFolder)).Lines);
        await using RunningService service = await RunningService.StartAsync(database, open);
        using var client = new ApiClient(Local(service));
        using var admin = new ApiClient(Local(service), key);
        (await client.GetAsync("/collections")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        (await admin.GetAsync("/collections")).AssertStatus(HttpStatusCode.OK);

        (await admin.DeleteAsync("/api-keys/first")).AssertStatus(HttpStatusCode.OK);

        (await client.GetAsync("/collections")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        Assert.Throws<InvalidOperationException>(() => ApiHost.Build([.. open, .. database.Arguments], HashEncoding.Add));
    }

    [Fact]
    public async Task Told_to_be_insecure_it_answers_everybody()
    {
        await using RunningService service = await RunningService.StartAsync(database, ["--urls", "http://0.0.0.0:0", ApiHost.InsecureArgument]);
        using var client = new ApiClient(Local(service));

        (await client.GetAsync("/collections", ("Host", "pictures.example.org"))).AssertStatus(HttpStatusCode.OK);
    }

    public void Dispose() => database.Dispose();

    private static Uri Local(RunningService service) => new($"http://127.0.0.1:{service.Address.Port}");
}
