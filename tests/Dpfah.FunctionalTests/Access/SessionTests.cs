using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Access;

/// <summary>The cookie by which a browser is signed in, and what it does not carry.</summary>
public sealed class SessionTests : IAsyncLifetime
{
    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private RunningService? started;

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    private string Origin => Service.Address.GetLeftPart(UriPartial.Authority);

    public async ValueTask InitializeAsync() => started = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public async Task A_key_becomes_a_cookie_that_scripts_cannot_read()
    {
        Answer answer = await SignInAsync(adminKey);

        SessionResponse session = answer.Read<SessionResponse>();
        Assert.Equal(("admin", "admin", true), (session.Name, session.Role, session.SignedIn));
        string[] parts = [.. Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split("; ").Skip(1).Order()];
        Assert.Equal(["httponly", "path=/", "samesite=strict"], parts);
        Assert.DoesNotContain(adminKey, answer.Text, StringComparison.Ordinal);

        string cookie = CookieOf(answer);
        Assert.True((await Service.Client.GetAsync("/session", ("Cookie", cookie))).Read<SessionResponse>().SignedIn);
        (await Service.Client.GetAsync("/collections", ("Cookie", cookie))).AssertStatus(HttpStatusCode.OK);
        (await PutAsync(cookie, ("Origin", Origin))).AssertStatus(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_key_with_a_role_signs_in_as_far_as_it_goes_and_until_it_is_revoked()
    {
        using ApiClient admin = Service.ClientWith(adminKey);
        CreatedKeyResponse reader = await admin.CreateKeyAsync("reader");
        string cookie = CookieOf(await SignInAsync(reader.Key));

        (await Service.Client.GetAsync("/collections", ("Cookie", cookie))).AssertStatus(HttpStatusCode.OK);
        (await PutAsync(cookie, ("Origin", Origin))).ReadProblem(HttpStatusCode.Forbidden, "role-too-low");

        await admin.DeleteAsync($"/api-keys/{reader.Description.Id}");
        (await Service.Client.GetAsync("/collections", ("Cookie", cookie))).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        (await SignInAsync(reader.Key)).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
    }

    [Fact]
    public async Task A_write_by_cookie_comes_from_the_services_own_page_or_not_at_all()
    {
        string cookie = CookieOf(await SignInAsync(adminKey));
        (string, string)[][] refused =
        [
            [],
            [("Origin", "https://evil.example.org")],
            [("Origin", "null")],
            [("Origin", Origin + "1")],
            [("Sec-Fetch-Site", "cross-site"), ("Origin", Origin)],
            [("Sec-Fetch-Site", "same-site"), ("Origin", Origin)],
            [("Sec-Fetch-Site", "none")],
            [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example.org")],
        ];
        foreach ((string, string)[] headers in refused)
        {
            (await PutAsync(cookie, headers)).ReadProblem(HttpStatusCode.Forbidden, "cross-site");
            (await SignInAsync(adminKey, headers)).ReadProblem(HttpStatusCode.Forbidden, "cross-site");
            (await Service.Client.DeleteAsync("/session", headers)).ReadProblem(HttpStatusCode.Forbidden, "cross-site");
            (await Service.Client.DeleteAsync("/session/", headers)).ReadProblem(HttpStatusCode.Forbidden, "cross-site");

            // A key in a header is sent by nobody unasked, whatever cookie comes with it.
            Assert.Contains((await PutAsync(cookie, [.. headers, ("X-Api-Key", adminKey)])).Status, new[] { HttpStatusCode.Created, HttpStatusCode.OK });
        }

        (await PutAsync(cookie, ("Sec-Fetch-Site", "same-origin"))).AssertStatus(HttpStatusCode.OK);

        // Behind a proxy that ends TLS the browser says https, the service knows http.
        (await PutAsync(cookie, ("Sec-Fetch-Site", "same-origin"), ("Origin", Origin.Replace("http:", "https:", StringComparison.Ordinal)))).AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Signing_out_takes_the_cookie_back()
    {
        Answer answer = await Service.Client.DeleteAsync("/session", ("Origin", Origin));

        answer.AssertStatus(HttpStatusCode.NoContent);
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("dpfah-session=;", cookie, StringComparison.Ordinal);
        Assert.Contains("expires=Thu, 01 Jan 1970", cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"key":""}""")]
    [InlineData("""{"key":null}""")]
    public async Task A_sign_in_needs_a_key(string json) =>
        Assert.Equal("key", (await Service.Client.SendJsonAsync(HttpMethod.Post, "/session", json, ("Origin", Origin))).ReadBadParameter().Parameter);

    [Theory]
    [InlineData("dpfah-session=")]
    [InlineData("dpfah-session=%%%")]
    [InlineData("dpfah-session=AAAA")]
    [InlineData("other=1")]
    public async Task Another_cookie_opens_nothing(string cookie) =>
        (await Service.Client.GetAsync("/collections", ("Cookie", cookie))).ReadProblem(HttpStatusCode.Unauthorized, "no-key");

    [Fact]
    public async Task A_key_in_an_address_opens_nothing()
    {
        // Proxies and the framework's own log of requests, which is off unless asked for, would keep it.
        foreach (string query in (string[])[$"key={adminKey}", $"access_token={adminKey}"])
        {
            (await Service.Client.GetAsync($"/collections?{query}")).ReadProblem(HttpStatusCode.Unauthorized, "no-key");
        }
    }

    private static string CookieOf(Answer answer) => Assert.Single(answer.Headers.GetValues("Set-Cookie")).Split(';')[0];

    private Task<Answer> SignInAsync(string key) => SignInAsync(key, ("Origin", Origin));

    private Task<Answer> SignInAsync(string key, params (string, string)[] headers) =>
        Service.Client.SendJsonAsync(HttpMethod.Post, "/session", JsonSerializer.Serialize(new { key }), headers);

    private Task<Answer> PutAsync(string cookie, params (string, string)[] headers) =>
        Service.Client.SendAsync(HttpMethod.Put, "/collections/made", null, [("Cookie", cookie), .. headers]);
}
