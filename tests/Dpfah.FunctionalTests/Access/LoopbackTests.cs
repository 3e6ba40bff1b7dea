using System.Net;
using Dpfah.Api.Hosting;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;

namespace Dpfah.FunctionalTests.Access;

/// <summary>A service without a key: for this machine alone.</summary>
public sealed class LoopbackTests(SqliteService fixture) : IClassFixture<SqliteService>
{
    [Theory]
    [InlineData("--urls", "http://0.0.0.0:5000")]
    [InlineData("--urls", "http://*:5000")]
    [InlineData("--urls", "http://+:5000")]
    [InlineData("--urls", "http://[::]:5000")]
    [InlineData("--urls", "http://192.168.1.7:5000")]
    [InlineData("--urls", "http://pictures.example.org:5000")]
    [InlineData("--urls", "http://127.0.0.1:5000;http://0.0.0.0:5001")]
    [InlineData("--http_ports", "5000")]
    [InlineData("--https_ports", "5000")]
    [InlineData("--Kestrel:Endpoints:Open:Url", "http://0.0.0.0:5000")]
    public async Task An_address_that_others_can_reach_needs_a_key(string name, string value)
    {
        var error = Assert.Throws<InvalidOperationException>(() => ApiHost.Build([name, value, "--Dpfah:DataFolder", fixture.Database.DataFolder], HashEncoding.Add));

        Assert.Contains(ApiHost.AdminKeyVariable, error.Message, StringComparison.Ordinal);
        Assert.Contains("can be reached from other machines", error.Message, StringComparison.Ordinal);
        Assert.Contains(ApiHost.InsecureArgument, error.Message, StringComparison.Ordinal);
        await using var withKey = ApiHost.Build([name, value, "--DPFAH_ADMIN_KEY", new string('k', 16)], HashEncoding.Add);
        await using var insecure = ApiHost.Build([ApiHost.InsecureArgument, name, value], HashEncoding.Add);
    }

    [Theory]
    [InlineData("--urls", "http://127.0.0.1:5000")]
    [InlineData("--urls", "http://127.8.8.8:5000")]
    [InlineData("--urls", "http://localhost:5000")]
    [InlineData("--urls", "http://[::1]:5000")]
    [InlineData("--urls", "http://unix:/tmp/dpfah.sock")]
    [InlineData("--Kestrel:Endpoints:Here:Url", "http://localhost:5000")]
    public async Task An_address_of_this_machine_needs_none(string name, string value)
    {
        await using var app = ApiHost.Build([name, value], HashEncoding.Add);
        Assert.NotNull(app);
    }

    [Theory]
    [InlineData("--urls", "nowhere", "urls has addresses")]
    [InlineData("--http_ports", "abc", "http_ports has ports")]
    [InlineData("--Kestrel:Endpoints:a:Url", "nowhere", "Kestrel:Endpoints:a:Url has addresses")]
    public void An_address_that_is_none_is_told_with_all_else_that_is_wrong(string name, string value, string told)
    {
        var error = Assert.Throws<InvalidOperationException>(() => ApiHost.Build([name, value, "--Dpfah:Bits", "7"], HashEncoding.Add));

        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.Contains($"one was '{value}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Dpfah:Bits", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Real-IP")]
    [InlineData("Forwarded")]
    [InlineData("Via")]
    public async Task A_proxy_does_not_open_a_service_without_keys_to_others(string header)
    {
        Problem problem = (await fixture.Client.GetAsync("/collections", (header, "198.51.100.1"))).ReadProblem(HttpStatusCode.Forbidden, "forwarded-without-key");

        Assert.Contains(header, problem.Detail, StringComparison.Ordinal);
        Assert.Contains("dpfah keys create", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_key_is_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => ApiHost.Build(["--DPFAH_ADMIN_KEY", "secret-of-mine"], HashEncoding.Add));

        Assert.Contains("14 characters", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-mine", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example.org")]
    [InlineData("evil.example.org:8080")]
    [InlineData("127.0.0.1.evil.example.org")]
    [InlineData("192.168.1.7")]
    public async Task A_name_that_points_here_from_elsewhere_is_refused(string host)
    {
        Answer answer = await fixture.Client.GetAsync("/collections", ("Host", host));

        Problem problem = answer.ReadProblem(HttpStatusCode.BadRequest, "unknown-host");
        Assert.Contains($"'{host}'", problem.Detail, StringComparison.Ordinal);
        Assert.Contains(ApiHost.AdminKeyVariable, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example.org")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_site_may_not_write_or_search(string header, string value)
    {
        string collection = await fixture.Client.CreateCollectionAsync();
        string path = ApiClient.ImagePath(collection, "a");
        (await fixture.Client.PutAsync(collection, "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);

        foreach (Answer answer in new[]
        {
            await fixture.Client.SendAsync(HttpMethod.Post, "/search", ApiClient.Form(Pictures.Png(1)), (header, value)),
            await fixture.Client.SendAsync(HttpMethod.Post, $"/collections/{collection}/images", ApiClient.Form(Pictures.Png(2)), (header, value)),
            await fixture.Client.SendAsync(HttpMethod.Put, path, ApiClient.Form(Pictures.Png(2)), (header, value)),
            await fixture.Client.DeleteAsync(path, (header, value)),
            await fixture.Client.DeleteAsync($"/collections/{collection}", (header, value)),
        })
        {
            answer.ReadProblem(HttpStatusCode.Forbidden, "cross-site");
        }

        Assert.Single(await fixture.Client.ListAsync(collection));
        (await fixture.Client.GetAsync(path, (header, value))).AssertStatus(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Its_own_pages_may()
    {
        string origin = fixture.Service.Address.GetLeftPart(UriPartial.Authority);
        foreach ((string, string) header in new[] { ("Origin", origin), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none") })
        {
            (await fixture.Client.SendAsync(HttpMethod.Post, "/search", ApiClient.Form(Pictures.Png(1)), header)).AssertStatus(HttpStatusCode.OK);
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost:1234")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:99")]
    public async Task A_name_of_this_machine_is_taken(string host) =>
        (await fixture.Client.GetAsync("/collections", ("Host", host))).AssertStatus(HttpStatusCode.OK);
}
