using System.Net;
using System.Security.Cryptography;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Access;

/// <summary>A service with an admin key.</summary>
public sealed class KeyTests : IAsyncLifetime
{
    private readonly string key = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private RunningService? started;

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    public async ValueTask InitializeAsync() =>
        started = await RunningService.StartAsync(
            database,
            [
                "--DPFAH_ADMIN_KEY", key,
                "--Logging:LogLevel:Default", "Trace",
                "--Logging:LogLevel:Microsoft", "Trace",
                "--Logging:LogLevel:Microsoft.EntityFrameworkCore.Database.Command", "Trace",
            ]);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task A_wrong_key_is_no_key()
    {
        foreach ((string, string) header in new[]
        {
            ("Authorization", "Bearer " + key[..^1]),
            ("Authorization", "Bearer " + key + "0"),
            ("Authorization", "Bearer " + key.ToUpperInvariant()),
            ("Authorization", "Bearer "),
            ("Authorization", "Basic " + key),
            ("Authorization", key),
            ("X-Api-Key", new string('0', 64)),
            ("X-Api-Key", ""),
        })
        {
            (await Service.Client.GetAsync("/collections", header)).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        }
    }

    [Fact]
    public async Task The_key_opens_by_either_header()
    {
        foreach ((string, string) header in new[] { ("Authorization", $"Bearer {key}"), ("Authorization", $"bearer {key}"), ("X-Api-Key", key) })
        {
            (await Service.Client.GetAsync("/collections", header)).AssertStatus(HttpStatusCode.OK);
        }

        using var client = new ApiClient(Service.Address, key);
        (await client.PutAsync("default", "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);
        await client.FindAsync(Pictures.Png(1));
        (await client.DeleteAsync("/collections/default/images/a")).AssertStatus(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Health_documentation_and_page_are_open()
    {
        foreach (string path in new[] { "/", "/js/main.js", "/health/live", "/health/ready", "/openapi/v1.json", "/swagger/index.html", "/swagger/swagger-ui-bundle.js" })
        {
            (await Service.Client.GetAsync(path)).AssertStatus(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task With_a_key_the_service_answers_under_any_name()
    {
        (await Service.Client.GetAsync("/collections", ("Host", "pictures.example.org"), ("X-Api-Key", key))).AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task With_a_key_a_page_of_another_site_may_search()
    {
        Answer answer = await Service.Client.SendAsync(
            HttpMethod.Post, "/search", ApiClient.Raw(Pictures.Png(1)), ("Origin", "https://shop.example.org"), ("X-Api-Key", key));
        answer.AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task No_key_is_ever_logged()
    {
        string wrong = RandomNumberGenerator.GetHexString(64, lowercase: true);
        (await Service.Client.GetAsync("/collections", ("X-Api-Key", wrong))).AssertStatus(HttpStatusCode.Unauthorized);
        using var client = new ApiClient(Service.Address, key);
        (await client.PutAsync("default", "logged", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);

        Assert.Contains("Request starting", Service.Log, StringComparison.Ordinal); // The log is one that tells everything.
        Assert.DoesNotContain(key, Service.Log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(wrong, Service.Log, StringComparison.OrdinalIgnoreCase);
    }
}
